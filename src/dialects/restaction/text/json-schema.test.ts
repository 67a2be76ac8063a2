import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { toJsonSchema } from './json-schema.ts'
import { compileText } from './text.ts'

const $schema = 'https://json-schema.org/draft/2020-12/schema'

describe('the JSON Schema of a text', () => {
  test.each<[unknown, object]>([
    ['int', { type: 'integer' }],
    ['int(0,9)', { type: 'integer', minimum: 0, maximum: 9 }],
    ['int&optional', { type: ['integer', 'null'] }],
    ['int&default=5', { anyOf: [{ type: 'integer' }, { const: 5 }], default: 5 }],
    ['float(0,1)&exmin', { type: 'number', exclusiveMinimum: 0, maximum: 1 }],
    ['str', { type: 'string', minLength: 1 }],
    ['str(2,5)&desc="a name"', { type: 'string', minLength: 2, maxLength: 5, description: 'a name' }],
    ['str&optional', { type: ['string', 'null'] }],
    ['email&optional', { anyOf: [{ type: 'string', format: 'email' }, { enum: ['', null] }] }],
    ['date', { type: 'string', format: 'date' }],
    ['date("%d.%m.%Y")', { type: 'string', pattern: '^\\d{2}\\.\\d{2}\\.\\d{1,4}$' }],
    [['&unique', 'bool'], { type: 'array', items: { type: 'boolean' }, maxItems: 1024, uniqueItems: true }],
    [
      { 'a?int': 'first', 'b?str&optional': '', c: { '$self&optional': 'inner', 'd?bool&default=true': '' } },
      {
        type: 'object',
        properties: {
          a: { type: 'integer', description: 'first' },
          b: { type: ['string', 'null'] },
          c: {
            type: ['object', 'null'],
            description: 'inner',
            properties: { d: { anyOf: [{ type: 'boolean' }, { const: true }], default: true } },
          },
        },
        required: ['a'],
      },
    ],
  ])('%j', (schema, expected) => expect(toJsonSchema(schema)).toEqual({ $schema, ...expected }))

  test('shared schemas are referred to, merged ones become part', () => {
    const shared = { id: 'int(1)', user: { 'id@id': '' }, age: { 'age?int&optional': '' } }
    expect(toJsonSchema({ '$self@age': '', 'user@user&optional': 'who' }, { shared })).toEqual({
      $schema,
      type: 'object',
      properties: {
        age: { type: ['integer', 'null'] },
        user: { anyOf: [{ $ref: '#/$defs/user' }, { type: 'null' }], description: 'who' },
      },
      $defs: {
        id: { type: 'integer', minimum: 1 },
        user: { type: 'object', properties: { id: { $ref: '#/$defs/id' } }, required: ['id'] },
      },
    })
    expect(toJsonSchema('@id', { shared, refer: name => `#/components/schemas/${name}` })).toEqual({
      $ref: '#/components/schemas/id',
    })
  })

  test.each<[unknown, unknown]>([
    [{ 'a?str&optional': '', 'b?email&optional': '', 'c?int&optional': '', 'd?date&optional': '' }, {}],
    [{ 'a?int&default="5"': '', 'b?str(2)&default="xx"': '', 'c?time': '' }, { c: '1:2:3' }],
    [
      { 'a?str&escape&maxlen=1': '', 'b?datetime("%d %b %Y %I:%M %p")': '' },
      { a: '<', b: '1 feb 2020 1:02 pm' },
    ],
    [
      ['(1,2)&unique', { 'a?float(0,1)&exmax': '' }],
      [{ a: 0 }, { a: '0.5' }],
    ],
  ])('what %j gives is valid by it', (schema, value) => {
    const result = compileText(schema)(value)
    const validate = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false }).compile(
      toJsonSchema(schema),
    )
    expect(result.ok).toBe(true)
    expect([validate(result.ok && result.value), validate.errors]).toEqual([true, null])
  })
})
