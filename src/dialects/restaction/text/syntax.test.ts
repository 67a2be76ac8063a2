import { describe, expect, test } from 'vitest'
import { processorTime } from '../../../testing/processor-time.ts'
import { isSyntaxFault, parseValidator } from './syntax.ts'

/** The parts without missing ones. */
function parts(text: string): object {
  const parsed = parseValidator(text)
  if (isSyntaxFault(parsed)) return { column: parsed.column }
  const { key, refers, name, args, params } = parsed
  return {
    ...(key === null ? {} : { key }),
    ...(refers.length ? { refers } : {}),
    ...(name === null ? {} : { name }),
    ...(args.length ? { args } : {}),
    ...(params.size ? { params: Object.fromEntries(params) } : {}),
  }
}

describe('a validator string', () => {
  test.each<[string, object]>([
    ['', {}],
    ['int', { name: 'int' }],
    ['int()', { name: 'int' }],
    ['int(0,9)&default=5', { name: 'int', args: [0, 9], params: { default: 5 } }],
    ['a ? int & min = 0 & optional ', { key: 'a', name: 'int', params: { min: 0, optional: true } }],
    ['\tint ( -1.5e3 , null )', { name: 'int', args: [-1500, null] }],
    ['str&default="& = ? @ ( ) \\" ,"', { name: 'str', params: { default: '& = ? @ ( ) " ,' } }],
    ['x([1,[2,"]"]],{"k":{"}":[]}})', { name: 'x', args: [[1, [2, ']']], { k: { '}': [] } }] }],
    ['@a@b&optional', { key: '', refers: ['a', 'b'], params: { optional: true } }],
    ['user@a', { key: 'user', refers: ['a'] }],
    ['@a b', { key: '', refers: ['a'], name: 'b' }],
    ['$self', {}],
    ['$self@a @b&optional', { key: '$self', refers: ['a', 'b'], params: { optional: true } }],
    ['$self&optional', { params: { optional: true } }],
    ['$self?dict', { key: '$self', name: 'dict' }],
    ['border-width ?int', { key: 'border-width', name: 'int' }],
    ['größe in m?float', { key: 'größe in m', name: 'float' }],
    ['?int', { key: '', name: 'int' }],
    ['int&min=0&min=5', { name: 'int', params: { min: 5 } }],
  ])('%j', (text, expected) => expect(parts(text)).toEqual(expected))

  test.each<[string, number]>([
    ['int(0,10', 9],
    ['int(0 10)', 6],
    ['int(0,)', 7],
    ['int)', 4],
    ['int&', 5],
    ['int&min=', 9],
    ['int=5', 4],
    ["str&default='x'", 13],
    ['str&default="x', 13],
    ['x([1,2)', 3],
    ['x(01)', 3],
    ['x({a:1})', 3],
    ['key?', 5],
    ['key@', 5],
    ['key?a?b', 6],
    ['key?a@b', 6],
    ['key@@a', 5],
    ['key@a@', 7],
    ['int int', 5],
    ['größe', 3],
  ])('%j leaves the grammar at %i', (text, column) => expect(parts(text)).toEqual({ column }))

  test.each([
    `int(${'['.repeat(100_000)}`,
    `${'"'.repeat(100_000)}?int`,
    `int&${' '.repeat(100_000)}=`,
    `${'a&'.repeat(50_000)}?`,
  ])('takes linear time', text => {
    expect(processorTime(() => parts(text))).toBeLessThan(1_000)
  })
})
