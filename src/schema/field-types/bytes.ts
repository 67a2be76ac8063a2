import { defineType } from '../define-type.ts'
import { Refused } from '../read/refused.ts'
import type { ScalarType } from '../scalar-type.ts'
import { base64 } from '../read/shown-as-stored.ts'
import { keyword, lengthFaults } from './bounds.ts'

export interface BytesOptions {
  /** Largest number of bytes. */
  readonly max?: number
}

/** Bytes, as base64 text of RFC 4648 §4. */
export function bytes(options: BytesOptions = {}): ScalarType {
  const { max } = options
  return defineType({
    name: 'bytes',
    options,
    check: value => checkBytes(value, max),
    operators: 'none',
    sql: {
      column: 'BLOB',
      encode: value => Buffer.from(value, 'base64'),
      decode: stored => base64(stored as Uint8Array),
    },
    schema: {
      type: 'string',
      contentEncoding: 'base64',
      ...keyword('maxLength', max === undefined ? undefined : Math.ceil(max / 3) * 4),
    },
    example: max !== undefined && max < 1 ? '' : 'AA==',
    print: 'quoted',
    unbounded: () => bytes(),
    faults: () => lengthFaults(options),
  })
}

/** Checks base64 with padding. Unused bits must be zero, so that equal bytes are always equal texts. */
function checkBytes(value: unknown, max: number | undefined): string | Refused {
  if (typeof value !== 'string') return new Refused('type', 'must be base64 text')
  if (value.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return new Refused('format', 'must be base64')
  const padding = value.endsWith('==') ? 2 : value.endsWith('=') ? 1 : 0
  if (padding && !/(?:[AQgw]==|[AEIMQUYcgkosw048]=)$/.test(value))
    return new Refused('format', 'must be canonical base64')
  const length = (value.length / 4) * 3 - padding
  return max !== undefined && length > max ? new Refused('length', `must have at most ${max} bytes`) : value
}
