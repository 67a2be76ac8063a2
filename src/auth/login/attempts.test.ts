import { describe, expect, test } from 'vitest'
import { ApiError } from '../../protocol/error.ts'
import { Attempts, networkOf } from './attempts.ts'

const minute = 60_000
const tries = (attempts: Attempts, times: number, address: string, account: string, now = 0): number => {
  let through = 0
  for (let i = 0; i < times; i++) {
    try {
      attempts.begin(address, account, now)
      through++
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'rate_limited') throw error
    }
  }
  return through
}

describe('attempts', () => {
  test('after ten attempts for one account from one address, further ones are refused for a while', () => {
    const attempts = new Attempts()
    expect(tries(attempts, 20, '1.1.1.1', 'ann')).toBe(10)
    expect(tries(attempts, 20, '1.1.1.1', 'ann', 15 * minute - 1)).toBe(0)
    expect(tries(attempts, 20, '1.1.1.1', 'ann', 15 * minute)).toBe(10)
  })

  test('say when to come again', () => {
    const attempts = new Attempts()
    tries(attempts, 10, '1.1.1.1', 'ann')
    expect(() => attempts.begin('1.1.1.1', 'ann', 14.5 * minute)).toThrow(
      expect.objectContaining({ code: 'rate_limited', headers: { 'retry-after': '30' } }) as Error,
    )
  })

  test('the owner of an account that is tried from elsewhere gets in', () => {
    const attempts = new Attempts()
    tries(attempts, 20, '6.6.6.6', 'ann')
    expect(tries(attempts, 1, '1.1.1.1', 'ann')).toBe(1)
  })

  test('a hundred from one address, whatever the account', () => {
    const attempts = new Attempts()
    let through = 0
    for (let i = 0; i < 200; i++) through += tries(attempts, 1, '6.6.6.6', `user ${i}`)
    expect(through).toBe(100)
    expect(tries(attempts, 1, '6.6.6.7', 'user 1')).toBe(1)
  })

  test('those that succeed do not count', () => {
    const attempts = new Attempts()
    for (let i = 0; i < 500; i++) {
      attempts.begin('1.1.1.1', 'ann', 0)
      attempts.succeeded('1.1.1.1', 'ann')
    }
    expect(tries(attempts, 20, '1.1.1.1', 'ann')).toBe(10)
  })

  test('a limit of 0 is no limit', () => {
    expect(tries(new Attempts({ account: 0, address: 0 }), 1000, '1.1.1.1', 'ann')).toBe(1000)
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
