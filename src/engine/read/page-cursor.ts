import { ApiError } from '../../protocol/error.ts'
import type { Value } from '../../schema/field.ts'
import type { Row } from '../../model/model.ts'
import { ID } from '../../model/model.ts'
import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { encodeCursor } from '../../query/cursor.ts'
import type { Work } from '../../store/work.ts'
import type { ListRead } from './list-read.ts'
import { followPath, isOrderedInMemory } from './sort-in-memory.ts'

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

export interface ListPage {
  readonly rows: readonly Row[]
  /** Cursors of the neighbouring pages; null if there is none. */
  readonly next: string | null
  readonly previous: string | null
}

/**
 * A page of which only some rows have room. The others are on the page after it, or on the one before if it was read
 * backwards. Throws ApiError `too_complex` for a list that has no cursors.
 */
export function* shortened(read: ListRead, page: ListPage, rows: readonly Row[]): Work<ListPage> {
  const { view, query, reading } = read
  const [first, last] = [rows[0], rows.at(-1)]
  if (rows.length === page.rows.length || !first || !last) return page
  if (isOrderedInMemory(view.resource, query.sort, reading.permissions))
    throw new ApiError('too_complex', {
      detail: `${page.rows.length} rows of ${view.resource.name} have more than ${reading.listBytes} bytes, and such a list has no cursors; ask for fewer with limit and offset`,
    })
  return query.cursor?.before
    ? { ...page, rows, previous: yield* cursorFor(read, first, true) }
    : { ...page, rows, next: yield* cursorFor(read, last, false) }
}
