import type { Id, Row } from '../../model/model.ts'
import type { Snapshot, Visits } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import type { Presented } from '../event.ts'
import type { Interest } from '../views/interest.ts'
import type { Markable } from './routing/group-index.ts'

/** A group whose view is maintained from what commits change. */
export interface Followed extends Markable {
  readonly interest: Interest
  /** It follows a part of a sorted list: a window, or all rows in an order that the rows do not tell. */
  readonly isListed: boolean
  /** Each commit is sent separately. Otherwise, commits that became visible together are sent as one. */
  readonly isExact: boolean
  /** The order cannot be told from the bodies, so it is sent as well. */
  readonly tellsOrder: boolean
  /** Rules decide what its rows show. Then only comparing bodies tells whether a row looks different. */
  readonly isGuarded: boolean
  /** How many rows a query may visit. */
  readonly visits: Visits
  /** How many bytes a step may have. If it has more, its followers begin anew. */
  readonly stepBytes: number
  /** Writes rows as JSON texts, with their versions. */
  present(snapshot: Snapshot, rows: readonly Row[]): Work<Presented[]>
  bodies(snapshot: Snapshot, rows: readonly Row[]): Work<string[]>
}

/** What a group will be told about a row. */
export interface Move {
  readonly kind: 'enter' | 'change' | 'leave'
  readonly id: Id
  /** The row after the step. null if it leaves, or if it still has to be read. */
  readonly row: Row | null
  /** For a row that leaves: the version that it had. */
  readonly seq: number
}
