import { always, api, memory, resource, t, type Api, type Store } from '../../src/index.ts'

const user = resource({
  id: t.id(),
  name: t.text({ min: 1, max: 30 }).unique(),
  password: t.password(),
})
  .login('name', 'password')
  .rules((me, user) => ({ create: always, read: me.signedIn, write: user.is(me) }))

const room = resource({
  id: t.id(),
  name: t.text({ min: 1, max: 40 }).unique(),
  messages: t.back('message', 'room', { ids: false }),
}).rules(me => ({ create: me.signedIn, read: me.signedIn }))

const message = resource
  .for(user)({
    id: t.id(),
    room: t.one('room', { onDelete: 'cascade' }),
    text: t.text({ min: 1, max: 2_000 }),
    author: t.one('user', { onDelete: 'cascade' }).default(({ me }) => me?.id),
    at: t.now(),
  })
  .index('room')
  .rules((me, message) => ({
    create: message.author.is(me),
    read: me.signedIn,
    write: message.author.is(me),
  }))

/** Who has a room open, and who types in it. These rows live in memory and expire unless the page renews them. */
const here = resource
  .for(user)
  .ephemeral(
    {
      id: t.id(),
      room: t.one('room', { onDelete: 'cascade' }),
      user: t.one('user', { onDelete: 'cascade' }).default(({ me }) => me?.id),
      typing: t.bool().default(false),
    },
    { ttl: '15 s' },
  )
  .rules((me, here) => ({ create: here.user.is(me), read: me.signedIn, write: here.user.is(me) }))

/** A chat with users, rooms, messages and presence. Without a secret to sign tokens with, the database keeps one. */
export const createApp = (store: Store = memory(), secret: string | undefined = process.env['SECRET']): Api =>
  api(
    { user, room, message, here },
    {
      store,
      auth: { secret },
      seed: async app => {
        for (const name of ['Lobby', 'Kitchen', 'Garden']) await app.post('room', { name })
      },
    },
  )
