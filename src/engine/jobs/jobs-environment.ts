import type { Model } from '../../model/model.ts'
import type { ApiError } from '../../protocol/error.ts'
import type { Store } from '../../store/store.ts'

export interface JobsOptions {
  /** Jobs that run at once; default 4. */
  readonly concurrency?: number
  /** Milliseconds that finished jobs are kept; default 24 hours. */
  readonly keep?: number
}

export interface JobsEnvironment extends JobsOptions {
  readonly model: Model
  readonly store: Store
  readonly clock: () => number
  readonly random: (bytes: number) => Uint8Array
  /** Callers are told apart, and see their own jobs only. */
  readonly secured: boolean
  readonly onFault: (error: ApiError) => void
}
