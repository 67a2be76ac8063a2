import { api, type Api } from '../../api.ts'
import type { Principal } from '../../engine/call.ts'
import type { Credentials } from '../../auth/principal.ts'
import { resource } from '../../model/resource.ts'
import { ApiError } from '../../protocol/error.ts'
import { t } from '../../schema/builder.ts'
import type { Store } from '../../store/store.ts'
import { fill } from './fill.ts'

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

const todo = resource(
  {
    id: t.id(),
    title: t.text({ min: 1, max: 200 }),
    done: t.bool().default(false),
    owner: t.one('user').default(({ me }) => (me as { id: number }).id),
  },
  { path: '/todos' },
)

const principals: ReadonlyMap<string, Principal> = new Map([
  ['tok-alice', { id: 1, role: 'user' }],
  ['tok-bob', { id: 2, role: 'user' }],
  ['tok-root', { id: 3, role: 'admin' }],
])

/** The variables of badinput.json that this target can fill. */
export const todosVariables: Readonly<Record<string, string>> = {
  tokenAlice: 'tok-alice',
  tokenBob: 'tok-bob',
  tokenRoot: 'tok-root',
  or1000: JSON.stringify({ or: Array.from({ length: 1000 }, (_, i) => ({ id: i })) }),
}

function authenticate(credentials: Credentials): Principal | null {
  const header = credentials.header('authorization')
  if (header === undefined || header === '') return null
  const principal = principals.get(header.replace(/^Bearer /, ''))
  if (!principal) throw new ApiError('unauthenticated')
  return principal
}

/** The todo list that badinput.json speaks of, without its rules, over an empty store, seeded. */
export async function openTodos(store: Store): Promise<Api> {
  const app = api({ user, todo }, { store, authenticate, http: { log: () => {} }, report: () => {} })
  await app.ready()
  await fill(app, {
    user: [
      { id: 1, email: 'alice@x.io', password: 'correct horse battery 1', role: 'user' },
      { id: 2, email: 'bob@x.io', password: 'correct horse battery 2', role: 'user' },
      { id: 3, email: 'root@x.io', password: 'correct horse battery 3', role: 'admin' },
    ],
    todo: [
      { id: 1, title: 'a1', done: false, owner: 1 },
      { id: 2, title: 'bob CANARY-7f3a', done: false, owner: 2 },
    ],
  })
  return app as unknown as Api
}
