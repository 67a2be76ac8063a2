import type { Column, ScalarType, StoredValue } from '../../schema/scalar-type.ts'
import { shownAsStored } from '../../schema/read/shown-as-stored.ts'

/** How values are bound to statements, and how they are read back. */
export type { Column as Codec, StoredValue as Bind }

/**
 * The codec for a column of another program's table. The column keeps its storage, and whatever a row holds is shown without an
 * error: integers beyond 2^53 as text, blobs as base64, and what cannot be decoded as it is stored.
 */
export function foreignCodec({ sql }: ScalarType): Column {
  const { encode, decode } = sql.foreign ?? { encode: sql.encode, decode: lenient(sql) }
  return Object.freeze({ ...sql, encode, decode, select: 'safe' })
}

const classOf = { INTEGER: 'number', REAL: 'number', TEXT: 'string', BLOB: 'object' } as const

function lenient({ column, decode }: Column): NonNullable<Column['decode']> {
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
