// What the API is. main.ts serves it, together with the page in page/.
import { all, always, api, resource, sqlite, t, type Store } from '../../src/index.ts'
import type { Served } from '../../src/client/index.ts'
import { demo } from './demo.ts'

const user = resource({
  id: t.id(),
  name: t.text({ min: 1, max: 60 }),
  email: t.email({ case: 'lower' }).unique(),
  password: t.password(),
})
  .login('email', 'password')
  .rules((me, user) => ({
    create: always, // anybody may sign up
    read: me.signedIn,
    write: user.is(me),
    fields: { email: { read: user.is(me) } },
  }))

const board = resource
  .for(user)({
    id: t.id(),
    title: t.text({ min: 1, max: 80 }),
    members: t.many('user'),
    columns: t.back('column', 'board', { ids: false }),
  })
  .rules((me, board) => ({
    create: me.signedIn,
    read: board.members.has(me),
    write: board.members.has(me),
  }))

const column = resource
  .for(user)({
    id: t.id('uuid', { client: true }),
    title: t.text({ min: 1, max: 40 }),
    rank: t.number(),
    board: t.one('board', { onDelete: 'cascade' }),
    cards: t.back('card', 'column', { ids: false }),
  })
  .index('board')
  .rules((_, column) => ({
    create: column.board.can('read'),
    read: column.board.can('read'),
    write: column.board.can('read'),
  }))

const card = resource
  .for(user)({
    id: t.id('uuid', { client: true }),
    title: t.text({ min: 1, max: 200 }),
    details: t.text({ max: 5_000 }).default(''),
    rank: t.number(),
    column: t.one('column', { onDelete: 'cascade' }),
    assignee: t.one('user', { onDelete: 'null' }).nullable(),
    picture: t.file({ max: 5_000_000, types: ['image/*'] }),
    comments: t.back('comment', 'card', { ids: false }),
    commentCount: t.count('comments'),
  })
  .index('column')
  .rules((_, card) => ({
    create: card.column.can('read'),
    read: card.column.can('read'),
    write: card.column.can('read'),
  }))

const comment = resource
  .for(user)({
    id: t.id('uuid', { client: true }),
    text: t.text({ min: 1, max: 2_000 }),
    at: t.now(),
    card: t.one('card', { onDelete: 'cascade' }),
    author: t.one('user', { onDelete: 'cascade' }).default(({ me }) => me?.id),
  })
  .index('card')
  .rules((me, comment) => ({
    create: all(comment.author.is(me), comment.card.can('read')),
    read: comment.card.can('read'),
    write: comment.author.is(me),
  }))

/** Who looks at a board, and which card they hold. It is gone when their connection is. */
const here = resource
  .for(user)
  .ephemeral(
    {
      id: t.id('uuid', { client: true }),
      board: t.one('board', { onDelete: 'cascade' }),
      card: t.one('card', { onDelete: 'null' }).nullable(),
      user: t.one('user', { onDelete: 'cascade' }).default(({ me }) => me?.id),
    },
    { ttl: '30 s', presence: true },
  )
  .rules((me, here) => ({
    create: all(here.user.is(me), here.board.can('read')),
    read: here.board.can('read'),
    write: all(here.user.is(me), here.board.can('read')),
  }))

/** Makes the API over a store. If no secret is given to sign tokens with, the database keeps one. */
export const createApp = (store: Store = sqlite('kanban.db')) =>
  api({ user, board, column, card, comment, here }, { store, auth: { secret: process.env['SECRET'] }, seed: demo })

/** The model of the API, for the types of the client. */
export interface App extends Served<ReturnType<typeof createApp>> {}
