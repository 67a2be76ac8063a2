import type { Principal } from '../../engine/call/call.ts'
import type { HandledResources } from '../../engine/actions/handled-resources.ts'
import type { Live } from '../../live/live.ts'
import type { PublishedFeed } from '../../live/subscriptions/published.ts'
import type { Admission, OverloadOptions } from '../hosts/admission.ts'
import type { Health } from './face.ts'
import type { Exchange } from './exchange.ts'
import type { Exporter } from './format.ts'
import type { Page, Service, ServiceEndpoint, StaticFiles } from './endpoint.ts'
import { redact } from './response/redact.ts'

/** A log record. `error` may contain what clients must never see. */
export interface LogRecord {
  readonly level: 'error' | 'warn'
  readonly event: string
  readonly requestId: string
  readonly method: string
  readonly path: string
  readonly error: unknown
}

export interface CorsOptions {
  /** Exact origins such as `https://app.example` (Fetch §3.2). `*` = every page, which then cannot send cookies. */
  readonly origins: readonly string[]
  /** How long browsers may cache the answer to a preflight, in seconds. Default: 600. */
  readonly maxAge?: number
  /** Whether cookies may be sent. Those of sessions are only accepted from `auth.cookie.origins`. Default: false. */
  readonly credentials?: boolean
}

/** Options of the HTTP face. */
export interface HttpOptions {
  /** The path at which the API is mounted, for instance `/api`. All links contain it. */
  readonly prefix?: string
  /** Which pages of other origins may call. Default: none. */
  readonly cors?: CorsOptions
  /** Addresses or networks of proxies whose `X-Forwarded-For` is believed, such as `10.0.0.0/8`. Default: none. */
  readonly trustedProxies?: readonly string[]
  /** Your own formats by media type. They are preferred after JSON and before XML, CSV and MessagePack. */
  readonly exporters?: Readonly<Record<string, Exporter>> | undefined
  /**
   * The size in bytes from which responses are compressed; false = never, for instance because a proxy does it. Default: 2048.
   */
  readonly compress?: number | false
  /** When requests are refused because of overload; false = never. */
  readonly overload?: OverloadOptions | false
  /**
   * Serves `/metrics` in the text format of Prometheus: to everybody, or to the callers that a function accepts. Default: not
   * served.
   */
  readonly metrics?: true | ((who: Principal | null) => boolean)
  /** Receives a record of every answered request. true = prints each as a line of JSON on standard output. */
  readonly requests?: true | ((record: RequestRecord) => void)
  /** Adds `Server-Timing` with the time that the response took. Meant for development. */
  readonly timing?: boolean
  /** Static pages besides the resources, such as documents. They need no credentials. */
  readonly pages?: readonly Page[]
  /**
   * Finds what answers a request before resources are looked for; null = nothing of its own. What it finds identifies callers if
   * it has to. May throw ApiError.
   */
  readonly services?: (path: string, exchange: Exchange) => ServiceEndpoint | null
  /** Receives log records. Default: a line of JSON on standard error. */
  readonly log?: (record: LogRecord) => void
  /** Which callers may read the log of all changes at `/changes`. Default: it is not served. */
  readonly changes?: (who: Principal | null) => boolean
}

/** Parts of an Api that the HTTP face uses besides the engine. Each may be absent. */
export interface HttpServices {
  /** Refuses requests because of overload, for all faces together. */
  readonly admission?: Admission | null
  /** Whether this process should receive requests. `serve` provides it. */
  readonly health?: Health
  /** Makes every readable URI a stream for clients that accept `text/event-stream`. */
  readonly live?: Live
  /** The path of `POST /batch`, below the prefix. null = it is not served. */
  readonly batch?: string | null
  /** Files beside the API. `serve` provides them. */
  readonly files?: StaticFiles
  /** What answers the questions of the studio. */
  readonly studio?: readonly Service[]
  /** The handled resources. */
  readonly handled?: HandledResources | undefined
  /** Makes handled resources streams as well. */
  readonly published?: PublishedFeed
}

/** Everything that the HTTP face is made from. */
export type HttpSetup = HttpOptions & HttpServices

/** The default log: a line of JSON on standard error per record. */
export function printLog(record: LogRecord): void {
  console.error(JSON.stringify({ time: new Date().toISOString(), ...record, error: redact(record.error) }))
}

/** A record of an answered request, without its body, query and credentials. */
export interface RequestRecord {
  readonly time: string
  readonly level: 'info'
  readonly event: 'request'
  readonly requestId: string | null
  readonly method: string
  /** Without the query, which may contain private data. */
  readonly path: string
  readonly route: string
  readonly status: number
  readonly milliseconds: number
  /** The size of the body. */
  readonly bytes: number
  /** The id of the caller; null = not known. */
  readonly caller: string | number | null
  readonly address: string | null
}
