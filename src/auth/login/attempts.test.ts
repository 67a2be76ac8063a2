import { describe, expect, test } from 'vitest'
import { ApiError } from '../../protocol/error.ts'
import { StateInMemory } from '../../store/shared/state-in-memory.ts'
import { Attempts, networkOf } from './attempts.ts'

const minute = 60_000
const clock = { now: 0 }
const shared = (): { shared: StateInMemory } => {
  clock.now = 0
  return { shared: new StateInMemory(() => clock.now) }
}
const tries = async (attempts: Attempts, times: number, address: string, account: string, now = 0): Promise<number> => {
  clock.now = now
  let through = 0
  for (let i = 0; i < times; i++) {
    try {
      await attempts.begin(address, account)
      through++
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'rate_limited') throw error
    }
  }
  return through
}

describe('attempts', () => {
  test('after ten attempts for one account from one address, further ones are refused for a while', async () => {
    const attempts = new Attempts(shared())
    expect(await tries(attempts, 20, '1.1.1.1', 'ann')).toBe(10)
    expect(await tries(attempts, 20, '1.1.1.1', 'ann', 15 * minute - 1)).toBe(0)
    expect(await tries(attempts, 20, '1.1.1.1', 'ann', 15 * minute)).toBe(10)
  })

  test('say when to come again', async () => {
    const attempts = new Attempts(shared())
    await tries(attempts, 10, '1.1.1.1', 'ann')
    clock.now = 14.5 * minute
    await expect(attempts.begin('1.1.1.1', 'ann')).rejects.toMatchObject({
      code: 'rate_limited',
      headers: { 'retry-after': '30' },
    })
  })

  test('the owner of an account that is tried from elsewhere gets in', async () => {
    const attempts = new Attempts(shared())
    await tries(attempts, 20, '6.6.6.6', 'ann')
    expect(await tries(attempts, 1, '1.1.1.1', 'ann')).toBe(1)
  })

  test('a hundred from one address, whatever the account', async () => {
    const attempts = new Attempts(shared())
    let through = 0
    for (let i = 0; i < 200; i++) through += await tries(attempts, 1, '6.6.6.6', `user ${i}`)
    expect(through).toBe(100)
    expect(await tries(attempts, 1, '6.6.6.7', 'user 1')).toBe(1)
  })

  test('those that succeed do not count', async () => {
    const attempts = new Attempts(shared())
    for (let i = 0; i < 500; i++) {
      await attempts.begin('1.1.1.1', 'ann')
      await attempts.succeeded('1.1.1.1', 'ann')
    }
    expect(await tries(attempts, 20, '1.1.1.1', 'ann')).toBe(10)
  })

  test('processes count together', async () => {
    const store = shared()
    expect(await tries(new Attempts(store), 6, '1.1.1.1', 'ann')).toBe(6)
    expect(await tries(new Attempts(store), 6, '1.1.1.1', 'ann')).toBe(4)
  })

  test('a limit of 0 is no limit', async () => {
    expect(await tries(new Attempts(shared(), { account: 0, address: 0 }), 1000, '1.1.1.1', 'ann')).toBe(1000)
  })
})

test.each([
  ['1.2.3.4', '1.2.3.4'],
  ['::ffff:1.2.3.4', '1.2.3.4'],
  ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1'],
  ['2001:0DB8::9', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
  ['', ''],
])('%s counts as %s', (address, network) => expect(networkOf(address)).toBe(network))
