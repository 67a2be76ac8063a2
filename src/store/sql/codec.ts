import { parseExact } from '../../protocol/exact-json.ts'
import type { Value } from '../../schema/value.ts'
import type { Column, ScalarType, StoredValue } from '../../schema/scalar-type.ts'
import { shownAsStored, shownAsText } from '../../schema/read/shown-as-stored.ts'

/** How values are bound to statements, and how they are read back. */
export type { Column as Codec, StoredValue as Bind }

/**
 * How a column that we did not make is read: it keeps its storage, and whatever a row holds is shown and never a fault:
 * integers beyond 2^53 as text, blobs as base64, what cannot be decoded as it is stored; a field of text shows all as text.
 */
export function foreignCodec({ sql, operators }: ScalarType): Column {
  const { encode, decode } = sql.foreign ?? { encode: sql.encode, decode: lenient(sql, operators === 'text') }
  return Object.freeze({ ...sql, encode, isPlain: sql.isPlain && sql.foreign === null, decode, select: 'safe' })
}

function lenientJson(stored: StoredValue): Value {
  if (typeof stored !== 'string') return shownAsStored(stored)
  try {
    return parseExact(stored) as Value
  } catch {
    return stored
  }
}

const classOf = { INTEGER: 'number', REAL: 'number', TEXT: 'string', BLOB: 'object' } as const

function lenient({ column, kind, decode }: Column, isText: boolean): NonNullable<Column['decode']> {
  if (isText) return shownAsText
  if (kind === 'json' || kind === 'list') return lenientJson
  if (decode === null) return shownAsStored
  return stored => {
    if (typeof stored !== classOf[column]) return shownAsStored(stored)
    try {
      return decode(stored)
    } catch {
      return shownAsStored(stored)
    }
  }
}
