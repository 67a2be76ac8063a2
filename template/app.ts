// What the API is. server.ts serves it, and the tests use it without a server.
import { always, api, resource, sqlite, t, type Store } from 'restuary'

const user = resource({
  id: t.id(),
  email: t.email({ case: 'lower' }).unique(),
  password: t.password(),
})
  .login('email', 'password')
  .rules((me, user) => ({
    create: always, // anybody may sign up
    read: user.is(me),
    write: user.is(me),
  }))

const todo = resource
  .for(user)({
    id: t.id(),
    text: t.text({ min: 1, max: 500 }),
    done: t.bool().default(false),
    owner: t.one('user', { onDelete: 'cascade' }).default(({ me }) => me?.id),
  })
  .index('owner')
  .rules((me, todo) => ({
    create: todo.owner.is(me),
    read: todo.owner.is(me),
    write: todo.owner.is(me),
  }))

/** Makes the API over a store. The secret in `.env` signs the tokens of users who are logged in. */
export const createApp = (store: Store = sqlite('todo.db')) =>
  api({ user, todo }, { store, auth: { secret: process.env.SECRET ?? '' }, http: { prefix: '/api' } })
