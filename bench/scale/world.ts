// Users, lists that they own and share, todos in the lists: what the shapes of live-scale.ts follow.
import { always, any, api, resource, sqlite, t, type Api } from '../../src/index.ts'

/** Who may read a todo. */
export type Reading = 'everybody' | 'relation' | 'membership' | 'any of three' | 'its owner'

/** How much there is of it. */
export interface Size {
  readonly users: number
  /** Todos in the list of each user. */
  readonly todos: number
}

/** The members of each list, as distances from its owner. */
export const SHARED: readonly number[] = [0, 7, 14, 21, 28]
/** Rows that are written at once. */
const CHUNK = 500

/** Callers are recognised by what they say about themselves. */
const callerOf = (said: string | undefined): { id: number } | null =>
  said === undefined ? null : { id: Number(said.slice('Bearer '.length)) }

/** Todo `n` of the world, counted from 0: its text begins with its number. */
export const textOf = (n: number): string => `todo ${String(n).padStart(7, '0')}`

/** The declaration with its store; list i belongs to user i. */
export async function worldOf(reading: Reading, file: string, { users, todos }: Size): Promise<Api> {
  const user = resource({
    id: t.id(),
    name: t.text(),
    lists: t.many('list', { inverse: 'members', ids: false }),
  }).public()
  const list = resource
    .for(user)({
      id: t.id(),
      title: t.text().index(),
      owner: t.one('user'),
      members: t.many('user', { inverse: 'lists' }),
      todos: t.back('todo', 'list', { ids: reading === 'its owner' }),
    })
    .rules((me, row) => ({ read: reading === 'its owner' ? row.owner.is(me) : always, write: always, create: always }))
  const todo = resource
    .for(user)({
      id: t.id(),
      text: t.text().index(),
      n: t.integer().index(),
      open: t.bool().default(false).index(),
      owner: t.one('user'),
      list: t.one('list'),
    })
    .rules((me, row) => ({
      read: {
        everybody: always,
        relation: row.list['owner'].is(me),
        membership: row.list['members'].has(me),
        'any of three': any(row.open.is(true), row.owner.is(me), row.list['members'].has(me)),
        'its owner': row.owner.is(me),
      }[reading],
      write: always,
      create: always,
    }))
  const app = api(
    { user, list, todo },
    {
      store: sqlite(file, { synchronous: 'normal' }),
      report: () => {},
      limits: { snapshotRows: 20_000 },
      authenticate: asked => callerOf(asked.header('authorization')),
    },
  ) as unknown as Api
  await app.ready()
  const ids = Array.from({ length: users }, (_, i) => i + 1)
  await fill(
    app,
    'user',
    ids.map(id => ({ name: `user ${id}` })),
  )
  await fill(
    app,
    'list',
    ids.map(id => ({ title: `list ${id}`, owner: id, members: SHARED.map(far => ((id - 1 + far) % users) + 1) })),
  )
  await fill(
    app,
    'todo',
    ids.flatMap(id =>
      Array.from({ length: todos }, (_, i) => {
        const n = (id - 1) * todos + i
        return { text: textOf(n), n, owner: id, list: id }
      }),
    ),
  )
  return app
}

/** Writes rows and returns the first one's id. */
export async function fill(app: Api, name: string, rows: readonly object[]): Promise<number> {
  let first = 0
  for (let from = 0; from < rows.length; from += CHUNK) {
    const made = await app.post(name, rows.slice(from, from + CHUNK) as never)
    if (from === 0) first = (made as unknown as { id: number }[])[0]!.id
  }
  return first
}
