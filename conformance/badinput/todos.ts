import { api, type Api } from '../../src/api.ts'
import { hashPassword } from '../../src/auth/password.ts'
import { resource } from '../../src/model/resource.ts'
import { all, always, any, js } from '../../src/model/rule.ts'
import { t } from '../../src/schema/builder.ts'
import type { Store } from '../../src/store/store.ts'
import { craftedToken, withUnusedBits, type TokenWorkshop } from './tokens.ts'
import { fill } from '../../src/testing/fill.ts'

const user = resource(
  {
    id: t.id(),
    email: t.email().unique(),
    password: t.password(),
    role: t.enum(['user', 'admin']).default('user').readonly(),
    todos: t.back('todo', 'owner'),
  },
  { path: '/users' },
)
  .login('email', 'password')
  .rules((me, user) => ({
    read: any(user.is(me), me.role.is('admin')),
    write: any(user.is(me), me.role.is('admin')),
    create: always,
  }))

const todo = resource
  .for(user)(
    {
      id: t.id(),
      title: t.text({ min: 1, max: 200 }),
      done: t.bool().default(false),
      owner: t.one('user').default(({ me }) => (me as { id: number } | null)?.id),
    },
    { path: '/todos' },
  )
  .rules((me, todo) => {
    const mine = any(todo.owner.is(me), me.role.is('admin'))
    return { read: mine, create: mine, write: mine }
  })

/** The same with a rule that is broken. */
const brokenTodo = todo.rules((me, todo) => {
  const mine = any(todo.owner.is(me), me['role'].is('admin'))
  const broken = js('broken', () => {
    throw new TypeError('a rule that does not work')
  })
  return { read: all(mine, broken), create: mine, write: mine }
})

/** Fills in what stands between double braces in a vector; undefined for words that it does not know. */
export type Filling = (word: string) => string | undefined

const secret = 'bad input, good secret: 0123456789abcdef'
const passwords = ['correct horse battery 1', 'correct horse battery 2', 'correct horse battery 3']
let hashed: Promise<string[]> | null = null

/**
 * The todo list that badinput.json speaks of, over an empty store, seeded, with what a vector needs to be filled in:
 * what it does not mention is not made ready. `broken`: the rule of todos throws.
 */
export async function openTodos(store: Store, vector: string, broken = false): Promise<{ app: Api; filling: Filling }> {
  const app = api(
    { user, todo: broken ? brokenTodo : todo },
    {
      store,
      auth: { secret, cookie: { name: 'session', origins: ['https://app.example'] } },
      http: { log: () => {} },
      onFault: () => {},
      report: () => {},
    },
  )
  await app.ready()
  const [alice, bob, root] = await (hashed ??= Promise.all(passwords.map(one => hashPassword(one))))
  await fill(app, {
    user: [
      { id: 1, email: 'alice@x.io', password: alice!, role: 'user' },
      { id: 2, email: 'bob@x.io', password: bob!, role: 'user' },
      { id: 3, email: 'root@x.io', password: root!, role: 'admin' },
      ...(vector.includes('root2') ? [{ id: 4, email: 'root2@x.io', password: root!, role: 'admin' }] : []),
    ],
    todo: [
      { id: 1, title: 'a1', done: false, owner: 1 },
      { id: 2, title: 'bob CANARY-7f3a', done: false, owner: 2 },
    ],
  })
  return { app: app as unknown as Api, filling: await fillingOf(app as unknown as Api, vector) }
}

async function fillingOf(app: Api, vector: string): Promise<Filling> {
  const auth = app.engine.auth!
  // One who has logged out, and one who changed the password since.
  const loggedOut = (await auth.begin(1)).access_token
  await auth.end(await auth.authenticateToken(loggedOut))
  const beforeChange = (await auth.begin(3)).access_token
  if (vector.includes('tokenBeforePwChange')) await app.safe.patch('user', 3, { password: 'correct horse battery 33' })
  const [alice, bob, root] = [await auth.begin(1), await auth.begin(2), await auth.begin(3)]
  const [header, payload, signature] = alice.access_token.split('.') as [string, string, string]
  const sessionOf = async (token: string): Promise<string> =>
    auth.sessionOf(await auth.authenticateToken(token))?.id ?? ''
  const workshop: TokenWorkshop = {
    secret,
    sessions: { 1: await sessionOf(alice.access_token), 3: await sessionOf(root.access_token) },
    now: Math.floor(Date.now() / 1000),
  }
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
  const words: Readonly<Record<string, string>> = {
    epoch: app.engine.epoch,
    tokenAlice: alice.access_token,
    tokenBob: bob.access_token,
    tokenRoot: root.access_token,
    ...(vector.includes('root2') && { tokenRoot2: (await auth.begin(4)).access_token }),
    tokenLoggedOut: loggedOut,
    tokenBeforePwChange: beforeChange,
    alicePassword: passwords[0]!,
    'valid.header': header,
    'valid.payload': payload,
    'valid.sig': signature,
    'payload sub=3': Buffer.from(JSON.stringify({ ...claims, sub: '3' })).toString('base64url'),
    'valid with last sig char changed in unused bits': withUnusedBits(alice.access_token),
    or1000: encodeURIComponent(JSON.stringify({ or: Array.from({ length: 1000 }, (_, i) => ({ id: i })) })),
  }
  return word => (Object.hasOwn(words, word) ? words[word] : craftedToken(word, workshop))
}
