import { expect, test } from 'vitest'
import { formatPosition, parsePosition, positionsOfTag } from './position.ts'

test.each([
  ['k3x9q0', 0],
  ['000000', 17],
  ['zzzzzz', Number.MAX_SAFE_INTEGER],
])('a position of %s at %d survives its text', (epoch, seq) => {
  expect(parsePosition(formatPosition(epoch, seq))).toEqual({ epoch, seq })
})

test.each([
  ['k3x9q0.7', [7]],
  ['k3x9q0.7~1700', [7]],
  ['k3x9q0.7.1a2b3c', [7]],
  ['k3x9q0.7.1a2b3c-123456', [7]],
  ['k3x9q0.7.1a2b3c-anonymous.9', [7, 9]],
  ['k3x9q0.7.1a2b3c.9~1700', [7, 9]],
  ['k3x9q0.7.1a2b3c.b4c5d6.9', [7, 9]],
  ['k3x9q0.7.1a2b3c.text-csv', [7]],
  ['k3x9q0.7.1a2b3c.9.application-vnd.api-json', [7, 9]],
  ['k3x9q0.7.application-vnd.api-json', [7]],
  ['k3x9q0', null],
  ['W/x', null],
])('the tag %s names positions %j', (tag, seqs) => {
  expect(positionsOfTag(tag)?.map(({ seq }) => seq) ?? null).toEqual(seqs)
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
