import { api, type Api } from '../../src/api.ts'
import { hashPassword } from '../../src/auth/login/password.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { all, always, any, js } from '../../src/model/rules/rule.ts'
import { t } from '../../src/schema/builder.ts'
import type { Store } from '../../src/store/store.ts'
import type { LogRecord } from '../../src/transport/http/options.ts'
import { fillStore } from '../../src/testing/fill.ts'
import { craftedToken, withUnusedBits, type TokenWorkshop } from './tokens.ts'

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

/** Users by name. Whoever is not among the first three is there only if a vector speaks of them. */
const ids: Readonly<Record<string, number>> = { alice: 1, bob: 2, root: 3 }
/** Follows and writes todos of its own while others misbehave. */
export const BYSTANDER = 900

const secret = 'bad input, good secret: 0123456789abcdef'
const passwordOf = (id: number): string => `correct horse battery ${id}`
let hashed: Promise<string> | null = null

export interface Todos {
  readonly app: Api
  readonly filling: Filling
  readonly users: Readonly<Record<string, number>>
  /** What no answer and no log may contain. */
  readonly secrets: ReadonlySet<string>
}

/**
 * The todo list that badinput.json speaks of, over an empty store, seeded, with what a vector needs to be filled in:
 * what its text does not mention is not made ready. `broken`: the rule of todos throws.
 */
export async function openTodos(
  store: Store,
  text: string,
  { broken = false, log = () => {} }: { broken?: boolean; log?: (record: LogRecord) => void } = {},
): Promise<Todos> {
  const app = api(
    { user, todo: broken ? brokenTodo : todo },
    {
      store,
      auth: { secret, cookie: { name: 'session', origins: ['https://app.example'] } },
      http: { log },
      onFault: () => {},
      report: () => {},
    },
  ) as unknown as Api
  await app.ready()
  const users: Record<string, number> = { ...ids }
  for (const [name] of text.matchAll(/\b(?:alice|bob|root)\d+\b/gi))
    users[name.toLowerCase()] ??= Object.keys(users).length + 1
  const password = await (hashed ??= hashPassword(passwordOf(0)))
  const everyone = [...Object.entries(users), ['bystander', BYSTANDER] as const]
  await fillStore(app, {
    user: everyone.map(([name, id]) => ({
      id,
      email: `${name}@x.io`,
      password,
      role: name.startsWith('root') ? 'admin' : 'user',
    })),
    todo: [
      { id: 1, title: 'a1', done: false, owner: 1 },
      { id: 2, title: 'bob CANARY-7f3a', done: false, owner: 2 },
    ],
  })
  return { app, users, ...(await fillingOf(app, text, users)) }
}

async function fillingOf(
  app: Api,
  text: string,
  users: Readonly<Record<string, number>>,
): Promise<Pick<Todos, 'filling' | 'secrets'>> {
  const auth = app.engine.auth!
  // One who has logged out, and one who changed the password since.
  const loggedOut = (await auth.begin(1)).access_token
  await auth.end(await auth.authenticateToken(loggedOut))
  const beforeChange = (await auth.begin(3)).access_token
  if (text.includes('tokenBeforePwChange')) await app.safe.patch('user', 3, { password: passwordOf(33) })
  const tokens: Record<string, string> = {}
  const sessions: Record<string, string> = {}
  for (const [name, id] of [...Object.entries(users), ['bystander', BYSTANDER] as const]) {
    const token = (await auth.begin(id)).access_token
    tokens[name] = token
    sessions[id] = auth.sessionOf(await auth.authenticateToken(token))?.id ?? ''
  }
  const workshop: TokenWorkshop = { secret, sessions, now: Math.floor(Date.now() / 1_000) }
  const [header, payload, signature] = tokens['alice']!.split('.') as [string, string, string]
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
  const words: Readonly<Record<string, string>> = {
    epoch: app.engine.epoch,
    tokenLoggedOut: loggedOut,
    tokenBeforePwChange: beforeChange,
    valid: tokens['alice']!,
    'valid.header': header,
    'valid.payload': payload,
    'valid.sig': signature,
    'valid with last sig char changed in unused bits': withUnusedBits(tokens['alice']!),
  }
  const forms: readonly (readonly [RegExp, (...groups: string[]) => string | undefined])[] = [
    [/^token([A-Z]\w*)$/, name => tokens[name.toLowerCase()]],
    [/^(\w+)Password$/, name => (Object.hasOwn(users, name) ? passwordOf(0) : undefined)],
    [/^payload (\w+)=(.+)$/, (name, value) => encoded({ ...claims, [name]: value })],
    [/^(or|and)(\d+)$/, (word, n) => encodeURIComponent(JSON.stringify({ [word]: countedTo(Number(n)) }))],
  ]
  const filling = (word: string): string | undefined => {
    if (Object.hasOwn(words, word)) return words[word]
    for (const [pattern, make] of forms) {
      const found = pattern.exec(word)
      if (found) return make(...found.slice(1))
    }
    return craftedToken(word, workshop)
  }
  return { filling, secrets: new Set([...Object.values(tokens), loggedOut, beforeChange, passwordOf(0), secret]) }
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const countedTo = (n: number): object[] => Array.from({ length: n }, (_, id) => ({ id }))
