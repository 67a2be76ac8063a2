import { expect, test } from 'vitest'
import { formatPosition, parsePosition } from './position.ts'

test.each([
  ['k3x9q0', 0],
  ['000000', 17],
  ['zzzzzz', Number.MAX_SAFE_INTEGER],
])('a position of %s at %d survives its text', (epoch, seq) => {
  expect(parsePosition(formatPosition(epoch, seq))).toEqual({ epoch, seq })
})

test.each([
  '',
  '0',
  'abc.1',
  'K3x9q0.1',
  'k3x9q0',
  'k3x9q0.',
  'k3x9q0.01',
  'k3x9q0.1e3',
  'k3x9q0.-1',
  ' k3x9q0.1',
  'k3x9q0.9007199254740993',
])('%j is no position', text => {
  expect(parsePosition(text)).toBeNull()
})
