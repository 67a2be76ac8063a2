// What may not be seen is not told: a change of what a caller may not see changes nothing that the caller can read.
// Everything is read, somebody else changes something, everything is read again and must be the same to the byte, tags included.
import { describe, expect, test } from 'vitest'
import { always, any, api, memory, resource, sqlite, t, type Store } from '../../src/index.ts'
import { rewrite } from '../../src/testing/fill.ts'
import { slow } from '../../src/testing/slow-store.ts'

const stores: [string, () => Store][] = [
  ['memory', () => memory()],
  ['a slow store', () => slow(memory())],
  ['sqlite', () => sqlite(':memory:')],
]

/** People who are shown or not, projects with a budget, todos of which some are secret, desks with a place for one. */
const model = () => {
  const user = resource({
    role: t.text().default('member'),
    id: t.id(),
    name: t.text(),
    shown: t.bool().default(true),
    phone: t.text().default(''),
    pin: t.text().default('').hidden(),
    projects: t.many('project', { inverse: 'members' }),
    desk: t.back('desk', 'holder', { one: true }).sortable(),
    owned: t.back('project', 'owner', { ids: true }),
  }).rules((me, row) => ({
    read: any(row.shown.is(true), row.is(me)),
    write: row.is(me),
    fields: { phone: { read: row.is(me) } },
  }))
  const project = resource
    .for(user)({
      id: t.id(),
      title: t.text(),
      budget: t.integer().default(0),
      owner: t.one('user'),
      members: t.many('user', { inverse: 'projects' }).sortable(),
      todos: t.back('todo', 'project', { ids: true }).sortable(),
      todoCount: t.count('todos').sortable().filterable(),
      memberCount: t.count('members').sortable().filterable(),
      load: t
        .calc({ of: t.integer(), get: (row: { todos: number[] }) => row.todos.length, uses: ['todos'] })
        .sortable(),
      notes: t.back('todo', 'second', { ids: false }),
    })
    .rules(me => ({
      read: always,
      write: me.role.is('admin'),
      fields: { budget: { read: me.role.is('admin') } },
    }))
  const todo = resource({
    id: t.id(),
    text: t.text(),
    secret: t.bool().default(false),
    project: t.one('project', { onDelete: 'cascade' }).nullable(),
    second: t.one('project').nullable(),
  }).rules((_, row) => ({ read: row.secret.is(false), write: always, create: always }))
  const desk = resource({
    id: t.id(),
    shown: t.bool().default(true),
    label: t.text().default(''),
    holder: t.one('user', { unique: true }).nullable(),
  }).rules((_, row) => ({ read: row.shown.is(true) }))
  return { user, project, todo, desk }
}

const me = { id: 1, role: 'member' }

async function world(store: Store, clock: () => number): Promise<any> {
  const app = api(model(), { store, clock, report: () => {}, authenticate: () => me }) as any
  await app.post('user', [{ name: 'ann' }, { name: 'bob', phone: '1' }, { name: 'cyd', shown: false }, { name: 'dee' }])
  await app.post('project', [
    { title: 'A', owner: 1, members: [1, 2] },
    { title: 'B', owner: 2, members: [2] },
  ])
  await app.post('todo', [
    { text: 'a', project: 1 },
    { text: 'b', project: 2 },
    { text: 'c', project: 2, secret: true },
    { text: 'd', secret: true },
    { text: 'e', project: 1, second: 1 },
  ])
  await app.post('desk', [{ holder: 1 }, { shown: false }, { holder: 4 }])
  return app
}

const json = (filter: object): string => encodeURIComponent(JSON.stringify(filter))
const sizes = [0, 1, 2, 3]
const reads = [
  ...['user', 'project', 'todo', 'desk'].flatMap(name => [
    `/${name}`,
    `/${name}?total=true&limit=1`,
    `/${name}?depth=2`,
    `/${name}?depth=3&sort=-id`,
    `/${name}/1`,
    `/${name}/2`,
    `/${name}/3`,
    `/${name}/4`,
    `/${name}/9`,
    `/${name}/1?depth=2`,
    `/${name}/1/history`,
    `/${name}/2/history`,
    `/${name}/3/history`,
  ]),
  '/project/1?fields=title',
  '/project/1?fields=title,todos',
  '/project/2?include=todos',
  '/project?fields=id,title',
  '/project?include=members.desk',
  '/project?limit=1',
  '/project?sort=-title&limit=1',
  '/project/2/todos',
  '/project/2/todos?total=true&limit=1',
  '/project/1/members?total=true',
  '/project/2/todos/3',
  '/project/2/todos/4',
  '/project/1/notes?total=true',
  '/user/1/projects',
  '/user/1/owned?sort=-todoCount',
  ...['todoCount', 'memberCount', 'load', 'todos', 'members'].flatMap(key => [
    `/project?sort=${key}`,
    `/project?sort=-${key},id`,
  ]),
  '/project?sort=owner.name',
  '/user?sort=desk',
  '/user?sort=-desk',
  '/todo?sort=project.title',
  '/desk?sort=-holder',
  ...sizes.flatMap(size => [
    `/project?filter=${json({ todos: { $size: size } })}`,
    `/project?filter=${json({ notes: { $size: size } })}`,
    `/project?filter=${json({ members: { $size: size } })}`,
    `/project?filter=${json({ $not: { todos: { $size: size } } })}`,
    `/project?todoCount=${size}`,
    `/project?filter=${json({ todoCount: { $gte: size } })}`,
    `/project?filter=${json({ memberCount: { $ne: size } })}`,
    `/todo?filter=${json({ project: { todos: { $size: size } } })}`,
    `/todo?filter=${json({ project: { todoCount: { $in: [size] } } })}`,
    `/user?filter=${json({ owned: { $some: { todoCount: size } } })}`,
  ]),
  ...['$some', '$every', '$none'].flatMap(some => [
    `/project?filter=${json({ todos: { [some]: { text: 'c' } } })}`,
    `/project?filter=${json({ todos: { [some]: { id: { $gt: 2 } } } })}`,
    `/project?filter=${json({ members: { [some]: { name: 'cyd' } } })}`,
    `/user?filter=${json({ projects: { [some]: { todos: { [some]: { id: { $gt: 2 } } } } } })}`,
  ]),
  `/user?filter=${json({ desk: null })}`,
  `/user?filter=${json({ desk: { $ne: null } })}`,
  `/user?filter=${json({ desk: 2 })}`,
  `/user?filter=${json({ desk: { $in: [2, 3] } })}`,
  `/user?filter=${json({ desk: { $null: true } })}`,
  `/user?filter=${json({ desk: { $gt: 1 } })}`,
  `/user?filter=${json({ desk: { shown: false } })}`,
  `/project?filter=${json({ budget: 0 })}`,
  '/project?sort=budget',
  '/todo?sort=project.budget',
  '/user?phone=1',
]

/** What somebody else does with what the caller may not see. */
const changes: [string, (app: any) => Promise<unknown>][] = [
  ['a hidden row is made', app => app.post('todo', { text: 'x', secret: true, project: 1 })],
  ['a hidden row joins', app => app.patch('todo', 4, { project: 1 })],
  ['a hidden row moves', app => app.patch('todo', 3, { project: 1, second: 1 })],
  ['a hidden row leaves', app => app.patch('todo', 3, { project: null })],
  ['a hidden row changes', app => app.patch('todo', 3, { text: 'z' })],
  ['a hidden row is deleted', app => app.delete('todo', 3)],
  ['a hidden row joins a list', app => app.patch('project', 1, { members: [1, 2, 3] })],
  ['a hidden row takes a free place', app => app.patch('desk', 2, { holder: 2 })],
  ['a hidden row points to a hidden one', app => app.patch('desk', 2, { holder: 3 })],
  ['a hidden row is changed by name', app => app.patch('user', 3, { name: 'cid' })],
  ['a field that may not be read changes', app => app.patch('project', 1, { budget: 7 })],
  ['a field that only its owner may read changes', app => app.patch('user', 2, { phone: '2' })],
  ['a hidden field changes', app => rewrite(app as never, 'user', 2, 'pin', '9')],
]

/** The same in what everybody may see, so that followers are told something at last. */
async function mark(app: any): Promise<void> {
  await app.patch('user', 4, { name: 'MARK' })
  await app.patch('project', 1, { title: 'MARK' })
  await app.patch('todo', 2, { text: 'MARK' })
  await app.patch('desk', 3, { label: 'MARK' })
}

const followed = [
  ...['user', 'project', 'todo', 'desk'].flatMap(name => [
    [name, {}],
    [name, { depth: 2 }],
    [name, { limit: 9, sort: ['-id'] }],
  ]),
  ['project', { fields: ['title'] }],
  ['project', { filter: { todos: { $size: 2 } } }],
  ['project', { filter: { todos: { $some: { id: { $gt: 0 } } } } }],
  ['project', { sort: ['-todoCount'] }],
  ['project', { sort: ['load', 'id'], limit: 2 }],
] as [string, object][]

describe.each(stores)('over %s', (_, store) => {
  test.each(changes)('%s', async (_name, change) => {
    let now = Date.parse('2026-01-01T00:00:00Z')
    const app = await world(store(), () => now)
    const read = async (path: string): Promise<string> => {
      const answer: Response = await app.fetch(new Request(`http://x${path}`))
      const headers = [...answer.headers].filter(([name]) => name !== 'date' && name !== 'x-request-id')
      const text = await answer.text()
      return `${answer.status} ${JSON.stringify(headers)}\n${text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '')}`
    }
    now += 10_000
    const before = new Map<string, string>()
    for (const path of reads) before.set(path, await read(path))
    const streams: AsyncGenerator[] = followed.map(([name, query]) => app.live(name, { me, ...query }))
    for (const stream of streams) await stream.next()
    await change(app)
    now += 10_000
    const wrong: string[] = []
    for (const path of reads) {
      const after = await read(path)
      if (after !== before.get(path)) wrong.push(`${decodeURIComponent(path)}\n${before.get(path)}\n${after}`)
    }
    await mark(app)
    for (const [i, stream] of streams.entries()) {
      const heard = JSON.stringify(await stream.next())
      if (!heard.includes('MARK')) wrong.push(`${JSON.stringify(followed[i])} ${heard}`)
      void stream.return(undefined)
    }
    await app.close()
    expect(wrong).toEqual([])
  })
})
