import { describe, expect, test } from 'vitest'
import { ApiError } from '../../protocol/error.ts'
import { HashingQueue, type Purpose } from './hashing-queue.ts'

/** A queue with its own clock. Work in it ends when the test says so. */
function bench(atOnce: number) {
  let now = 0
  const queue = new HashingQueue({ atOnce, clock: () => now })
  const begun: string[] = []
  const ends: (() => void)[] = []
  const enter = (purpose: Purpose, name: string): void => {
    const work = (): Promise<void> => {
      begun.push(name)
      return new Promise(resolve => ends.push(resolve))
    }
    void queue.run(purpose, work)
  }
  /** Ends the work that began first, and lets the next one begin. */
  const end = async (milliseconds = 50): Promise<void> => {
    now += milliseconds
    ends.shift()!()
    for (let i = 0; i < 5; i++) await Promise.resolve()
  }
  const refusal = (purpose: Purpose, count = 1): ApiError | null => {
    try {
      queue.admit(purpose, count)
      return null
    } catch (thrown) {
      return thrown as ApiError
    }
  }
  return { enter, end, begun, refusal }
}

describe('the queue of hashes', () => {
  test('does so many at once', async () => {
    const { enter, end, begun } = bench(2)
    for (const name of ['a', 'b', 'c', 'd']) enter('login', name)
    expect(begun).toEqual(['a', 'b'])
    await end()
    expect(begun).toEqual(['a', 'b', 'c'])
    await end()
    await end()
    await end()
    enter('login', 'e')
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  test('serves logins and writes in turn', async () => {
    const { enter, end, begun } = bench(1)
    for (let i = 1; i <= 40; i++) enter('write', `write ${i}`)
    for (const name of ['ann', 'bob', 'cleo']) enter('login', name)
    for (let i = 0; i < 6; i++) await end()
    expect(begun).toEqual(['write 1', 'ann', 'write 2', 'bob', 'write 3', 'cleo', 'write 4'])
  })

  test('refuses a caller who would wait longer than three seconds, and says when to try again', () => {
    const { enter, refusal } = bench(1)
    expect(refusal('write', 1_000)).toBeNull()
    enter('write', 'running')
    for (let i = 1; i <= 50; i++) enter('write', `write ${i}`)
    expect(refusal('write', 10)).toBeNull()
    expect(refusal('write', 11)).toMatchObject({ code: 'unavailable', status: 503, headers: { 'retry-after': '4' } })
    expect(refusal('write', 40)).toMatchObject({ headers: { 'retry-after': '5' } })
  })

  test('a long line of writes does not refuse logins, but they wait for their turns', () => {
    const { enter, refusal } = bench(1)
    for (let i = 1; i <= 61; i++) enter('write', `write ${i}`)
    expect(refusal('write')).not.toBeNull()
    expect(refusal('login')).toBeNull()
    for (let i = 1; i < 30; i++) enter('login', `login ${i}`)
    expect(refusal('login')).toBeNull()
    enter('login', 'login 30')
    expect(refusal('login')).not.toBeNull()
  })

  test('learns how long a hash takes', async () => {
    const { enter, end, refusal } = bench(1)
    for (let i = 1; i <= 40; i++) enter('login', `login ${i}`)
    expect(refusal('login', 10)).toBeNull()
    for (let i = 0; i < 10; i++) await end(250)
    expect(refusal('login', 10)).toMatchObject({ headers: { 'retry-after': '8' } })
    for (let i = 0; i < 20; i++) await end(10)
    expect(refusal('login', 100)).toBeNull()
  })

  test('goes on after work that fails', async () => {
    const queue = new HashingQueue({ atOnce: 1 })
    await expect(queue.run('login', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await queue.run('login', () => Promise.resolve('yes'))).toBe('yes')
  })
})
