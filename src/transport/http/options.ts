import type { Principal } from '../../engine/call/call.ts'
import type { Handled } from '../../engine/actions/handled-resources.ts'
import type { Live } from '../../live/live.ts'
import type { PublishedFeed } from '../../live/subscriptions/published.ts'
import type { Admission, OverloadOptions } from '../hosts/admission.ts'
import type { Health } from './services/health.ts'
import type { Exporter } from './response/negotiate.ts'
import type { RequestRecord } from './services/access-log.ts'
import type { Page } from './response/pages.ts'
import { redact } from './response/redact.ts'

/** Something that happened, for the log; `error` may hold what a client must never see. */
export interface LogRecord {
  readonly level: 'error' | 'warn'
  readonly event: string
  readonly requestId: string
  readonly method: string
  readonly path: string
  readonly error: unknown
}

export interface CorsOptions {
  /** Exact: `https://app.example` (Fetch §3.2); `*` = every page, which then cannot send cookies. */
  readonly origins: readonly string[]
  /** Seconds for which browsers remember the answer. Default 600. */
  readonly maxAge?: number
  /** Cookies may come along; those of sessions are taken from the origins of `auth.cookie.origins`. Default false. */
  readonly credentials?: boolean
}

/** What may be said of the HTTP face. */
export interface HttpOptions {
  /** Where the API is mounted: `/api`. Links carry it. */
  readonly prefix?: string
  /** Which pages of other origins browsers let call. Absent = none. */
  readonly cors?: CorsOptions
  /** Addresses or networks of proxies whose X-Forwarded-For is believed: `10.0.0.0/8`. Default: none. */
  readonly trustedProxies?: readonly string[]
  /** Formats of one's own, by media type; they come after JSON and before XML, CSV and MessagePack. */
  readonly exporters?: Readonly<Record<string, Exporter>> | undefined
  /** Bytes from which on answers are compressed for those who accept it; false = never, as where a proxy does it. Default: 2048. */
  readonly compress?: number | false
  /** When requests are refused so that those that are admitted stay quick; false = never. */
  readonly overload?: OverloadOptions | false
  /** Serves `/metrics` in the text format of Prometheus, to everybody who reaches it or to whom a function allows it. */
  readonly metrics?: true | ((who: Principal | null) => boolean)
  /** Hears of every answered request; true = one line of JSON each on standard output. */
  readonly requests?: true | ((record: RequestRecord) => void)
  /** Tells in `Server-Timing` how long the answer took; for development. */
  readonly timing?: boolean
  /** Static pages beside the resources: documents, health. They need no credentials. */
  readonly pages?: readonly Page[]
  readonly log?: (record: LogRecord) => void
  /** Who may read the change log of everything at `/changes`. Absent = it is not there. */
  readonly changes?: (who: Principal | null) => boolean
}

/** The parts of an Api that the HTTP face shows beside the engine's answers; without them it does without. */
export interface HttpServices {
  /** Refuses requests on all faces alike, by what `overload` says. */
  readonly admission?: Admission | null
  /** Whether the process should be sent requests; `serve` brings it. */
  readonly health?: Health
  /** Makes every readable URI a stream for those who accept `text/event-stream`. */
  readonly live?: Live
  /** Resources that functions serve. */
  readonly handled?: Handled | undefined
  /** Makes what they serve a stream as well. */
  readonly published?: PublishedFeed
}

/** All that the HTTP face of an Api is made of. */
export type HttpSetup = HttpOptions & HttpServices

/** Where records go unless an API says otherwise: one line of JSON each on standard error. */
export function printLog(record: LogRecord): void {
  console.error(JSON.stringify({ time: new Date().toISOString(), ...record, error: redact(record.error) }))
}
