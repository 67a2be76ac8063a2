import { describe, expect, test } from 'vitest'
import { dedent, marks, parseDocs } from './docs.ts'
import { SchemaError } from './text/schema-error.ts'

describe('parseDocs', () => {
  test.each<[string, string | null, object]>([
    ['no text', null, {}],
    ['empty text', '', { $desc: '' }],
    ['blank text', ' \n \t\n', { $desc: '' }],
    ['prose alone', '\n    Get hello\n\n      more\n    ', { $desc: 'Get hello\n\n  more' }],
    ['a mark of another kind of text', '$shared: 1', { $desc: '$shared: 1' }],
    [
      'prose and marks, indented as in code',
      '\n        Hi\n\n        $input:\n            name?str: Name\n        $output: @user\n    ',
      { $desc: 'Hi', $input: { 'name?str': 'Name' }, $output: '@user' },
    ],
    [
      'the earliest mark wins',
      'a\n$error:\n  404.NotFound: nf\n$input: int',
      {
        $desc: 'a',
        $error: { '404.NotFound': 'nf' },
        $input: 'int',
      },
    ],
    ['a mark in the first line', '$input:\n    a?int: A\n', { $desc: '', $input: { 'a?int': 'A' } }],
    ['a mark without a value', '$output:\n', { $desc: '', $output: null }],
    ['a quoted mark', '"$input": int', { $desc: '', $input: 'int' }],
    [
      'other members are kept, $desc is not',
      'x\n$input: int\nextra: 1\n$desc: y',
      { $desc: 'x', $input: 'int', extra: 1 },
    ],
    ['the later of equal keys wins', '$input: int\n$input: str', { $desc: '', $input: 'str' }],
    ['carriage returns', 'a\r\n$input:\r\n  b?int: c\r\n', { $desc: 'a', $input: { 'b?int': 'c' } }],
    [
      'YAML 1.1 scalars',
      '$error: {a: true, b: null, c: 1.5, d: 2020-01-02}',
      {
        $desc: '',
        $error: { a: true, b: null, c: 1.5, d: '2020-01-02' },
      },
    ],
    [
      'words that YAML 1.1 takes for booleans are names',
      '$input: {y: [yes], on: {n: No}, no: off}',
      { $desc: '', $input: { y: ['yes'], on: { n: 'No' }, no: 'off' } },
    ],
  ])('%s', (_, text, meta) => expect(parseDocs(text, marks.action)).toEqual(meta))

  test.each<[string, unknown]>([
    ['@user', '@user'],
    ['[&unique, @userid]', ['&unique', '@userid']],
    ['\n  - &minlen=1&unique\n  - @user', ['&minlen=1&unique', '@user']],
    ['"@a & *b"', '@a & *b'],
    ["{'a@b': '*'}", { 'a@b': '*' }],
    ['* all', '* all'],
    ['|-\n  @a\n  & b', '@a\n& b'],
    // The letters that replace the three characters may occur in the text.
    ['"\ue000 \\uE001 @"', '\ue000 \ue001 @'],
  ])('@, & and * are letters: %j', (yaml, value) => {
    expect(parseDocs(`$input: ${yaml}`, marks.action)['$input']).toEqual(value)
  })

  test('members are in the order of the text, and have no prototype', () => {
    const meta = parseDocs('$shared:\n  b: int\n  a: str\n  __proto__: {polluted: 1}', marks.resource)
    expect(Object.keys(meta['$shared'] as object)).toEqual(['b', 'a', '__proto__'])
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  test.each([
    '$input: [',
    'see $input for more',
    'the $input: int',
    '$input: a: b',
    '$input: int\n- x',
    '$input: !!js/function x',
    '$input: "\\q@"',
  ])('what is no YAML is told: %j', text => expect(() => parseDocs(text, marks.action)).toThrow(SchemaError))

  test('messages show the text as it was written', () => {
    expect(() => parseDocs('$input: "@user', marks.action)).toThrow('"@user')
  })
})

test.each([
  ['  a\n    b\n\n  c', 'a\n  b\n\nc'],
  ['\ta\n  b', '\ta\n  b'],
  ['a\n  b', 'a\n  b'],
  ['  \n    a\n  ', '\na\n'],
])('dedent %j', (text, expected) => expect(dedent(text)).toBe(expected))
