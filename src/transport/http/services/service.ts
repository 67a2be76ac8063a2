import type { Maybe } from '../../../store/work.ts'
import type { Exchange } from '../exchange.ts'
import type { Face } from '../face.ts'

/** Something besides the resources that answers requests itself. It identifies the caller if it has to. */
export interface Service {
  /** The path below the mount, such as `/auth/token`. */
  readonly path: string
  readonly methods: readonly string[]
  /** Its name in metrics. Default: the path. */
  readonly route?: string
  /** Answers a request. Errors become problem documents. */
  readonly serve: (face: Face, exchange: Exchange) => Maybe<void>
}
