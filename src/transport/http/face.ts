import type { Engine } from '../../engine/engine.ts'
import type { ServiceEndpoint } from './routes.ts'
import type { Live } from '../../live/live.ts'
import type { PublishedFeed } from '../../live/subscriptions/published.ts'
import type { Admission } from '../hosts/admission.ts'
import type { Cors } from './response/cors.ts'
import type { Health } from './services/health.ts'
import type { Negotiator } from './response/negotiate.ts'
import type { Observer } from './services/access-log.ts'
import type { LogRecord } from './options.ts'
import type { Routes } from './routes.ts'

/** What the HTTP face consists of. Made once, and read by every request. */
export interface Face {
  readonly engine: Engine
  readonly routes: Routes
  /** Finds a handled resource by its path. Asked if no other route matches. */
  readonly handled: ((path: string) => ServiceEndpoint | null) | null
  readonly cors: Cors
  /** The value of `Vary` for all responses. */
  readonly vary: string
  /** The size in bytes from which responses are compressed; null = never. */
  readonly compress: number | null
  readonly formats: Negotiator
  /** null if nothing can be followed. */
  readonly live: Live | null
  /** null if handled resources cannot be followed. */
  readonly published: PublishedFeed | null
  readonly timing: boolean
  /** null if no request is ever refused for overload. */
  readonly admission: Admission | null
  readonly health: Health | null
  readonly observe: Observer | null
  readonly log: (record: LogRecord) => void
}
