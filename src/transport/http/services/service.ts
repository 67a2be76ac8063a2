import type { Maybe } from '../../../store/work.ts'
import type { Exchange } from '../exchange.ts'
import type { Face } from '../face.ts'

/** Something beside the resources that answers requests itself, finding out who calls if it has to. */
export interface Service {
  /** Below the mount: `/auth/token`. */
  readonly path: string
  readonly methods: readonly string[]
  /** What metrics call it; the path if it is not said. */
  readonly route?: string
  /** What it throws is answered with its problem document. */
  readonly serve: (face: Face, exchange: Exchange) => Maybe<void>
}
