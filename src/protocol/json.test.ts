import { describe, expect, test } from 'vitest'
import { ApiError } from './error.ts'
import { parseJson } from './json.ts'
import { defaultLimits, type Limits } from './limits.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], pair => Number.parseInt(pair, 16))

function refusal(input: Uint8Array | string, limits: Partial<Limits> = {}): ApiError {
  try {
    parseJson(input, { ...defaultLimits, ...limits })
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
  throw new Error('accepted')
}

// Each line: name, body, code of the error, and the pointer where there is one.
const refused: [string, Uint8Array | string, string, string?][] = [
  ['empty body', '', 'bad_json'],
  ['only space', ' \n', 'bad_json'],
  ['trailing comma in an object', '{"title":"a",}', 'bad_json'],
  ['trailing comma in an array', '[1,]', 'bad_json'],
  ['unquoted key', '{title:"a"}', 'bad_json'],
  ['two documents', '{"title":"a"}{"title":"b"}', 'bad_json'],
  ['NaN', '{"title":"a","done":NaN}', 'bad_json'],
  ['Infinity', '[-Infinity]', 'bad_json'],
  ['unknown escape', '{"title":"\\x41"}', 'bad_json'],
  ['bad unicode escape', '{"title":"\\u12G4"}', 'bad_json'],
  ['signed unicode escape', '"\\u+123"', 'bad_json'],
  ['raw control character', '"a\nb"', 'bad_json'],
  ['open string', '"abc', 'bad_json'],
  ['string open after an escape', '"abc\\', 'bad_json'],
  ['open object', '{"a":1', 'bad_json'],
  ['open array', '[1', 'bad_json'],
  ['wrong closer', '[1}', 'bad_json'],
  ['no colon', '{"a" 1}', 'bad_json'],
  ['no comma', '[1 2]', 'bad_json'],
  ['single quotes', "{'a':1}", 'bad_json'],
  ['comment', '{}//', 'bad_json'],
  ['cut literal', 'tru', 'bad_json'],
  ['long literal', 'nulll', 'bad_json'],
  ['leading zero', '[01]', 'bad_json'],
  ['only a sign', '-', 'bad_json'],
  ['plus sign', '+1', 'bad_json'],
  ['no digits after the point', '1.', 'bad_json'],
  ['no digits before the point', '.5', 'bad_json'],
  ['no digits in the exponent', '1e+', 'bad_json'],
  ['hexadecimal', '0x10', 'bad_json'],
  ['byte order mark', hex('efbbbf7b7d'), 'bad_json'],
  ['no-break space', '\u{a0}1', 'bad_json'],
  ['surrogate written in UTF-8', hex('7b227469746c65223a22eda080227d'), 'bad_encoding'],
  ['cut UTF-8', hex('22c3'), 'bad_encoding'],
  ['overlong UTF-8', hex('22c0af22'), 'bad_encoding'],
  ['lone surrogate in a string that was decoded elsewhere', '"\ud800"', 'bad_encoding'],
  ['lone high surrogate', '{"title":"\\ud800"}', 'validation', '#/title'],
  ['lone low surrogate', '{"title":"a\\udc00b"}', 'validation', '#/title'],
  ['two high surrogates', '["\\ud800\\ud800"]', 'validation', '#/0'],
  ['high surrogate before another escape', '["\\ud800\\n"]', 'validation', '#/0'],
  ['lone surrogate in a key', '{"x":{"a\\udc00":1}}', 'validation', '#/x'],
  ['U+0000', '{"title":"a\\u0000b"}', 'validation', '#/title'],
  ['U+0000 in a key', '{"a":1,"\\u0000":1}', 'validation'],
  ['infinite number', '{"a":[0,1e999]}', 'validation', '#/a/1'],
  ['infinite number, negative', '-1e309', 'validation'],
  ['integer beyond 2^53', '{"owner":9007199254740993}', 'validation', '#/owner'],
  ['integer beyond 2^53, negative', '[-9007199254740993]', 'validation', '#/0'],
  ['800,000 digits', `{"title":"a","owner":${'1'.repeat(800_000)}}`, 'validation', '#/owner'],
  ['800,000 digits with a fraction', `${'1'.repeat(800_000)}.5`, 'validation'],
  ['__proto__ with an object', '{"__proto__":{"polluted":1,"role":"admin"}}', 'validation', '#/__proto__'],
  ['__proto__ with null', '{"__proto__":null}', 'validation', '#/__proto__'],
  ['__proto__ in escapes', '{"\\u005f_proto__":null}', 'validation', '#/__proto__'],
  ['constructor', '{"constructor":{"prototype":{"polluted":1}}}', 'validation', '#/constructor'],
  ['prototype', '{"prototype":{"polluted":1}}', 'validation', '#/prototype'],
  ['duplicate key', '{"title":"a","title":"b"}', 'duplicate_key', '#/title'],
  ['duplicate key in escapes', '{"op":1,"\\u006fp":2}', 'duplicate_key', '#/op'],
  ['duplicate key deeper', '[{"a/b":{"x":1,"y":[{"x":2}],"x":3}}]', 'duplicate_key', '#/0/a~1b/x'],
  [
    'duplicate among many',
    `{${Array.from({ length: 40 }, (_, i) => `"k${i % 39}":0`).join()}}`,
    'duplicate_key',
    '#/k0',
  ],
  ['100,000 arrays', '['.repeat(100_000) + ']'.repeat(100_000), 'depth_exceeded'],
  ['20,000 objects', '{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000), 'depth_exceeded'],
  ['200 negations', '{"not":'.repeat(200) + '{"id":1}' + '}'.repeat(200), 'depth_exceeded'],
  [
    '30,000 colliding keys',
    `{${Array.from({ length: 30_000 }, (_, i) => `"${i * 33_554_432}":1`).join()}}`,
    'too_many_keys',
  ],
  ['keys of all objects', `[${Array.from({ length: 101 }, () => manyKeys(100)).join()}]`, 'too_many_keys'],
  ['40,000 items', `{"where":{"id":{"in":[${Array.from({ length: 40_000 }, (_, i) => i).join()}]}}}`, 'too_many_items'],
]

function manyKeys(count: number): string {
  return `{${Array.from({ length: count }, (_, i) => `"k${i}":1`).join()}}`
}

describe('parseJson refuses', () => {
  test.each(refused)('%s', (_name, body, code, pointer) => {
    const error = refusal(body)
    expect(error.code).toBe(code)
    if (pointer !== undefined) expect(error.issues[0]?.pointer).toBe(pointer)
    expect(error.status).toBe(400)
  })

  test('and says where, in bytes', () => {
    expect(refusal('{"ä":1,}').message).toContain('byte 8')
    expect(refusal('{"a":nul}').message).toContain('byte 5')
  })

  test('nothing at the limit, but one more', () => {
    const limits = { ...defaultLimits, jsonDepth: 3, keys: 2, totalKeys: 3, items: 2 }
    expect(parseJson('[[[1,2],3]]', limits)).toEqual([[[1, 2], 3]])
    expect(refusal('[[[[]]]]', limits).code).toBe('depth_exceeded')
    expect(refusal('[1,2,3]', limits).code).toBe('too_many_items')
    expect(parseJson('[{"a":1,"b":2},{"a":1}]', limits)).toEqual([{ a: 1, b: 2 }, { a: 1 }])
    expect(refusal('{"a":1,"b":2,"c":3}', limits).code).toBe('too_many_keys')
    expect(refusal('[{"a":1,"b":2},{"a":1,"b":2}]', limits).code).toBe('too_many_keys')
  })
})

describe('parseJson takes', () => {
  test.each([
    'null',
    ' true ',
    'false',
    '0',
    '-0',
    '-12.5e-3',
    '1E+2',
    '1e308',
    '9007199254740991',
    '-9007199254740991',
    '123456789012345678.5',
    '""',
    '"x"',
    '"\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u00e9"',
    '{"title":"\\ud83d\\ude00 ok"}',
    '"é 😀 \u2028"',
    '[]',
    '{}',
    '[null,null]',
    '\r\n\t[ 1 , { "a" : [ ] } ]\n',
    '{"a":{"a":1},"b":{"a":1},"":0}',
    '{"hasOwnProperty":1,"toJSON":"x","then":"y","toString":1}',
    manyKeys(100),
  ])('%s as JSON.parse does', text => {
    expect(parseJson(text, defaultLimits)).toEqual(JSON.parse(text))
    expect(parseJson(new TextEncoder().encode(text), defaultLimits)).toEqual(JSON.parse(text))
  })
})
