import { everything } from '../../../query/predicate.ts'
import type { Compiled } from '../../sql/kysely.ts'
import type { Layout, Layouts } from '../../sql/layout.ts'
import { indexInOrder } from './served.ts'
import { selectRows } from '../../sql/statements/rows.ts'
import type { Select } from '../../store.ts'
import type { Connection } from '../connection.ts'

/** A limit that is not written into the text of a statement. */
const BOUND = 7

/**
 * A page of a list, begun where an index has the first rows of its order; null if no index has them. SQLite prefers to visit all
 * rows and sort them, or all that fit the filter, if it knows that the limit is low. But often the first rows of the index
 * are the answer. With a limit that is bound to a parameter, SQLite tells which index it is.
 */
export function selectInOrder(
  connection: Connection,
  layout: Layout,
  layouts: Layouts,
  select: Select,
): Compiled | null {
  if (select.limit === null) return null
  const whole: Select = { where: everything, sort: select.sort, limit: BOUND, offset: 0, cursor: null }
  const index = indexInOrder(connection.planOf(selectRows(layout, layouts, whole)))
  return index === null ? null : selectRows(layout, layouts, select, { isCounted: true, index })
}
