import { brokenText } from '../read/broken-text.ts'
import { defineType } from '../define-type.ts'
import { Refused } from '../read/refused.ts'
import type { Coercions, OperatorSet, Print, ReadValue, ScalarType } from '../scalar-type.ts'
import type { JsonSchema } from '../json-schema.ts'
import { hasLength, lengthRefused } from '../read/text-length.ts'
import type { Value } from '../value.ts'
import { checkInteger, integerOf } from './integer.ts'

/** Counted integers, UUIDs of version 7 (RFC 9562), or texts that clients choose. */
export type IdKind = 'integer' | 'uuid' | 'text'

interface Kind {
  readonly check: ReadValue
  readonly coercions?: Coercions
  readonly operators: OperatorSet
  readonly schema: JsonSchema
  readonly example: Value
  readonly print: Print
}

/** Largest length of a text id, in code points. Ids are parts of URIs, logs and keys. */
const LONGEST = 255

const kinds: Readonly<Record<IdKind, Kind>> = {
  integer: {
    check: value => checkInteger(value),
    coercions: { text: integerOf },
    operators: 'ordered',
    schema: { type: 'integer' },
    example: 1,
    print: 'raw',
  },
  uuid: {
    check: checkUuid,
    coercions: { text: smallLetters },
    operators: 'ordered',
    schema: { type: 'string', format: 'uuid' },
    example: '0193a3c0-0000-7000-8000-000000000000',
    print: 'quoted',
  },
  text: {
    check: checkTextId,
    operators: 'text',
    schema: { type: 'string', minLength: 1, maxLength: LONGEST },
    example: 'a',
    print: 'json',
  },
}

/** The key of a resource, and the type of references to it. */
export function id(of: IdKind = 'integer'): ScalarType {
  return defineType({
    ...kinds[of],
    name: 'id',
    options: { of },
    sql: of === 'integer' ? { column: 'INTEGER', kind: 'integer' } : { column: 'TEXT', kind: 'text' },
    key: of,
  })
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** A UUID in small letters (RFC 9562 §4), so that an id has one spelling. */
function checkUuid(value: unknown): Value | Refused {
  if (typeof value !== 'string') return new Refused('type', 'must be a UUID in text')
  const text = value.toLowerCase()
  return UUID.test(text) ? text : new Refused('format', 'must be a UUID')
}

/** Refuses capital letters. JSON may contain them, but in a path they would be a second URI of the same row. */
function smallLetters(value: unknown): unknown {
  const text = value as string
  return text === text.toLowerCase() ? text : new Refused('format', 'must be a UUID in small letters')
}

/** An id that clients choose. It must be usable as one segment of a path. */
function checkTextId(value: unknown): string | Refused {
  if (typeof value !== 'string') return new Refused('type', 'must be a text id')
  if (!hasLength(value, 1, LONGEST)) return lengthRefused(value, 1, LONGEST)
  // Clients resolve the segments "." and ".." before they send a request (WHATWG URL), so such a row could never be reached.
  if (value === '.' || value === '..' || /\p{Cc}/u.test(value))
    return new Refused('format', 'must be an id that can be part of a path')
  return brokenText(value) ?? value
}
