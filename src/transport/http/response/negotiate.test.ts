import { describe, expect, test } from 'vitest'
import { mediaOf, type BodyMethod } from '../request/body.ts'
import { negotiate } from './negotiate.ts'
import { readParameters, writeParameters } from '../request/parameters.ts'
import { noPreferences, readPreferences, type Preferences } from '../request/prefer.ts'
import type { Exchange } from '../exchange.ts'

describe('Accept (RFC 9110 §12.5.1)', () => {
  test.each([
    undefined,
    '*/*',
    'application/json',
    'APPLICATION/JSON',
    'application/*',
    'application/problem+json',
    'text/html, application/json;q=0.1',
    'text/html;q=1, */*;q=0.01',
    'application/json;charset=utf-8',
    'application/json ; q=0.5',
  ])('%s is answered in JSON', accept => expect(negotiate(accept).type).toBe('application/json'))

  test.each([
    'text/html',
    'application/json;q=0, application/problem+json;q=0',
    'application/json;q=0, application/problem+json;q=0, */*',
    'application/*;q=0, */*;q=1',
    'application/json;q=2',
    'application',
    '',
  ])('%j is not acceptable', accept => {
    expect(() => negotiate(accept)).toThrow(
      expect.objectContaining({ code: 'not_acceptable', members: { available: ['application/json'] } }),
    )
  })
})

describe('content types', () => {
  const of = (method: BodyMethod, contentType?: string, contentEncoding?: string) =>
    mediaOf({ contentType, contentEncoding } as Exchange, method, 1_000)
  test.each<[BodyMethod, string, string]>([
    ['POST', 'application/json', 'json'],
    ['POST', 'Application/JSON; charset=UTF-8', 'json'],
    ['POST', 'application/json;charset="utf-8"', 'json'],
    ['POST', 'application/vnd.todo.v1+json', 'json'],
    ['PATCH', 'application/merge-patch+json', 'merge'],
    ['PATCH', 'application/json-patch+json', 'patch'],
    ['PATCH', 'application/json', 'json'],
    ['QUERY', 'application/x-www-form-urlencoded', 'form'],
  ])('%s %s is read as %s', (method, type, media) => expect(of(method, type)).toBe(media))

  test.each<[BodyMethod, string | undefined, string]>([
    ['POST', undefined, 'accept-post'],
    ['POST', '', 'accept-post'],
    ['POST', 'text/plain', 'accept-post'],
    ['POST', 'application/json; charset=latin1', 'accept-post'],
    ['POST', 'application/x-www-form-urlencoded', 'accept-post'],
    ['POST', 'application/json-patch+json', 'accept-post'],
    ['PATCH', 'text/plain', 'accept-patch'],
    ['QUERY', 'application/sql', 'accept-query'],
  ])('%s %s is refused, with %s', (method, type, advertised) => {
    expect(() => of(method, type)).toThrow(
      expect.objectContaining({
        code: 'unsupported_media_type',
        headers: expect.objectContaining({ [advertised]: expect.stringContaining('application/json') }),
      }),
    )
  })

  test('a content coding is refused', () => {
    expect(() => of('POST', 'application/json', 'compress')).toThrow(
      expect.objectContaining({ code: 'unsupported_encoding' }),
    )
    expect(of('POST', 'application/json', 'identity')).toBe('json')
  })
})

describe('parameters', () => {
  test.each([
    ['', []],
    [
      'a=1&b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['a', [['a', '']]],
    [
      'a=&&b=x=y',
      [
        ['a', ''],
        ['b', 'x=y'],
      ],
    ],
    ['price%5Bgte%5D=1+2%2B3', [['price[gte]', '1 2+3']]],
    [
      'a=1&a=2',
      [
        ['a', '1'],
        ['a', '2'],
      ],
    ],
    ['__proto__=1', [['__proto__', '1']]],
  ])('%j', (text, found) => expect(readParameters(text, 10)).toEqual(found))

  test('broken escapes and too many are refused', () => {
    expect(() => readParameters('a=%E0%A4%A', 10)).toThrow(expect.objectContaining({ code: 'bad_encoding' }))
    expect(() => readParameters('a=%ff', 10)).toThrow(expect.objectContaining({ code: 'bad_encoding' }))
    expect(() => readParameters('a&b&c', 2)).toThrow(expect.objectContaining({ code: 'too_complex' }))
    expect(readParameters('a&b&', 2)).toHaveLength(2)
  })

  test('what is written is read back, and cannot break out of a header field', () => {
    const parameters = [
      ['na me', 'é>;\r\n"&=+%'],
      ['x', ''],
    ] as const
    const text = writeParameters(parameters)
    expect(text).toMatch(/^[\w%&=.*'()!~-]*$/)
    expect(readParameters(text, 10)).toEqual(parameters)
  })
})

test.each<[string | undefined, Partial<Preferences>]>([
  [undefined, {}],
  ['return=minimal', { return: 'minimal' }],
  ['respond-async, Return="representation"; x=1', { respondAsync: true, return: 'representation' }],
  ['return=minimal, return=representation', { return: 'minimal' }],
  ['handling=lenient, wait=10', { lenient: true, wait: 10 }],
  ['handling=strict, wait=soon', {}],
  ['make-me-a=sandwich', {}],
])('Prefer: %s', (prefer, wanted) => expect(readPreferences(prefer)).toEqual({ ...noPreferences, ...wanted }))
