import { describe, expect, test } from 'vitest'
import { readRange } from './range.ts'

describe('a range of ten bytes', () => {
  test.each([
    [undefined, null],
    ['bytes=0-4', { start: 0, end: 4 }],
    ['bytes=5-', { start: 5, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-30', { start: 0, end: 9 }],
    ['bytes=0-99', { start: 0, end: 9 }],
    ['bytes=9-9', { start: 9, end: 9 }],
    ['Bytes = 0-0', { start: 0, end: 0 }],
    // Ignored (RFC 9110 §14.2): several ranges, other units, and invalid ones.
    ['bytes=0-1,3-4', null],
    ['items=0-4', null],
    ['bytes=4-2', null],
    ['bytes=-', null],
    ['bytes=a-b', null],
    ['bytes=1', null],
    ['', null],
  ])('%s', (header, expected) => expect(readRange(header, 10)).toEqual(expected))

  test.each(['bytes=10-', 'bytes=10-12', 'bytes=-0', `bytes=${'9'.repeat(400)}-`])('%s is behind its end', header =>
    expect(() => readRange(header, 10)).toThrow(
      expect.objectContaining({ code: 'range_not_satisfiable', headers: { 'content-range': 'bytes */10' } }),
    ),
  )

  test('an empty file has no ranges', () => {
    expect(() => readRange('bytes=0-', 0)).toThrow('0 bytes')
    expect(readRange(undefined, 0)).toBeNull()
  })
})
