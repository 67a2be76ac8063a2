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

/** What the HTTP face is made of: built once, read by every request. */
export interface Face {
  readonly engine: Engine
  readonly routes: Routes
  /** What a function serves at a path; asked where nothing else stands. */
  readonly handled: ((path: string) => ServiceEndpoint | null) | null
  readonly cors: Cors
  /** What answers depend on. */
  readonly vary: string
  /** Bytes from which on answers are compressed; null = never. */
  readonly compress: number | null
  readonly formats: Negotiator
  /** Absent where nothing can be followed. */
  readonly live: Live | null
  /** Absent where what functions serve cannot be followed. */
  readonly published: PublishedFeed | null
  readonly timing: boolean
  /** Null where everything is admitted. */
  readonly admission: Admission | null
  readonly health: Health | null
  readonly observe: Observer | null
  readonly log: (record: LogRecord) => void
}
