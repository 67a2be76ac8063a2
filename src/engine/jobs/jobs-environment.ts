import type { Model } from '../../model/model.ts'
import type { ApiError } from '../../protocol/error.ts'
import type { ThisNode } from '../../store/shared/this-node.ts'
import type { Store } from '../../store/store.ts'

export interface JobsOptions {
  /** How many jobs run at the same time. Default: 4. */
  readonly concurrency?: number
  /** Milliseconds for which finished jobs are kept. Default: 24 hours. */
  readonly keep?: number
}

export interface JobsEnvironment extends JobsOptions {
  readonly model: Model
  readonly store: Store
  readonly node: ThisNode
  readonly clock: () => number
  readonly random: (bytes: number) => Uint8Array
  /** The API identifies its callers, and each sees only their own jobs. */
  readonly secured: boolean
  readonly onFault: (error: ApiError) => void
}
