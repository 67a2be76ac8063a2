import { expect, test } from 'vitest'
import { Leases } from '../../store/shared/leases.ts'
import type { Store } from '../../store/store.ts'
import type { MakeStore } from './opened.ts'
import { opened } from './opened.ts'

/** Puts a text under a key and returns the one before. */
const exchange = async (store: Store, key: string, text: string | null, until?: number): Promise<string | undefined> =>
  store.shared.update(key, found => ({ value: found, text, ...(until !== undefined && { until }) }))

const peek = async (store: Store, key: string): Promise<string | undefined> =>
  store.shared.update(key, found => ({ value: found }))

const increment = async (store: Store, key: string): Promise<number> =>
  store.shared.update(key, found => {
    const value = Number(found ?? 0) + 1
    return { value, text: String(value) }
  })

export function sharedTests(make: MakeStore): void {
  test('a text is replaced, kept and removed', async () => {
    const { store } = await opened(make)
    expect(await exchange(store, 'k', 'one')).toBeUndefined()
    expect(await exchange(store, 'k', 'two')).toBe('one')
    expect(await peek(store, 'k')).toBe('two')
    expect(await peek(store, 'other')).toBeUndefined()
    expect(await exchange(store, 'k', null)).toBe('two')
    expect(await peek(store, 'k')).toBeUndefined()
    expect(await exchange(store, 'k', 'three')).toBeUndefined()
    expect(await peek(store, 'k')).toBe('three')
  })

  test('texts are listed by how their keys begin, those that are kept for longest first', async () => {
    const { store, clock } = await opened(make)
    for (const [i, key] of ['a%1', 'a%2', 'a%3', 'ab', 'A%'].entries())
      await exchange(store, key, key, clock.now + 10 + i)
    await exchange(store, 'a%over', 'x', clock.now + 5)
    clock.now += 5
    const list = async (most: number): Promise<string[]> =>
      (await store.shared.list('a%', most)).map(({ key, text }) => `${key} ${text}`)
    expect(await list(10)).toEqual(['a%3 a%3', 'a%2 a%2', 'a%1 a%1'])
    expect(await list(2)).toEqual(['a%3 a%3', 'a%2 a%2'])
  })

  test('a text is over at its moment', async () => {
    const { store, clock } = await opened(make)
    await exchange(store, 'k', 'text', clock.now + 1_000)
    clock.now += 999
    expect(await peek(store, 'k')).toBe('text')
    clock.now += 1
    expect(await peek(store, 'k')).toBeUndefined()
    expect(await exchange(store, 'k', 'next', clock.now + 1)).toBeUndefined()
    expect(await peek(store, 'k')).toBe('next')
  })

  test('a step that throws changes nothing, and its neighbours are done', async () => {
    const { store } = await opened(make)
    const failing = async (): Promise<unknown> =>
      store.shared.update('k', () => {
        throw new Error('no')
      })
    const results = await Promise.allSettled([increment(store, 'k'), failing(), increment(store, 'k')])
    expect(results.map(one => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await peek(store, 'k')).toBe('2')
  })

  test('of many at the same time, none is lost', async () => {
    const { store } = await opened(make)
    const keys = ['a', 'b', 'c']
    const counts = await Promise.all(Array.from({ length: 300 }, (_, i) => increment(store, keys[i % 3]!)))
    expect(counts.toSorted((x, y) => x - y)).toEqual(Array.from({ length: 300 }, (_, i) => Math.floor(i / 3) + 1))
  })

  test('it does not move the position, and nobody is told', async () => {
    const { store } = await opened(make)
    const told: number[] = []
    const stop = store.onCommit(() => told.push(1))
    await exchange(store, 'k', 'text')
    expect(await store.commits(0, 10)).toEqual([])
    expect(told).toEqual([])
    stop()
  })

  test('one holder has a lease, and the number of the next is higher', async () => {
    const { store } = await opened(make)
    let byte = 0
    const random = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, () => byte++ % 256)
    const [one, other] = [new Leases({ store, random }), new Leases({ store, random })]
    const taken = await Promise.all([one.take('l'), other.take('l'), one.take('l'), other.take('m')])
    const [first, ...rest] = taken.slice(0, 3).filter(lease => lease !== null)
    expect(rest).toEqual([])
    expect(taken[3]).not.toBeNull()
    expect([await one.isHeld('l'), await one.isHeld('n')]).toEqual([true, false])
    const next = other.wait('l')
    await first!.release()
    expect(first!.over.aborted).toBe(true)
    expect((await next).number).toBe(first!.number + 1)
    await Promise.all([one.close(), other.close()])
    expect(await one.isHeld('l')).toBe(false)
  })

  test('a lease that nobody renews is over, and its holder hears that it is somebody else’s', async () => {
    const { store, clock } = await opened(make)
    const leases = new Leases({ store, random: bytes => new Uint8Array(bytes), duration: 300 })
    const first = (await leases.take('l'))!
    // As if the holder had hung meanwhile.
    clock.now += 301
    const second = (await leases.take('l'))!
    expect(second.number).toBe(first.number + 1)
    await new Promise<void>(resolve => {
      if (first.over.aborted) resolve()
      else first.over.addEventListener('abort', () => resolve())
    })
    // What the first one gives back is not taken from the second.
    await first.release()
    expect(await leases.isHeld('l')).toBe(true)
    await leases.close()
  })
}
