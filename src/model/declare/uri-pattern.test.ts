import { describe, expect, expectTypeOf, test } from 'vitest'
import { byExactness, canonicalUri, listOf, uriPattern, type ParamsOf, type UriPattern } from './uri-pattern.ts'

const compiled = (text: string): UriPattern => {
  const pattern = uriPattern(text)
  if (typeof pattern === 'string') throw new Error(pattern)
  return pattern
}

describe('patterns', () => {
  test.each([
    ['/apples/', '/apples/', {}],
    ['/apples/', '/apples', null],
    ['/apples/<int:key>', '/apples/7', { key: 7 }],
    ['/apples/<int:key>', '/apples/007', null],
    ['/apples/<int:key>', '/apples/-1', null],
    ['/apples/<int:key>', '/apples/1e3', null],
    ['/apples/<int:key>', '/apples/99999999999999999999', null],
    ['/apples/<int(signed=True):key>', '/apples/-1', { key: -1 }],
    ['/apples/<int(min=2,max=5):key>', '/apples/5', { key: 5 }],
    ['/apples/<int(min=2,max=5):key>', '/apples/6', null],
    ['/apples/<int(fixed_digits=3):key>', '/apples/007', { key: 7 }],
    ['/apples/<int(fixed_digits=3):key>', '/apples/7', null],
    ['/f/<float:v>', '/f/1.5', { v: 1.5 }],
    ['/f/<float:v>', '/f/1', null],
    ['/p/<path:v>', '/p/a/b/c', { v: 'a/b/c' }],
    ['/p/<path:v>/end', '/p/a/b/end', { v: 'a/b' }],
    ['/p/<path:v>', '/p/', null],
    ['/y/<any(red,blue):v>', '/y/red', { v: 'red' }],
    ['/y/<any(red, blue):v>', '/y/green', null],
    ['/y/<any(a.b):v>', '/y/axb', null],
    ['/u/<uuid:v>', '/u/0190a7c0-0000-7000-8000-000000000001', { v: '0190a7c0-0000-7000-8000-000000000001' }],
    ['/u/<uuid:v>', '/u/7', null],
    ['/s/<string(length=3):v>', '/s/abc', { v: 'abc' }],
    ['/s/<string(length=3):v>', '/s/abcd', null],
    ['/s/<string(minlength=2,maxlength=3):v>', '/s/a', null],
    ['/s/<name>', '/s/a b', { name: 'a b' }],
    ['/s/<name>', '/s/a/b', null],
    ['/s/:name', '/s/ann', { name: 'ann' }],
    ['/owners/<int:owner>/pets/', '/owners/3/pets/', { owner: 3 }],
    ['/v<int:a>-<int:b>.json', '/v1-2.json', { a: 1, b: 2 }],
    ['/a+b', '/aab', null],
  ])('%s and %s', (text, uri, params) => {
    expect(compiled(text).match(uri)).toEqual(params)
  })

  test.each([
    ['apples/', 'slash'],
    ['/a//b', 'empty segment'],
    ['/a?b', '"?"'],
    ['/<integer:x>', 'converter "integer"'],
    ['/<int:x>/<x>', 'two variables called "x"'],
    ['/<any():x>', 'words'],
    ['/<int(3):x>', 'name=value'],
    ['/<int(step=3):x>', 'means nothing'],
    ['/<__proto__>', 'JavaScript'],
    ['/<a b>', 'no <converter'],
    ['/<a', 'no <converter'],
    ['/a>', 'other half'],
  ])('%s is refused: %s', (text, why) => {
    expect(uriPattern(text)).toContain(why)
  })

  test('static beats numbers, numbers beat text, text beats several segments', () => {
    const given = ['/t/<path:x>', '/t/<name>', '/t/<int:id>', '/t/me', '/t/<any(a,b):x>', '/t/<name>/<int:id>']
    expect(
      given
        .map(compiled)
        .toSorted(byExactness)
        .map(({ text }) => text),
    ).toEqual(['/t/me', '/t/<any(a,b):x>', '/t/<int:id>', '/t/<name>', '/t/<name>/<int:id>', '/t/<path:x>'])
  })

  test('a URI has one leading slash, and its list is one level up', () => {
    expect(['todo/5', '//todo/5', '/todo/5'].map(canonicalUri)).toEqual(['/todo/5', '/todo/5', '/todo/5'])
    expect(['/posts/7/comments/1', '/todo/', '/1'].map(listOf)).toEqual(['/posts/7/comments/', '/todo/', '/'])
  })

  test('types of variables come from the pattern', () => {
    expectTypeOf<ParamsOf<'/a/<int:x>/<name>/:y'>>().toEqualTypeOf<{
      readonly x: number
      readonly name: string
      readonly y: string
    }>()
    expectTypeOf<ParamsOf<'/a/<int(min=1):x>/<float:f>'>>().toEqualTypeOf<{ readonly x: number; readonly f: number }>()
  })
})
