import { byNumber } from '../compare.ts'
import { defineType } from '../define-type.ts'
import { Refused } from '../read/refused.ts'
import type { ScalarType, StoredValue } from '../scalar-type.ts'
import { shownAsStored } from '../read/shown-as-stored.ts'
import type { Value } from '../value.ts'

export function bool(): ScalarType {
  return defineType({
    name: 'bool',
    check: value => (typeof value === 'boolean' ? value : new Refused('type', 'must be true or false')),
    coercions: { text: value => (value === 'true' ? true : value === 'false' ? false : value) },
    operators: 'equality',
    compare: byNumber,
    shownOrder: 'number',
    sql: {
      column: 'INTEGER',
      encode: value => (value ? 1 : 0),
      decode: stored => stored !== 0,
      foreign: {
        encode: value => (typeof value === 'boolean' ? Number(value) : (value as StoredValue)),
        decode: (stored): Value => (stored === 0 ? false : stored === 1 ? true : shownAsStored(stored)),
      },
      postgres: { type: 'boolean' },
    },
    schema: { type: 'boolean' },
    example: false,
    print: 'raw',
    input: 'checkbox',
    fits: v => `typeof ${v} === 'boolean'`,
  })
}
