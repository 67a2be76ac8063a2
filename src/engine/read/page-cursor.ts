import type { Value } from '../../schema/field.ts'
import type { Row } from '../../model/model.ts'
import { ID } from '../../model/model.ts'
import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { encodeCursor } from '../../query/cursor.ts'
import type { Work } from '../../store/work.ts'
import type { ListRead } from './list-read.ts'
import { followPath } from './sort-in-memory.ts'

/**
 * A cursor that continues a list after (or before) one of its rows. It holds the values of the sort keys and the id, so it stays
 * valid when rows come and go, which an offset does not.
 */
export function* cursorFor({ snapshot, view, query, reading }: ListRead, row: Row, before: boolean): Work<string> {
  const { resource } = view
  const keys: Value[] = []
  for (const { path } of query.sort) {
    const values = yield* followPath(snapshot, resource, path, [row])
    keys.push(getOrThrow(values, row))
  }
  keys.push(row[ID] as Value)
  return encodeCursor(reading.cursorKey, resource.name, query, { before, keys })
}
