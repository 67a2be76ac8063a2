import type { Auth } from '../../auth/auth.ts'
import type { Engine } from '../../engine/engine.ts'
import type { Live } from '../../live/live.ts'
import type { Model } from '../../model/model.ts'
import type { Store } from '../../store/store.ts'
import type { Admission } from '../../transport/hosts/admission.ts'

/** What the studio shows. */
export interface StudioSubject {
  readonly model: Model
  readonly store: Store
  readonly engine: Engine
  readonly auth: Auth | null
  readonly live: Live
  readonly admission: Admission | null
  /** Whether there is `/metrics`, for some callers at least. */
  readonly hasMetrics: boolean
}
