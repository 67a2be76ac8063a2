import { describe, expect, test } from 'vitest'
import { readDate, readTags, writeDate } from './read-conditions.ts'

describe('entity tags (RFC 9110 §8.8.3)', () => {
  test.each([
    ['*', '*'],
    ['"7"', [{ value: '7', weak: false }]],
    ['W/"7"', [{ value: '7', weak: true }]],
    [
      '"a,b", "c"',
      [
        { value: 'a,b', weak: false },
        { value: 'c', weak: false },
      ],
    ],
    [
      '"a",W/"b" , "c"',
      [
        { value: 'a', weak: false },
        { value: 'b', weak: true },
        { value: 'c', weak: false },
      ],
    ],
    [
      ', "a",, "b"',
      [
        { value: 'a', weak: false },
        { value: 'b', weak: false },
      ],
    ],
    ['""', [{ value: '', weak: false }]],
  ])('%s', (text, tags) => expect(readTags('if-match', text)).toEqual(tags))

  test.each(['', ' ', '7', '"7', 'w/"7"', '"a""b"', '"a" *', 'W/ "a"'])('%j is refused', text => {
    expect(() => readTags('if-match', text)).toThrow(
      expect.objectContaining({ code: 'bad_request', issues: [expect.objectContaining({ header: 'if-match' })] }),
    )
  })
})

describe('dates (RFC 9110 §5.6.7)', () => {
  const moment = Date.UTC(1994, 10, 6, 8, 49, 37)
  test.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', moment],
    ['Sunday, 06-Nov-94 08:49:37 GMT', moment],
    ['Sun Nov  6 08:49:37 1994', moment],
    ['yesterday', null],
    ['1994-11-06T08:49:37Z', null],
    ['Sun, 31 Feb 1994 08:49:37 GMT', null],
    ['Sun, 06 Nov 1994 08:49:37 +0100', null],
    ['', null],
  ])('%j', (text, at) => expect(readDate(text)).toBe(at))

  test('written dates are read back, without their milliseconds', () => {
    expect(writeDate(moment + 999)).toBe('Sun, 06 Nov 1994 08:49:37 GMT')
    expect(writeDate(moment + 1000)).toBe('Sun, 06 Nov 1994 08:49:38 GMT')
    expect(readDate(writeDate(moment))).toBe(moment)
  })
})
