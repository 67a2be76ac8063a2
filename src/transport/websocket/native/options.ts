import type { Engine } from '../../../engine/engine.ts'
import type { Handled } from '../../../engine/handled.ts'
import type { Live } from '../../../live/live.ts'
import type { PublishedFeed } from '../../../live/published.ts'
import type { ApiError } from '../../../protocol/error.ts'
import type { Admission } from '../../admission.ts'
import type { UriTargets } from '../../uri-target.ts'

/** Resources that functions serve, and how they are followed. */
export interface Functions {
  readonly handled: Handled
  readonly published: PublishedFeed
}

/** What connections of restuary.1 are made of. */
export interface NativeOptions {
  readonly engine: Engine
  readonly live: Live
  /** Null where everything is admitted. */
  readonly admission: Admission | null
  readonly targets: UriTargets
  /** Null where there are none. */
  readonly functions: Functions | null
  /** Hears of faults that are ours. */
  readonly onFault: (error: ApiError) => void
}
