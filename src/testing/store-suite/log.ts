import { expect, test } from 'vitest'
import { SEQ } from '../../model/model.ts'
import type { Commit, Store } from '../../store/store.ts'
import { wait } from '../../store/work.ts'
import type { MakeStore } from './opened.ts'
import { opened } from './opened.ts'
import {
  created,
  deleted,
  existing,
  get,
  model,
  patched,
  put,
  RED,
  row,
  team,
  testEnvironment,
  todo,
  user,
} from './world.ts'

const position = async (store: Store): Promise<number> =>
  store.read(function* (snapshot) {
    yield* wait(undefined)
    return snapshot.position
  })

const commitsAfter = async (store: Store, after: number, limit = 100): Promise<Commit[]> =>
  (await store.commits(after, limit))!

export function logTests(make: MakeStore): void {
  test('a term has a name of six characters, and another store has another', async () => {
    const { store } = await opened(make)
    const random = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, i) => 100 + i * 31)
    const other = await make()
    await other.open(model, { ...testEnvironment({ now: 0 }), random })
    expect(store.terms.epoch).toMatch(/^[0-9a-z]{6}$/)
    expect(other.terms.epoch).toMatch(/^[0-9a-z]{6}$/)
    expect(other.terms.epoch).not.toBe(store.terms.epoch)
    await other.close()
  })

  test('each unit is one commit; seq has no gaps', async () => {
    const { store, clock } = await opened(make)
    const start = await position(store)
    await put(store, created(user, { id: 1, email: 'a' }), created(user, { id: 2, email: 'b' }))
    clock.now += 1000
    await store.write(function* (tx) {
      yield* wait(tx.apply([created(todo, { id: 1, text: 't', owner: 1 })], []))
      yield* wait(tx.apply([patched(user, (yield* wait(tx.get(user, 2)))!, { rank: 7 })], []))
    })
    await put(store).catch(() => {})
    await put(store, deleted(user, await existing(store, user, 2)))
    const commits = await commitsAfter(store, start)
    expect(commits.map(commit => commit.position - start)).toEqual([2, 4, 5])
    expect(commits.map(commit => commit.at)).toEqual([clock.now - 1000, clock.now, clock.now])
    expect(commits.flatMap(commit => commit.changes.map(change => change.seq - start))).toEqual([1, 2, 3, 4, 5])
    expect(
      commits.flatMap(commit => commit.changes.map(change => [change.op, change.resource.name, change.id])),
    ).toEqual([
      ['create', 'user', 1],
      ['create', 'user', 2],
      ['create', 'todo', 1],
      ['patch', 'user', 2],
      ['delete', 'user', 2],
    ])
    expect(await position(store)).toBe(start + 5)
  })

  test('a record holds what was before and after, and what the change did to lists', async () => {
    const { store } = await opened(make)
    await put(store, created(user, { id: 1, email: 'a', rank: 1, tags: ['x'] }))
    const before = await existing(store, user, 1)
    const lists = [{ field: 'todos', added: [1], removed: [2, 3] }]
    await put(store, { ...patched(user, before, { rank: 2 }), lists })
    const [, second] = await commitsAfter(store, 0)
    const [change] = second?.changes ?? []
    expect(change?.resource).toBe(user)
    expect(change?.changed).toEqual([5])
    expect(change?.before?.[5]).toBe(1)
    expect(change?.after).toEqual(await get(store, user, 1))
    expect(change?.after?.[SEQ]).toBe(change?.seq)
    expect(change?.lists).toEqual(lists)
    await put(store, deleted(user, change!.after!))
    const [third] = await commitsAfter(store, second!.position)
    expect(third?.changes[0]?.after).toBeNull()
    expect(third?.changes[0]?.before).toEqual(change?.after)
  })

  test('from any position, whole commits, about as many changes as asked for', async () => {
    const { store } = await opened(make)
    for (let id = 1; id <= 9; id += 3) {
      await put(store, ...[id, id + 1, id + 2].map(one => created(user, { id: one, email: `${one}` })))
    }
    const all = await commitsAfter(store, 0)
    expect(all).toHaveLength(3)
    const [first, second, third] = all.map(commit => commit.position) as [number, number, number]
    expect((await commitsAfter(store, first)).map(commit => commit.position)).toEqual([second, third])
    expect(await commitsAfter(store, third)).toEqual([])
    const few = await commitsAfter(store, 0, 4)
    expect(few.length).toBeGreaterThanOrEqual(1)
    expect(few.length).toBeLessThan(3)
    for (const commit of few) expect(commit.changes).toHaveLength(3)
  })

  test('rows that were loaded are not in the log, and it does not pretend', async () => {
    const { store } = await opened(make)
    await put(store, created(todo, { id: 1, text: 't' }))
    const before = await position(store)
    await store.load(user, [row(user, { id: 1, email: 'a' })])
    expect(await store.commits(before, 10)).toBeNull()
    const after = await position(store)
    expect(after).toBeGreaterThan(before)
    expect(await store.commits(after, 10)).toEqual([])
    await put(store, created(todo, { id: 2, text: 't' }))
    expect((await commitsAfter(store, after)).map(commit => commit.position)).toEqual([after + 1])
  })

  test('a listener hears of commits that it can then read, until it is taken off', async () => {
    const { store } = await opened(make)
    let heard = Promise.withResolvers<number>()
    let calls = 0
    const stop = store.onCommit(() => {
      calls++
      const commits = store.commits(0, 100)
      if (!(commits instanceof Promise)) heard.resolve(commits!.length)
      else void commits.then(found => heard.resolve(found!.length))
    })
    await put(store, created(user, { id: 1, email: 'a' }))
    expect(await heard.promise).toBe(1)
    heard = Promise.withResolvers()
    await put(store, created(user, { id: 2, email: 'b' }))
    expect(await heard.promise).toBe(2)
    stop()
    const other = Promise.withResolvers<void>()
    const stopOther = store.onCommit(other.resolve)
    const before = calls
    await put(store, created(user, { id: 3, email: 'c' }))
    await other.promise
    stopOther()
    expect(calls).toBe(before)
  })

  test('what the log tells of one row, newest first, a part at a time', async () => {
    const { store, clock } = await opened(make)
    await put(store, created(user, { id: 1, email: 'a' }), created(todo, { id: 1, text: 't' }))
    clock.now += 1000
    await put(store, patched(user, await existing(store, user, 1), { rank: 1 }), created(user, { id: 2, email: 'b' }))
    clock.now += 1000
    await put(store, deleted(user, await existing(store, user, 1)))
    const end = (await position(store)) + 1
    const all = await store.history(user, 1, end, 10)
    expect(all.map(({ op, at }) => [op, at - clock.now])).toEqual([
      ['delete', 0],
      ['patch', -1000],
      ['create', -2000],
    ])
    expect(all[1]?.after?.[5]).toBe(1)
    expect(all[1]?.before?.[5]).toBeNull()
    expect(all[0]?.before).toEqual(all[1]?.after)
    expect((await store.history(user, 1, end, 2)).map(one => one.seq)).toEqual([all[0]?.seq, all[1]?.seq])
    expect((await store.history(user, 1, all[1]!.seq, 10)).map(one => one.seq)).toEqual([all[2]?.seq])
    expect(await store.history(user, 3, end, 10)).toEqual([])
    expect(await store.history(team, RED, end, 10)).toEqual([])
  })

  test('a row that came back has the history of both its lives, from any position', async () => {
    const { store } = await opened(make)
    const seqs: number[] = []
    const note = async (): Promise<void> => void seqs.unshift(await position(store))
    for (const email of ['a', 'b']) {
      await put(store, created(user, { id: 1, email }))
      await note()
      await put(store, created(user, { id: email === 'a' ? 2 : 3, email: `${email}2` }))
      await put(store, patched(user, await existing(store, user, 1), { rank: 1 }))
      await note()
      if (email === 'b') continue
      await put(store, deleted(user, await existing(store, user, 1)))
      await note()
    }
    const told = async (before: number, limit = 10): Promise<number[]> =>
      (await store.history(user, 1, before, limit)).map(one => one.seq)
    expect(await told(Infinity)).toEqual(seqs)
    for (const [i, seq] of seqs.entries()) {
      expect(await told(seq)).toEqual(seqs.slice(i + 1))
      expect(await told(seq + 1, 2)).toEqual(seqs.slice(i, i + 2))
    }
  })

  test('it reaches back to the first change, or to what was loaded', async () => {
    const { store } = await opened(make)
    const start = await store.oldestPosition()
    expect(start).toBe(await position(store))
    await put(store, created(user, { id: 1, email: 'a' }))
    expect(await store.oldestPosition()).toBe(start)
    await store.load(todo, [row(todo, { id: 1, text: 't' })])
    expect(await store.oldestPosition()).toBe(await position(store))
    expect(await store.history(user, 1, Infinity, 10)).toEqual([])
  })
}
