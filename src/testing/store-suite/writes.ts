import { expect, test } from 'vitest'
import { AT, SEQ, type Row } from '../../model/model.ts'
import { ApiError } from '../../protocol/error.ts'
import type { RowChange, Store } from '../../store/store.ts'
import { wait } from '../../store/work.ts'
import type { MakeStore } from './opened.ts'
import { opened } from './opened.ts'
import {
  RED,
  created,
  deleted,
  get,
  idsOfRows,
  member,
  owner,
  passport,
  patched,
  put,
  team,
  teams,
  todo,
  user,
  userSide,
  existing,
} from './world.ts'

async function refusal(promise: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await promise.then(
    () => new Error('nothing was refused'),
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ApiError)
  return error as ApiError
}

const nextId = (store: Store): Promise<number> => store.write(tx => wait(tx.nextId(todo)))

export function writeTests(make: MakeStore): void {
  test('create, patch and delete', async () => {
    const { store } = await opened(make)
    await put(store, created(user, { id: 1, email: 'a', rank: 1, tags: ['x'] }))
    await put(store, patched(user, await existing(store, user, 1), { rank: 2, tags: null }))
    expect((await existing(store, user, 1)).slice(3, 6)).toEqual(['a', null, 2])
    await put(store, deleted(user, await existing(store, user, 1)))
    expect(await get(store, user, 1)).toBeUndefined()
    expect(await idsOfRows(store, user)).toEqual([])
  })

  test('changes get seq and time in the order given, in the rows handed over as well', async () => {
    const { store, clock } = await opened(make)
    const changes = [created(user, { id: 1, email: 'a' }), created(user, { id: 2, email: 'b' })]
    const start = await store.read(function* (snapshot) {
      yield* wait(undefined)
      return snapshot.position
    })
    const [during, after] = await store.write(function* (tx) {
      yield* wait(tx.apply(changes, []))
      const inside = tx.position
      yield* wait(tx.apply([patched(user, (yield* wait(tx.get(user, 1)))!, { rank: 5 })], []))
      return [inside, tx.position]
    })
    expect([during, after]).toEqual([start + 2, start + 3])
    expect(changes.map(change => change.after![SEQ])).toEqual([start + 1, start + 2])
    expect(changes.map(change => change.after![AT])).toEqual([clock.now, clock.now])
    expect((await existing(store, user, 1)).slice(SEQ, AT + 1)).toEqual([start + 3, clock.now])
    expect((await existing(store, user, 2))[SEQ]).toBe(start + 2)
  })

  test('a unit sees what it wrote, others do not before it is done', async () => {
    const { store } = await opened(make)
    const seen = await store.write(function* (tx) {
      yield* wait(tx.apply([created(user, { id: 1, email: 'a' })], []))
      return (yield* wait(tx.get(user, 1)))?.[3]
    })
    expect(seen).toBe('a')
  })

  test('a unit that throws leaves nothing behind but the ids it used', async () => {
    const { store } = await opened(make)
    await put(store, created(user, { id: 1, email: 'a' }), created(team, { id: RED, title: 'red' }))
    const position = store.read(function* (snapshot) {
      yield* wait(undefined)
      return snapshot.position
    })
    const before = await position
    let handedOut = 0
    const failing = store.write(function* (tx) {
      handedOut = yield* wait(tx.nextId(todo))
      yield* wait(tx.apply([created(todo, { id: handedOut, text: 'x', owner: 1 })], [member('add', RED, 1)]))
      yield* wait(tx.apply([patched(user, (yield* wait(tx.get(user, 1)))!, { rank: 9 })], []))
      throw new RangeError('no')
    })
    await expect(failing).rejects.toThrow(new RangeError('no'))
    expect(await idsOfRows(store, todo)).toEqual([])
    expect((await existing(store, user, 1))[5]).toBeNull()
    await store.read(function* (snapshot) {
      expect(yield* wait(snapshot.pairs(teams, userSide, [1], null))).toEqual([])
      expect(snapshot.position).toBe(before)
    })
    expect(await store.commits(before, 10)).toEqual([])
    expect(await nextId(store)).toBeGreaterThan(handedOut)
  })

  test('one failing unit does not touch those that arrive with it', async () => {
    const { store } = await opened(make)
    const units = [1, 2, 3, 4].map(id =>
      store.write(function* (tx) {
        yield* wait(tx.apply([created(user, { id, email: `${id}` })], []))
        if (id % 2 === 0) throw new RangeError(`${id}`)
        return id
      }),
    )
    const outcomes = await Promise.allSettled(units)
    expect(outcomes.map(outcome => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected'])
    expect(await idsOfRows(store, user)).toEqual([1, 3])
  })

  test('ids: never one that was handed out, reserved or stored', async () => {
    const { store } = await opened(make)
    expect(await nextId(store)).toBe(1)
    expect(await nextId(store)).toBe(2)
    await store.write(function* (tx) {
      yield* wait(undefined)
      tx.reserve(todo, 10)
      tx.reserve(todo, 4)
    })
    expect(await nextId(store)).toBe(11)
    await store.write(function* (tx) {
      tx.reserve(todo, 30)
      yield* wait(tx.apply([created(todo, { id: 30, text: 'y' })], []))
    })
    await put(store, deleted(todo, await existing(store, todo, 30)))
    expect(await nextId(store)).toBe(31)
  })

  test.each<[string, () => RowChange[], string[]]>([
    ['a field', () => [created(user, { id: 9, email: 'a' })], ['#/email']],
    ['several fields together', () => [created(todo, { id: 9, text: 't', owner: 1 })], ['#/owner', '#/text']],
    ['a one-to-one relation', () => [created(passport, { id: 'Q', owner: 1 })], ['#/owner']],
    ['an id', () => [created(user, { id: 1, email: 'new' })], ['#/id']],
    ['two new rows', () => [created(user, { id: 8, email: 'n' }), created(user, { id: 9, email: 'n' })], ['#/email']],
  ])('what is unique stays unique: %s', async (_, changes, pointers) => {
    const { store } = await opened(make)
    await put(store, created(user, { id: 1, email: 'a' }), created(user, { id: 2, email: 'b' }))
    await put(store, created(todo, { id: 1, text: 't', owner: 1 }), created(passport, { id: 'P', owner: 1 }))
    const error = await refusal(put(store, ...changes()))
    expect(error.code).toBe('conflict')
    expect(error.issues.map(issue => [issue.code, issue.pointer])).toEqual(pointers.map(pointer => ['unique', pointer]))
    expect(await idsOfRows(store, user)).toEqual([1, 2])
  })

  test('nulls are not equal, and a freed value may be taken in the same apply', async () => {
    const { store } = await opened(make)
    await put(store, created(todo, { id: 1, text: 't' }), created(todo, { id: 2, text: 't' }))
    await put(
      store,
      created(passport, { id: 'P' }),
      created(passport, { id: 'Q' }),
      created(user, { id: 1, email: 'a' }),
    )
    await put(store, patched(passport, await existing(store, passport, 'P'), { owner: 1 }))
    const [p, q] = [await existing(store, passport, 'P'), await existing(store, passport, 'Q')]
    await put(store, patched(passport, p, { owner: null }), patched(passport, q, { owner: 1 }))
    expect((await existing(store, passport, 'Q'))[3]).toBe(1)
  })

  test('an apply that throws wrote nothing, and the unit may go on', async () => {
    const { store } = await opened(make)
    await put(store, created(user, { id: 1, email: 'a' }), created(team, { id: RED, title: 'red' }))
    await store.write(function* (tx) {
      const start = tx.position
      try {
        yield* wait(
          tx.apply(
            [created(user, { id: 2, email: 'b' }), created(user, { id: 3, email: 'a' })],
            [member('add', RED, 1)],
          ),
        )
        expect.unreachable()
      } catch (error) {
        expect(error).toBeInstanceOf(ApiError)
      }
      expect(tx.position).toBe(start)
      expect(yield* wait(tx.get(user, 2))).toBeUndefined()
      expect(yield* wait(tx.pairs(teams, userSide, [1], null))).toEqual([])
      yield* wait(tx.apply([created(user, { id: 4, email: 'c' })], []))
      expect(tx.position).toBe(start + 1)
    })
    expect(await idsOfRows(store, user)).toEqual([1, 4])
  })

  test('a unit does not end with a reference that leads nowhere', async () => {
    const { store } = await opened(make)
    await put(store, created(user, { id: 1, email: 'a' }), created(todo, { id: 1, text: 't', owner: 1 }))
    expect((await refusal(put(store, created(todo, { id: 2, text: 't', owner: 77 })))).code).toBe('conflict')
    expect((await refusal(put(store, deleted(user, await existing(store, user, 1))))).code).toBe('conflict')
    expect(await idsOfRows(store, user)).toEqual([1])
    // In between it may: the order of changes is that of the request.
    await put(store, deleted(user, await existing(store, user, 1)), deleted(todo, await existing(store, todo, 1)))
    await put(store, created(todo, { id: 3, text: 't', owner: 5 }), created(user, { id: 5, email: 'e' }))
    expect((await existing(store, todo, 3))[owner.slot]).toBe(5)
  })

  test('pairs exist once, and go once', async () => {
    const { store } = await opened(make)
    await put(store, created(user, { id: 1, email: 'a' }), created(team, { id: RED, title: 'red' }))
    const linked = (op: 'add' | 'remove', times: number): Promise<unknown> =>
      store.write(function* (tx) {
        for (let i = 0; i < times; i++) yield* wait(tx.apply([], [member(op, RED, 1)]))
        return yield* wait(tx.pairs(teams, userSide, [1], null))
      })
    expect(await linked('add', 2)).toEqual([[1, RED]])
    expect(await linked('remove', 1)).toEqual([])
    expect(await linked('remove', 1)).toEqual([])
  })

  test('changed follows the resource, not its neighbours', async () => {
    const { store } = await opened(make)
    await put(store, created(user, { id: 1, email: 'a' }))
    await put(store, created(todo, { id: 1, text: 't' }))
    await store.read(function* (snapshot) {
      yield* wait(undefined)
      expect(snapshot.changed(todo)).toBe(snapshot.position)
      expect(snapshot.changed(user)).toBe(snapshot.position - 1)
    })
    await put(store, deleted(todo, await existing(store, todo, 1)))
    await store.read(function* (snapshot) {
      yield* wait(undefined)
      expect(snapshot.changed(todo)).toBe(snapshot.position)
    })
  })

  test('a row that was read stays as it was', async () => {
    const { store } = await opened(make)
    await put(store, created(user, { id: 1, email: 'a', rank: 1 }))
    const before = await existing(store, user, 1)
    const copy: Row = before.slice()
    await put(store, patched(user, before, { rank: 2 }))
    expect(before).toEqual(copy)
  })
}
