import { expect, test } from 'vitest'
import { ID, type Id, type Row } from '../../model/model.ts'
import { everything } from '../../query/predicate.ts'
import type { Snapshot, Store } from '../../store/store.ts'
import { Room } from '../../store/room.ts'
import { wait, type Maybe } from '../../store/work.ts'
import type { MakeStore } from './opened.ts'
import { opened } from './opened.ts'
import {
  BLUE,
  RED,
  boss,
  created,
  friends,
  friendship,
  get,
  member,
  owner,
  passport,
  put,
  row,
  team,
  teams,
  existing,
} from './world.ts'
import { teamSide, todo, user, userSide, valuesOf } from './world.ts'

/** Every type of value, and the values that stores tend to change. */
const full = {
  id: 1,
  email: 'é 😀 \u{10ffff}\n"\'%_\\',
  name: '',
  rank: -9_007_199_254_740_991,
  score: 0.1,
  price: '-123456.70',
  born: '2024-02-29',
  seen: '2026-01-02T03:04:05.670Z',
  isAdmin: true,
  role: 'member',
  tags: ['b', '', 'a,b', 'b'],
  extra: { a: [1, null, { 'ß"': false }], '': '' },
  photo: 'AAH/',
} as const

async function sample(store: Store): Promise<void> {
  await put(
    store,
    created(user, full),
    created(user, { id: 2, email: 'b', boss: 1 }),
    created(user, { id: 10, email: 'c', boss: 1 }),
  )
  await put(store, created(user, { id: 9, email: 'd', boss: 2 }), created(passport, { id: 'P', owner: 2 }))
  await put(store, created(team, { id: BLUE, title: 'blue' }), created(team, { id: RED, title: 'red' }))
  await put(store, ...[1, 2, 3].map(id => created(todo, { id, text: `t${id}`, owner: id === 3 ? null : 9 })))
  await store.write(function* (tx) {
    yield* wait(
      tx.apply(
        [],
        [
          member('add', BLUE, 10),
          member('add', RED, 10),
          member('add', RED, 2),
          ...friendship('add', 10, 2),
          ...friendship('add', 1, 10),
        ],
      ),
    )
  })
}

const read = async <T>(store: Store, get: (snapshot: Snapshot) => Maybe<T>): Promise<T> =>
  store.read(function* (snapshot) {
    return yield* wait(get(snapshot))
  })

const idsIn = (rows: readonly Row[]): unknown[] => rows.map(found => found[ID])

export function readTests(make: MakeStore): void {
  test('a value comes back as it was stored, whatever its type', async () => {
    const { store } = await opened(make)
    await sample(store)
    expect(valuesOf(user, await existing(store, user, 1))).toEqual(full)
    expect(valuesOf(user, await existing(store, user, 2))).toEqual({ id: 2, email: 'b', isAdmin: false, boss: 1 })
    expect(valuesOf(passport, await existing(store, passport, 'P'))).toEqual({ id: 'P', owner: 2 })
    expect(valuesOf(team, await existing(store, team, RED))).toEqual({ id: RED, title: 'red' })
  })

  test('nothing is where nothing was stored', async () => {
    const { store } = await opened(make)
    await sample(store)
    expect(await get(store, user, 3)).toBeUndefined()
    expect(await get(store, passport, 'p')).toBeUndefined()
    expect(await read(store, s => s.many(user, []))).toEqual([])
    expect(await read(store, s => s.find(user, [3], ['nobody']))).toBeUndefined()
  })

  test('many gives the rows that exist once, by ascending id, not by text', async () => {
    const { store } = await opened(make)
    await sample(store)
    expect(idsIn(await read(store, s => s.many(user, [10, 2, 3, 9, 10])))).toEqual([2, 9, 10])
    expect(idsIn(await read(store, s => s.many(team, [RED, BLUE])))).toEqual([RED, BLUE])
  })

  test('count counts', async () => {
    const { store } = await opened(make)
    await sample(store)
    expect(await read(store, s => s.count(user, everything))).toBe(4)
    expect(await read(store, s => s.count(user, { kind: 'compare', op: 'eq', field: 'boss', value: 1 }))).toBe(2)
    expect(await read(store, s => s.count(user, { kind: 'constant', value: false }))).toBe(0)
  })

  test.each<[parents: Id[], limit: number | null, pairs: [Id, Id][]]>([
    [
      [1, 2, 9],
      null,
      [
        [1, 2],
        [1, 10],
        [2, 9],
      ],
    ],
    [
      [2, 1, 1],
      1,
      [
        [1, 2],
        [2, 9],
      ],
    ],
    [[9, 77], null, []],
    [[], null, []],
  ])('children of %j, at most %j each', async (parents, limit, pairs) => {
    const { store } = await opened(make)
    await sample(store)
    expect(await read(store, s => s.children(boss, parents, limit))).toEqual(pairs)
    const rows = await read(store, s => s.childRows(boss, parents, limit))
    expect(rows.map(found => [found[boss.slot], found[ID]])).toEqual(pairs)
  })

  test('child rows are whole rows', async () => {
    const { store } = await opened(make)
    await sample(store)
    const [first] = await read(store, s => s.childRows(owner, [9], null))
    expect(first).toEqual(await get(store, todo, 1))
  })

  test('the first rows of each of many owners, as far as there is room', async () => {
    const { store } = await opened(make)
    const owners = [3, 1, 2]
    await put(store, ...owners.map(id => created(user, { id, email: `${id}` })))
    const size = 1_000
    // Written in another order than that of their ids.
    const ids = Array.from({ length: 90 }, (_, i) => ((i * 37) % 90) + 1)
    for (const id of ids) {
      await put(store, created(todo, { id, text: `${id}`.padEnd(size, '.'), owner: (id % 3) + 1 }))
    }
    const firstOf = async (bytes: number): Promise<unknown[][]> => {
      const rows = await read(store, s => s.childRows(owner, owners, 5, new Room(bytes)))
      return rows.map(found => [found[owner.slot], found[ID]])
    }
    const expected = owners.map(of => Array.from({ length: 5 }, (_, i) => [of, i * 3 + (of === 1 ? 3 : of - 1)]))
    const all = await firstOf(1_000 * size)
    expect(owners.map(of => all.filter(([found]) => found === of))).toEqual(expected)
    const some = await firstOf(8 * size)
    // What is in memory anyway needs no room.
    if (store.name !== 'memory') expect(some.length).toBeLessThan(9)
    expect(some).toEqual(all.slice(0, some.length))
  })

  test('numbers of children, absent where there are none', async () => {
    const { store } = await opened(make)
    await sample(store)
    expect(await read(store, s => s.childCounts(boss, [2, 9, 1]))).toEqual([
      [1, 2],
      [2, 1],
    ])
    expect(await read(store, s => s.childCounts(owner, [9, 1]))).toEqual([[9, 2]])
    const within = (most: number) => read(store, s => s.childCounts(owner, [9, 1], { most, account: null }))
    expect(await within(2)).toEqual([[9, 2]])
    await expect(async () => within(0)).rejects.toMatchObject({ code: 'too_complex' })
  })

  test('pairs from both sides, ascending, at most so many each', async () => {
    const { store } = await opened(make)
    await sample(store)
    expect(await read(store, s => s.pairs(teams, userSide, [10, 2, 1], null))).toEqual([
      [2, RED],
      [10, RED],
      [10, BLUE],
    ])
    expect(await read(store, s => s.pairs(teams, userSide, [10, 2], 1))).toEqual([
      [2, RED],
      [10, RED],
    ])
    expect(await read(store, s => s.pairs(teams, teamSide, [BLUE, RED], null))).toEqual([
      [RED, 2],
      [RED, 10],
      [BLUE, 10],
    ])
    expect(await read(store, s => s.pairs(friends, 'a', [10], null))).toEqual([
      [10, 1],
      [10, 2],
    ])
    expect(await read(store, s => s.pairs(friends, 'b', [1, 2], null))).toEqual([
      [1, 10],
      [2, 10],
    ])
    expect(await read(store, s => s.pairs(teams, userSide, [], null))).toEqual([])
  })

  test('rows and numbers of pairs', async () => {
    const { store } = await opened(make)
    await sample(store)
    const rows = await read(store, s => s.pairRows(teams, userSide, [10, 2], 1))
    expect(rows.map(([of, found]) => [of, found[ID]])).toEqual([
      [2, RED],
      [10, RED],
    ])
    expect(rows[0]![1]).toEqual(await get(store, team, RED))
    expect(await read(store, s => s.pairCounts(teams, teamSide, [RED, BLUE]))).toEqual([
      [RED, 2],
      [BLUE, 1],
    ])
    expect(await read(store, s => s.pairCounts(friends, 'a', [10, 9]))).toEqual([[10, 2]])
  })

  test('find takes all fields of a key together', async () => {
    const { store } = await opened(make)
    await sample(store)
    const slots = ['owner', 'text'].map(name => todo.columns.find(field => field.name === name)!.slot)
    expect((await read(store, s => s.find(todo, slots, [9, 't2'])))?.[ID]).toBe(2)
    expect(await read(store, s => s.find(todo, slots, [9, 't3']))).toBeUndefined()
    expect((await read(store, s => s.find(user, [3], ['d'])))?.[ID]).toBe(9)
  })

  test('a read that fails rejects or throws with its own error', async () => {
    const { store } = await opened(make)
    const failing = async (): Promise<void> =>
      store.read(function* () {
        yield* wait(undefined)
        throw new RangeError('mine')
      })
    await expect(failing()).rejects.toThrow(new RangeError('mine'))
    expect(await get(store, user, 1)).toBeUndefined()
  })

  test('loaded rows have a version, and ids go on above them', async () => {
    const { store, clock } = await opened(make)
    expect(await store.load(user, [row(user, { id: 7, email: 'x' }), row(user, { id: 3, email: 'y' })])).toBe(2)
    expect(await store.load(team, [row(team, { id: RED, title: 'red' })])).toBe(1)
    expect(await store.loadPairs(teams, [userSide === 'a' ? [7, RED] : [RED, 7]])).toBe(1)
    const found = await existing(store, user, 3)
    expect(found[1]).toBeGreaterThanOrEqual(1)
    expect(found[2]).toBe(clock.now)
    await store.read(function* (snapshot) {
      yield* wait(undefined)
      expect(snapshot.position).toBeGreaterThanOrEqual(found[1] as number)
      expect(snapshot.changed(user)).toBeGreaterThanOrEqual(found[1] as number)
    })
    expect(await read(store, s => s.pairs(teams, userSide, [7], null))).toEqual([[7, RED]])
    expect(await store.write(tx => wait(tx.nextId(user)))).toBe(8)
  })

  test('rows may come in several loads; one that is there already fails', async () => {
    const { store } = await opened(make)
    await store.load(user, [row(user, { id: 1, email: 'x' })])
    await store.load(user, [row(user, { id: 2, email: 'y', boss: 1 })])
    const again = async (): Promise<unknown> => store.load(user, [row(user, { id: 2, email: 'z' })])
    await expect(again()).rejects.toThrow()
    expect(await read(store, s => s.children(boss, [1], null))).toEqual([[1, 2]])
    expect((await existing(store, user, 2))[3]).toBe('y')
  })
}
