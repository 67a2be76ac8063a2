import type { Engine } from '../../engine/engine.ts'
import type { Cors } from './cors.ts'
import type { LogRecord } from './options.ts'
import type { Routes } from './routes.ts'

/** What the HTTP face is made of: built once, read by every request. */
export interface Face {
  readonly engine: Engine
  readonly routes: Routes
  readonly cors: Cors
  readonly timing: boolean
  readonly log: (record: LogRecord) => void
}
