import type { Row } from '../../model/model.ts'
import type { Predicate } from '../../query/predicate.ts'
import { Room } from '../../store/room.ts'
import type { Select } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'
import type { ListRead } from './list-read.ts'
import { RelatedLoader, type LoadedRelations } from './related/load-related.ts'
import { cursorFor, type ListPage } from './page-cursor.ts'
import { isOrderedInMemory, ordered } from './sort-in-memory.ts'

const emptyPage: ListPage = { rows: [], next: null, previous: null }

/** The rows of a page as the store has them, and cursors of its neighbours. */
export function* pageOf(read: ListRead, where: Predicate): Work<ListPage> {
  const { snapshot, query, reading } = read
  const { resource } = read.view
  const { limit, cursor, offset, sort } = query
  const { visits } = reading
  if (isOrderedInMemory(resource, sort, reading.permissions)) {
    const select: Select = { where, sort, limit, offset, cursor, visits }
    return { ...emptyPage, rows: yield* ordered(snapshot, resource, select, reading) }
  }
  if (limit === 0) return emptyPage
  // One more row than shown tells whether there is another page. So does a row that has no room.
  const room = limit === null || reading.listBytes === Infinity ? undefined : new Room(reading.listBytes)
  const found = yield* wait(
    snapshot.select(resource, { where, sort, limit: limit === null ? null : limit + 1, offset, cursor, visits, room }),
  )
  const isOver = limit !== null && found.length > limit
  const more = isOver || (room?.isFull ?? false)
  // Before a cursor, the surplus row is the first one: the page ends at the cursor.
  const rows = isOver ? (cursor?.before ? found.slice(1) : found.slice(0, limit)) : found
  const first = rows[0]
  const last = rows.at(-1)
  if (!first || !last) return { ...emptyPage, rows }
  const hasNext = cursor?.before ? true : more
  const hasPrevious = cursor?.before ? more : cursor !== null || offset > 0
  return {
    rows,
    next: hasNext ? yield* cursorFor(read, last, false) : null,
    previous: hasPrevious ? yield* cursorFor(read, first, true) : null,
  }
}

/** By how much a page is divided whose related rows have no room: what was loaded for nothing costs more than short pages. */
const FEWER = 10

/** The rows of a page with what they show of others: fewer of them if there is no room for all of that. */
export function* relatedOfPage(
  read: ListRead,
  rows: readonly Row[],
  former: RelatedLoader | null = null,
): Work<{ readonly rows: readonly Row[]; readonly related: LoadedRelations }> {
  const { snapshot, view, query, reading } = read
  const loader = new RelatedLoader(snapshot, reading, former)
  try {
    return { rows, related: yield* loader.load(view, rows) }
  } catch (error) {
    if (!loader.isFull || rows.length === 1) throw error
  }
  const fewer = Math.ceil(rows.length / FEWER)
  return yield* relatedOfPage(read, query.cursor?.before ? rows.slice(-fewer) : rows.slice(0, fewer), loader)
}
