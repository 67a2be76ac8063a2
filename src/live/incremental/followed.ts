import type { Id, Row } from '../../model/model.ts'
import type { Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import type { Interest } from '../views/interest.ts'
import type { Markable } from './routing/group-index.ts'

/** A group whose view is maintained from what commits change. */
export interface Followed extends Markable {
  readonly interest: Interest
  /** It follows a stretch of a sorted list: a window, or all rows in an order that they do not tell by themselves. */
  readonly isListed: boolean
  /** It is told each commit by itself; otherwise what became visible together is told together. */
  readonly isExact: boolean
  /** Bodies do not tell the order of rows: it is told beside them. */
  readonly tellsOrder: boolean
  /** Rules decide what its rows show: only their bodies tell whether they are shown otherwise. */
  readonly isGuarded: boolean
  /** JSON texts of rows. */
  present(snapshot: Snapshot, rows: readonly Row[]): Work<string[]>
}

/** What a group is told of a row, in the making. */
export interface Move {
  readonly kind: 'enter' | 'change' | 'leave'
  readonly id: Id
  /** As it is after the step; null where it leaves, or is yet to be read. */
  readonly row: Row | null
  /** The version that it had, where it leaves. */
  readonly seq: number
}
