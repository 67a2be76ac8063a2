import { act, action, actions, always, any, api, memory, resource, t, type Api, type Store } from '../../src/index.ts'
import type { Row } from '../../src/model/model.ts'
import { everything } from '../../src/query/predicate.ts'
import { ready } from '../../src/store/work.ts'

const person = resource({
  id: t.id(),
  name: t.text({ min: 1, max: 40 }),
  email: t.email().nullable(),
  born: t.date().nullable(),
  team: t.one('team', { inverse: 'people' }).nullable(),
  boss: t.one('person', { inverse: 'reports', onDelete: 'null' }).nullable(),
  reports: t.back('person', 'boss'),
  tasks: t.back('task', 'owner'),
  friends: t.many('person', { symmetric: true }),
  skills: t.many('skill', { inverse: 'people' }),
}).public()

const team = resource(
  { id: t.id('uuid'), title: t.text({ max: 30 }), people: t.back('person', 'team', { ids: false }) },
  { bulk: true },
).public()

const skill = resource({
  id: t.id('text', { client: true }),
  level: t.integer({ min: 0, max: 9 }).index(),
  people: t.many('person', { inverse: 'skills' }),
}).public()

const task = resource
  .for(person)({
    id: t.id(),
    title: t.text({ min: 1, max: 80 }),
    done: t.bool().default(false),
    secret: t.text().nullable(),
    rank: t.number({ min: -1_000, max: 1_000 }).nullable(),
    price: t.decimal({ digits: 6, places: 2 }).default('0.00'),
    tags: t.list(t.text({ max: 20 }), { max: 5, unique: true }).default([]),
    size: t.enum(['small', 'large']).nullable(),
    extra: t.json({ max: 500 }).nullable(),
    due: t.datetime().nullable(),
    owner: t.one('person', { inverse: 'tasks', onDelete: 'cascade' }),
  })
  .rules((_, row) => ({
    read: any(row.done.is(true), row.rank.gte(0), row.rank.isNull()),
    create: always,
    write: any(row.size.is('small'), row.size.isNull()),
    delete: always,
    actions: { close: always },
    fields: { secret: { read: row.done.is(true) } },
  }))
  .actions({
    close: action({
      on: 'row',
      input: { why: t.text({ max: 20 }).nullable() },
      output: { ok: t.bool() },
      run: () => ({ ok: true }),
    }),
  })

const cursor = resource
  .ephemeral({ id: t.id(), at: t.integer(), who: t.text({ max: 10 }) }, { ttl: '1 h', presence: true, max: 50 })
  .public()

const invoice = resource(
  { id: t.id('text', { client: true }), total: t.number({ min: 0 }) },
  { idempotency: 'required' },
).public()

const hello = actions('Hello', 'Greets.\n\n$shared:\n    name: str&default="world"', {
  get: act('Says hello.\n\n$input:\n    name@name: Who\n$output:\n    hello?str: Whom', ({ input }) => ({
    hello: input.name,
  })),
}).public()

export interface Subject {
  readonly app: Api<any>
  /** The ids that a resource has by now. */
  readonly ids: (name: string) => readonly string[]
  /** Faults that the API reported as its own. */
  readonly faults: unknown[]
}

/** An API with one of each: fields and relations of every kind, rules, actions, rows that expire, keys that are required. */
export async function subject(store: Store = memory()): Promise<Subject> {
  const faults: unknown[] = []
  const app = api(
    { person, team, skill, task, cursor, invoice, hello },
    {
      store,
      http: { log: () => {}, overload: false },
      limits: { messageRate: 1e9, messageBurst: 1e9, items: 200, keys: 100, connectionsPerAddress: 10_000 },
      report: () => {},
      onFault: error => faults.push(error),
    },
  )
  await app.ready()
  const post = app.post as (name: string, row: object) => Promise<unknown>
  for (let i = 1; i <= 20; i++) await post('person', { name: `p${i}`, boss: i > 1 ? Math.ceil(i / 2) : null })
  for (let i = 1; i <= 20; i++) {
    await post('task', { title: `t${i}`, owner: 1 + (i % 5), rank: i - 5, done: i % 3 === 0 })
    await post('skill', { id: `s${i}`, level: i % 10, people: [i] })
    if (i <= 5) await post('team', { title: `team ${i}` })
  }
  const known = new Map<string, { at: number; ids: string[] }>()
  const ids = (name: string): string[] => {
    const of = app.engine.model.resources.get(name)
    if (!of) return []
    const found = known.get(name)
    const now = app.store.read(snapshot => ready(snapshot.changed(of))) as number
    if (found?.at === now) return found.ids
    const rows = app.store.read(snapshot => ready(snapshot.select(of, FIRST))) as Row[]
    const made = rows.map(row => String(row[0]))
    known.set(name, { at: now, ids: made })
    return made
  }
  return { app: app as unknown as Api<any>, ids, faults }
}

const FIRST = { where: everything, sort: [], limit: 50, offset: 0, cursor: null }

/** What the store was changed to last, rows that pass included: the same text means that nothing was changed. */
export function positionOf(app: Api<any>): string {
  return app.store.read(snapshot => ready(`${snapshot.position} ${snapshot.fleeting ?? ''}`)) as string
}
