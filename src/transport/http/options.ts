import type { Handled } from '../../engine/handled.ts'
import type { Live } from '../../live/live.ts'
import type { Page } from './page.ts'

/** Something that happened, for the log; `error` may hold what a client must never see. */
export interface LogRecord {
  readonly level: 'error' | 'warn'
  readonly event: string
  readonly requestId: string
  readonly method: string
  readonly path: string
  readonly error: unknown
}

export interface HttpOptions {
  /** Where the API is mounted: `/api`. Links carry it. */
  readonly prefix?: string
  /** Origins that browsers may call from, exact: `https://app.example` (Fetch §3.2). Absent or empty = none. */
  readonly cors?: { readonly origins: readonly string[]; readonly maxAge?: number }
  /** Addresses or networks of proxies whose X-Forwarded-For is believed: `10.0.0.0/8`. Default: none. */
  readonly trustedProxies?: readonly string[]
  /** Tells in `Server-Timing` how long the answer took; for development. */
  readonly timing?: boolean
  /** Static pages beside the resources: documents, health. They need no credentials. */
  readonly pages?: readonly Page[]
  readonly log?: (record: LogRecord) => void
  /** Makes every readable URI a stream for those who accept `text/event-stream`. An Api brings its own. */
  readonly live?: Live
  /** Resources that functions serve. An Api brings its own. */
  readonly handled?: Handled | undefined
}

/** Where records go unless an API says otherwise: one line of JSON each on standard error. */
export function printLog(record: LogRecord): void {
  const { error } = record
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  console.error(JSON.stringify({ ...record, error: text }))
}
