import { expect, test } from 'vitest'
import type { Row } from '../../model/model.ts'
import { ID } from '../../model/model.ts'
import { ApiError } from '../../protocol/error.ts'
import type { Predicate } from '../../query/predicate.ts'
import type { Select, Snapshot, Store, Visits } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'
import type { MakeStore } from './opened.ts'
import { opened } from './opened.ts'
import { created, owner, plain, put, row, todo, user } from './world.ts'

const contains = (field: string, value: string): Predicate => ({
  kind: 'text',
  op: 'contains',
  field,
  value,
  fold: true,
})
const byText = [{ path: ['text'], descending: true }]

/** More than a store looks at in one turn of the event loop. */
const MANY = 30_000

function* todos(): Iterable<Row> {
  for (let id = 1; id <= MANY; id++)
    yield row(todo, { id, text: `${(id * 7919) % MANY}`.padStart(5, '0'), owner: null })
}

async function few(make: MakeStore): Promise<Store> {
  const { store } = await opened(make)
  await put(store, created(user, { id: 1, email: 'a', name: 'Ann' }), created(user, { id: 2, email: 'b', name: 'Bob' }))
  await put(store, created(todo, { id: 1, text: 'x', owner: 1 }), created(todo, { id: 2, text: 'y', owner: 1 }))
  return store
}

async function many(make: MakeStore): Promise<Store> {
  const { store } = await opened(make)
  await store.load(todo, todos())
  return store
}

async function select(store: Store, of: typeof todo, asked: Partial<Select>): Promise<Row[]> {
  return store.read(function* (snapshot) {
    return yield* wait(snapshot.select(of, { ...plain, ...asked }))
  })
}

const refusal = async (work: Promise<unknown>): Promise<unknown> => {
  const error = await work.catch((thrown: unknown) => thrown)
  return error instanceof ApiError ? [error.code, error.members?.['visited'], error.members?.['index']] : error
}

export function visitTests(make: MakeStore): void {
  test.each<[string, Partial<Select>, number]>([
    ['each row that a condition looks at', { where: contains('name', 'z') }, 2],
    ['not those behind the end of a page', { where: contains('name', 'n'), limit: 1 }, 1],
    ['each row that is sorted', { sort: [{ path: ['name'], descending: false }], limit: 1 }, 2],
    [
      'each related row that a condition looks at',
      { where: { kind: 'many', field: 'todos', quantifier: 'some', of: contains('text', 'z') } },
      4,
    ],
  ])('counted: %s', async (_, asked, visited) => {
    const store = await few(make)
    const within = (most: number): Visits => ({ most, account: 'me' })
    await select(store, user, { ...asked, visits: within(visited) })
    const refused = (await refusal(select(store, user, { ...asked, visits: within(visited - 1) }))) as unknown[]
    expect(refused.slice(0, 2)).toEqual(['too_complex', visited - 1])
  })

  test('counted: each pair of an owner, if all are wanted', async () => {
    const store = await few(make)
    const pairs = async (most: number): Promise<unknown> =>
      store.read(function* (snapshot) {
        return yield* wait(snapshot.children(owner, [1, 2], null, { most, account: null }))
      })
    expect(await pairs(2)).toEqual([
      [1, 1],
      [1, 2],
    ])
    expect(await refusal(pairs(1))).toEqual(['too_complex', 1, undefined])
  })

  test('a refusal names the index that would help', async () => {
    const store = await few(make)
    const where: Predicate = { kind: 'compare', op: 'eq', field: 'name', value: 'nobody' }
    const visits = { most: 1, account: null }
    const sort = [{ path: ['rank'], descending: false }]
    expect(await refusal(select(store, user, { where, sort, visits }))).toEqual(['too_complex', 1, ['name', 'rank']])
    expect(await refusal(select(store, user, { where: contains('name', 'q'), visits }))).toEqual([
      'too_complex',
      1,
      undefined,
    ])
  })

  test('a query that visits many rows is answered, and the event loop turns meanwhile', async () => {
    const store = await many(make)
    let turns = 0
    const turn = (): void => {
      turns++
      running = setImmediate(turn)
    }
    let running = setImmediate(turn)
    const rows = await select(store, todo, { sort: byText, limit: 2, visits: { most: MANY, account: 'me' } })
    clearImmediate(running)
    const last = Array.from(todos()).toSorted((a, b) => (String(a[3]) < String(b[3]) ? 1 : -1))
    expect(rows.map(found => found[ID])).toEqual(last.slice(0, 2).map(found => found[ID]))
    expect(turns).toBeGreaterThan(0)
  })

  test('beyond its budget it is refused, however long it would take', async () => {
    const store = await many(make)
    const visits = { most: MANY - 1, account: 'me' }
    expect(await refusal(select(store, todo, { sort: byText, limit: 2, visits }))).toEqual([
      'too_complex',
      MANY - 1,
      ['text'],
    ])
  })

  test('its work sees one state, whatever is written meanwhile', async () => {
    const store = await many(make)
    const visits = { most: MANY, account: 'me' }
    const reading = store.read(function* (snapshot: Snapshot): Work<unknown[]> {
      const before = snapshot.position
      const found = yield* wait(snapshot.count(todo, contains('text', '0'), visits))
      yield* wait(put(store, created(todo, { id: MANY + 1, text: '00', owner: null })))
      const again = yield* wait(snapshot.count(todo, contains('text', '0'), visits))
      return [snapshot.position === before, found === again, (yield* wait(snapshot.get(todo, MANY + 1))) === undefined]
    })
    expect(await reading).toEqual([true, true, true])
  })

  test('work of one account waits for its turn, and all of it is done', async () => {
    const store = await many(make)
    const ask = (account: string): Promise<Row[]> =>
      select(store, todo, { where: contains('text', '0000'), visits: { most: MANY, account } })
    const all = await Promise.all(['me', 'you', 'me', 'them', 'me', 'you'].map(ask))
    expect(new Set(all.map(rows => rows.length)).size).toBe(1)
  })
}
