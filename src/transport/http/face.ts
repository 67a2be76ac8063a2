import type { Maybe } from '../../store/work.ts'
import type { Exchange, FieldLines } from './exchange.ts'
import type { Engine } from '../../engine/engine.ts'
import type { ServiceEndpoint } from './endpoint.ts'
import type { Live } from '../../live/live.ts'
import type { PublishedFeed } from '../../live/subscriptions/published.ts'
import type { Admission } from '../hosts/admission.ts'
import type { Negotiator } from './format.ts'
import type { LogRecord } from './options.ts'
import type { Routes, StaticFiles } from './endpoint.ts'

/** What the HTTP face consists of. Made once, and read by every request. */
export interface Face {
  readonly engine: Engine
  readonly routes: Routes
  /** Finds what answers a request before resources are looked for. null = there is no such thing. */
  readonly services: ((path: string, exchange: Exchange) => ServiceEndpoint | null) | null
  /** Finds a handled resource by its path. Asked if no other route matches. */
  readonly handled: ((path: string) => ServiceEndpoint | null) | null
  /** Answers what the API does not, from a folder. null = there is none. */
  readonly files: StaticFiles | null
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

/** Called for every response; null if neither metrics nor a log want that. */
export type Observer = (exchange: Exchange, status: number, fields: FieldLines) => void

/** Whether a process should receive requests. The host provides it, for instance `serve`. */
export interface Health {
  /** The process is shutting down: it finishes what it is doing, and new requests should go elsewhere. */
  readonly isDraining: boolean
  /** Throws or rejects if the store cannot be read. */
  check(): Maybe<unknown>
  /** What does not work at the moment, though all answers are right; null if nothing. */
  readonly impaired?: string | null
}

/** The rules for calls from pages of other origins (Fetch §3.2). */
export interface Cors {
  /** The value of `Vary`. If any origin is allowed, all responses depend on the origin, even if none was sent. */
  readonly vary: string
  /** Adds the fields for an origin to a response, also to errors and 304. */
  allow(origin: string, fields: FieldLines): void
  /** The fields of the response to a preflight request. */
  preflight(origin: string, methods: string): FieldLines
}
