import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { Value } from '../../schema/field.ts'
import type { Resource, Row } from '../../model/model.ts'
import { ID } from '../../model/model.ts'
import { encodeCursor, type CursorKey } from '../../query/cursor.ts'
import type { Query } from '../../query/predicate.ts'
import type { Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import { followPath } from './sort-in-memory.ts'

/** A cursor that continues a list after (or before) one of its rows. It holds the values of the sort keys and the id. */
export function* cursorFor(
  snapshot: Snapshot,
  resource: Resource,
  query: Query,
  row: Row,
  before: boolean,
  key: CursorKey,
): Work<string> {
  const keys: Value[] = []
  for (const { path } of query.sort) {
    const values = new Map<Row, Value>()
    yield* followPath(snapshot, resource, path, [row], values)
    keys.push(getOrThrow(values, row))
  }
  keys.push(row[ID]!)
  return encodeCursor(key, resource.name, query, { before, keys })
}
