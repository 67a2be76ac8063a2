import type { Query } from '../../query/predicate.ts'
import type { Snapshot } from '../../store/store.ts'
import type { ReadEnvironment } from '../call/call-environment.ts'
import type { Audience } from './audience.ts'
import type { View } from './view.ts'

/** A list that is being read. It is made once per call, and all steps of the read share it. */
export interface ListRead {
  readonly snapshot: Snapshot
  readonly view: View
  readonly query: Query
  /** For whom the list is made; null if it is the same for everybody. */
  readonly audience: Audience | null
  readonly reading: ReadEnvironment
}
