import { describe, expect, test } from 'vitest'
import { defineValidator, invalid, patternValidator } from './validators/define-validator.ts'
import { SchemaError, type SchemaFault } from './schema-error.ts'
import { compileShared, compileText } from './text.ts'

const user = {
  'name?str(2)': '',
  'age?int(0)&optional': '',
  tags: ['(1,3)&unique', 'int'],
  home: { 'zip/~?str': '', 'at?date': '' },
}

describe('refusals', () => {
  const bad = { name: 'x', age: -1, tags: [1, 'x', 1, 2], home: { 'zip/~': '' } }

  test('only the first is reported unless more are asked for', () => {
    expect(compileText(user)(bad)).toEqual({
      ok: false,
      errors: [
        {
          message: 'string length must >= 2',
          position: 'name',
          pointer: '/name',
          text: 'string length must >= 2 in name',
        },
      ],
    })
  })

  test('all are reported with their pointers, in the order of the schema, up to the limit', () => {
    const all = (limit: number): string[] => {
      const result = compileText(user)(bad, limit)
      return result.ok ? [] : result.errors.map(error => `${error.pointer}: ${error.text}`)
    }
    const expected = [
      '/name: string length must >= 2 in name',
      '/age: value must >= 0 in age',
      '/tags/1: invalid int in tags[1]',
      '/tags/2: not unique in tags[2]',
      '/tags: list length must <= 3 in tags',
      '/home/zip~1~0: required in home.zip/~',
      '/home/at: required in home.at',
    ]
    expect(all(Infinity)).toEqual(expected)
    expect(all(3)).toEqual(expected.slice(0, 3))
  })

  test('of merges both are asked, the later wins', () => {
    const shared = { a: { 'x?int': '', 'y?int': '' }, b: { 'y?int&default=7': '', 'z?int': '' } }
    const validate = compileText({ '$self@a@b': '', 'x?float': '' }, { shared })
    expect(validate({ x: '1.5', y: 1 }, 9)).toMatchObject({
      errors: [{ text: 'invalid int in x' }, { text: 'required in z' }],
    })
    expect(validate({ x: 1.5, y: null, z: 3 })).toMatchObject({ errors: [{ text: 'required in y' }] })
    expect(validate({ x: 1.5, y: '2', z: 3 })).toEqual({ ok: true, value: { x: 1.5, y: 2, z: 3 } })
    expect(Object.keys((validate({ x: 1, y: 2, z: 3 }) as { value: object }).value)).toEqual(['x', 'y', 'z'])
  })
})

describe('members of values', () => {
  class Row {
    id = 1
    #secret = 'hidden'

    get secret(): string {
      return this.#secret
    }

    save(): string {
      return 'saved'
    }
  }
  const value = (schema: object, of: unknown): unknown => {
    const result = compileText(schema)(of)
    return result.ok ? result.value : result.errors[0]!.text
  }

  test('are own properties and getters, and entries of maps, but never methods or inherited ones', () => {
    expect(value({ 'id?int': '', 'secret?str': '' }, new Row())).toEqual({ id: 1, secret: 'hidden' })
  })

  test.each<[string, unknown]>([
    ['a method', new Row()],
    ['an inherited name', { other: 1 }],
    ['an array', Object.assign([], { save: 'x' })],
    ['a string', 'save'],
    ['a function', () => 'save'],
    ['what a prototype holds', Object.create({ save: 'x' })],
  ])('%s is none', (_, of) => {
    const any = defineValidator({}, given => given)
    for (const name of ['save', 'toString', 'constructor', 'length']) {
      if (name === 'length' && typeof of === 'object') continue
      expect(compileText({ [`${name}?any&optional`]: '' }, { validators: { any } })(of)).toEqual({
        ok: true,
        value: { [name]: null },
      })
    }
  })

  test('own members with inherited names are members', () => {
    expect(
      value({ 'constructor?str': '', 'toString?int': '' }, JSON.parse('{"constructor":"a","toString":1}')),
    ).toEqual({
      constructor: 'a',
      toString: 1,
    })
  })

  test('entries of a map', () => expect(value({ 'a?int': '' }, new Map([['a', '1']]))).toEqual({ a: 1 }))
  test('objects without prototype', () =>
    expect(value({ 'a?int': '' }, Object.assign(Object.create(null), { a: 1 }))).toEqual({ a: 1 }))
})

describe('validators of one’s own', () => {
  const even = defineValidator({ params: ['atLeast'] }, (value, { atLeast = 0 }) => {
    const number = Number(value)
    if (Number.isNaN(number)) return invalid('invalid int')
    if (number < Number(atLeast)) return invalid('too small')
    return number % 2 ? invalid('not even number') : number
  })
  const validators = { even, hex: patternValidator('hex', /[0-9a-f]|x+/), int: defineValidator({}, () => 'own') }
  const outcome = (schema: unknown, value: unknown): unknown => {
    const result = compileText(schema, { validators })(value)
    return result.ok ? result.value : result.errors[0]!.text
  }

  test.each<[unknown, unknown, unknown]>([
    ['even', '4', 4],
    ['even', 3, 'not even number'],
    ['even(6)', 4, 'too small'],
    ['even&atLeast=6', 8, 8],
    ['even', null, 'required'],
    ['even&optional', null, null],
    ['even&default=2', null, 2],
    ['even', '', 0],
    [{ 'n?even': '' }, { n: 1 }, 'not even number in n'],
    ['hex', 'a', 'a'],
    ['hex', 'ab', 'invalid hex'],
    ['hex', 1, 'value must be string'],
    ['hex&optional', null, ''],
    ['int', 5, 'own'],
  ])('%j of %j is %j', (schema, value, expected) => expect(outcome(schema, value)).toEqual(expected))

  test('an error that they throw is not taken for a refusal', () => {
    const broken = defineValidator({}, () => {
      throw new TypeError('bug')
    })
    expect(() => compileText('broken', { validators: { broken } })(1)).toThrow(TypeError)
  })
})

describe('faults of schemas', () => {
  function faults(schema: unknown, options: Parameters<typeof compileText>[1] = {}): (SchemaFault | string)[] {
    try {
      compileText(schema, options)
      return []
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error
      return error.faults.map(fault => `${fault.position}: ${fault.message}`)
    }
  }

  test('all of them are reported at once, each with its place and a fix', () => {
    const schema = {
      'a?nope': '',
      b: ['int&min="x"'],
      c: 'int',
      'd@user': '',
      'e?int(0,9)&default=10': '',
      'f?time("%Q")': '',
    }
    expect(faults(schema, { place: 'Hello.get.$input' })).toEqual([
      "Hello.get.$input.a: validator 'nope' not found",
      'Hello.get.$input.b[]: "min" of int is "x"',
      'Hello.get.$input.c: missing validator or refer',
      "Hello.get.$input.d: shared 'user' not found",
      'Hello.get.$input.e: invalid default value 10',
      'Hello.get.$input.f: there is no directive "%Q" for moments',
    ])
    expect(() => compileText({ name: 'str' })).toThrow(
      'missing validator or refer in name; the schema belongs to the key: {"name?str": "description"}',
    )
  })

  test('a faulty shared schema is reported once, and not where it is used', () => {
    expect(faults({ 'x@a': '', '$self@a': '' }, { shared: { a: 'nope', b: '@a' } })).toEqual([
      "a: validator 'nope' not found",
    ])
  })

  test.each<[unknown, string]>([
    [5, ": can't parse number"],
    [{ '__proto__?int': '' }, "__proto__: invalid key '__proto__?int'"],
    [JSON.parse('{"__proto__": {"a?int": ""}}'), "__proto__: invalid key '__proto__'"],
    [[1, 'int'], ': the first of two elements must be a string'],
    [['@a', 'int'], ': a list refers to nothing'],
    [{ '$self&nope': '' }, ': a dict has no parameter "nope"'],
    [{ '$self(1)': '' }, ': a dict takes at most 0 arguments (1 given)'],
    ['int(1)&min=2', ': int got "min" twice'],
    ['int&toString=1', ': int has no parameter "toString"'],
    ['toString', ": validator 'toString' not found"],
    ['@toString', ": shared 'toString' not found"],
    ['str&minlen="1"', ': "minlen" of str is "1"'],
    ['str(3)&default="it\'s"', ''],
    ['bool&default="it\'s"', ': invalid default value "it\'s"'],
    ['int&default=[1,{"a":true}]', ": invalid default value [1, {'a': True}]"],
  ])('%j', (schema, fault) => expect(faults(schema)).toEqual(fault ? [fault] : []))

  test('shared sets build on each other; the later of one name wins', () => {
    const api = compileShared({ id: 'int(1)', user: { 'id@id': '' } })
    const own = compileShared({ id: 'str', other: '@user' }, { shared: api, place: 'Hello.$shared' })
    expect(compileText('@id', { shared: own })('x')).toEqual({ ok: true, value: 'x' })
    expect(compileText('@other', { shared: own })({ id: '7' })).toEqual({ ok: true, value: { id: 7 } })
    expect(() => compileShared({ a: '@b', b: 'int' }, { place: 'Hello.$shared' })).toThrow(
      "shared 'b' not found in Hello.$shared.a",
    )
  })
})

test('defaults are shared and therefore frozen', () => {
  const any = defineValidator({}, value => value)
  const result = compileText('any&default={"a":[1]}', { validators: { any } })(null)
  expect(result.ok && Object.isFrozen(result.value) && Object.isFrozen((result.value as { a: [] }).a)).toBe(true)
})
