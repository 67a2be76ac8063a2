import { all, any, api, memory, resource, t, type Api, type ApiOptions } from '../../src/index.ts'

const user = resource({
  id: t.id(),
  email: t.email().unique(),
  password: t.password().nullable(),
  role: t.enum(['member', 'admin']).default('member'),
  tasks: t.back('task', 'owner'),
})
  .login('email', 'password')
  .rules((me, row) => ({ read: any(row.is(me), me['role'].is('admin')), write: me['role'].is('admin') }))

const task = resource({
  id: t.id(),
  title: t.text({ min: 1, max: 200 }),
  done: t.bool().default(false),
  rank: t.integer().default(0),
  owner: t.one('user', { inverse: 'tasks', onDelete: 'cascade' }),
  secret: t.text().nullable(),
}).rules((me, row) => ({
  read: any(row.owner.is(me), me['role'].is('admin')),
  create: me.signedIn,
  write: all(row.owner.is(me), row.done.is(false)),
  delete: me['role'].is('admin'),
}))

const people = {
  ann: { id: 1, role: 'member' },
  bob: { id: 2, role: 'member' },
  eve: { id: 3, role: 'admin' },
} as const

/** Two users and an admin with their tasks. The header field `x-user` says who calls, so that no test waits for passwords. */
export async function office(options: ApiOptions = {}): Promise<Api> {
  const app = api(
    { user, task },
    {
      store: memory(),
      auth: { secret: 'only the tests of the studio use it, so it may be known' },
      authenticate: ({ header }) => people[header('x-user') as keyof typeof people] ?? null,
      report: () => {},
      http: { log: () => {} },
      ...options,
    },
  )
  for (const [name, { role }] of Object.entries(people)) await app.post('user', { email: `${name}@example.com`, role })
  for (let n = 1; n <= 6; n++) await app.post('task', { title: `task ${n}`, owner: (n % 2) + 1, done: n > 4 })
  return app
}
