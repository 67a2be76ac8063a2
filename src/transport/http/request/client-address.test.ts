import { expect, test } from 'vitest'
import { addressFinder } from './client-address.ts'
import type { Exchange } from '../exchange.ts'

const from = (address: string, forwarded?: string): Exchange =>
  ({ address, header: (name: string) => (name === 'x-forwarded-for' ? forwarded : undefined) }) as unknown as Exchange

test.each<[readonly string[], string, string | undefined, string]>([
  [[], '10.0.0.1', '6.6.6.6', '10.0.0.1'],
  [['10.0.0.0/8'], '10.0.0.1', undefined, '10.0.0.1'],
  [['10.0.0.0/8'], '10.0.0.1', '6.6.6.6', '6.6.6.6'],
  [['10.0.0.0/8'], '::ffff:10.0.0.1', '6.6.6.6', '6.6.6.6'],
  [['10.0.0.0/8'], '9.9.9.9', '6.6.6.6', '9.9.9.9'],
  // What the client itself wrote is further left.
  [['10.0.0.0/8'], '10.0.0.1', '1.1.1.1, 6.6.6.6', '6.6.6.6'],
  [['10.0.0.0/8'], '10.0.0.1', '1.1.1.1, 6.6.6.6, 10.0.0.2', '6.6.6.6'],
  [['10.0.0.0/8'], '10.0.0.1', 'unknown', '10.0.0.1'],
  [['fd00::/8', '127.0.0.1'], 'fd00::1', '2001:db8::9', '2001:db8::9'],
])('trusting %j, %s with %j is %s', (proxies, address, forwarded, expected) => {
  expect(addressFinder(proxies)(from(address, forwarded))).toBe(expected)
})

test.each(['proxy', '10.0.0.0/33', '10.0.0.0/x', ''])('%j is no network', proxy => {
  expect(() => addressFinder([proxy])).toThrow(/is not an address or network/)
})
