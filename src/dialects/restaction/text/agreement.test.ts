import { Ajv2020 } from 'ajv/dist/2020.js'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { toJsonSchema } from './json-schema.ts'
import { compileText } from './text.ts'

const shared = { count: 'int(0,5)', pair: { 'left?int&optional': '', 'right?str(1,2)': '' } }
const scalar = fc.constantFrom(
  'int',
  'int(0,3)',
  'int&optional',
  'int&default=2',
  'float(-1,1)&exmin',
  'bool',
  'bool&optional',
  'str',
  'str(2,3)',
  'str&optional',
  'str&default="d"',
  'email&optional',
  'date',
  '@count',
  '@pair&optional',
)
const { schema } = fc.letrec<{ schema: unknown; list: unknown; dict: unknown }>(tie => ({
  schema: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, tie('list'), tie('dict')),
  list: fc.oneof(
    fc.tuple(tie('schema')),
    fc.tuple(fc.constantFrom('', '&unique', '(1,2)', '&optional', '(0,2)&unique'), tie('schema')),
  ),
  dict: fc
    .tuple(
      fc.constantFrom({}, { '$self&optional': '' }, { '$self@pair': '' }),
      fc.array(fc.tuple(fc.constantFrom('a', 'b', 'left', 'toString'), tie('schema')), { maxLength: 3 }),
    )
    .map(([self, fields]) => {
      const entry = ([name, inner]: [string, unknown]): [string, unknown] => {
        if (typeof inner !== 'string') return [name, inner]
        return [inner.startsWith('@') ? `${name}${inner}` : `${name}?${inner}`, 'text']
      }
      return { ...self, ...Object.fromEntries(fields.map(entry)) }
    }),
}))
/** Values in which the good ones of the schemas above are frequent. */
const { value } = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      null,
      undefined,
      '',
      'ab',
      'a@b',
      '2020-1-2',
      '2',
      'x',
      0,
      1,
      2,
      -1,
      0.5,
      -0,
      NaN,
      1e20,
      true,
      false,
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'left', 'right', 'toString'), tie('value'), { maxKeys: 5 }),
  ),
}))

test('without a limit only the first fault is reported, and limits cut the list', () => {
  fc.assert(
    fc.property(schema, value, fc.integer({ min: 1, max: 4 }), (schema, value, limit) => {
      const validate = compileText(schema, { shared })
      const first = validate(value)
      const all = validate(value, Infinity)
      expect(all.ok).toBe(first.ok)
      if (all.ok || first.ok) {
        expect(all).toEqual(first)
        return
      }
      expect(first.errors).toEqual(all.errors.slice(0, 1))
      const some = validate(value, limit)
      expect(some.ok || some.errors).toEqual(all.errors.slice(0, limit))
    }),
    { numRuns: 500 },
  )
})

test('results fit the JSON Schema, and are accepted as input again', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, addUsedSchema: false })
  fc.assert(
    fc.property(schema, value, (schema, value) => {
      const validate = compileText(schema, { shared })
      const once = validate(value)
      if (!once.ok) return
      const given = once.value
      expect(validate(given)).toEqual({ ok: true, value: given })
      const described = ajv.compile(toJsonSchema(schema, { shared }))
      expect([described(given), described.errors]).toEqual([true, null])
    }),
    { numRuns: 200 },
  )
})

test('where code may not be made of strings, the outcome is the same', () => {
  const real = globalThis.Function
  const outcome = (maker: unknown, schema: unknown, value: unknown): unknown => {
    globalThis.Function = maker as FunctionConstructor
    try {
      return compileText(schema, { shared })(value, Infinity)
    } finally {
      globalThis.Function = real
    }
  }
  let refused = 0
  function forbidden(): never {
    refused++
    throw new EvalError('code generation from strings disallowed')
  }
  fc.assert(
    fc.property(schema, value, (schema, value) => {
      expect(outcome(forbidden, schema, value)).toEqual(outcome(real, schema, value))
    }),
    { numRuns: 300 },
  )
  expect(refused).toBeGreaterThan(0)
})
