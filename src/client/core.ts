import type { Answer, Call, Id, Frame, Params, Transport } from './call.ts'
import type { Follower, LiveTransport } from './follower.ts'
import type { Http } from './http.ts'
import { LiveQuery, type LiveHost } from './live/live-query.ts'
import type { Pending, View } from './live/overlay.ts'
import type { Row } from './live/order.ts'
import { RowOrder } from './row-order.ts'
import type { Status } from './status.ts'
import { Writes, type Outbox } from './writes.ts'

export interface CoreOptions {
  readonly http: Http
  /** Carries live queries. */
  readonly transport: LiveTransport
  readonly status: Status
  /** For how many milliseconds a live query without users goes on. */
  readonly linger: number
  readonly schedule: (work: () => void) => void
  readonly outbox: Outbox | undefined
  /** What another client had, by `dehydrate`. */
  readonly state: string | null
}

/** What the resources of a client have in common: where calls go, live queries, and unanswered writes. */
export class Core implements Transport, LiveHost {
  readonly writes: Writes
  readonly linger: number
  readonly schedule: (work: () => void) => void
  readonly #http: Http
  readonly #transport: LiveTransport
  /** Whether writes wait for a connection, because they are kept until there is one. */
  readonly #waits: boolean
  readonly #order = new RowOrder()
  readonly #queries = new Map<string, LiveQuery>()
  /** What queries begin with, as another client has left it. */
  readonly #handed: Record<string, Frame>

  constructor({ http, transport, status, linger, schedule, outbox, state }: CoreOptions) {
    this.#handed = JSON.parse(state ?? '{}') as Record<string, Frame>
    this.#waits = outbox !== undefined
    this.#http = http
    this.#transport = transport
    this.linger = linger
    this.schedule = schedule
    this.writes = new Writes(this, pending => status.set({ pending }), outbox)
  }

  /** Calls go the way of live queries if there are any: over a WebSocket they are then told of a write before its answer. */
  call(call: Call): Promise<Answer> {
    return this.#order.run(call, one =>
      (this.#transport.isInUse || (this.#waits && one.key !== undefined) ? this.#transport : this.#http).call(one),
    )
  }

  follow(follower: Follower): () => void {
    return this.#transport.follow(follower)
  }

  pending(resource: string): readonly Pending[] {
    return this.writes.of(resource)
  }

  /** A row as a live query knows it. null = none has it. */
  known(resource: string, id: Id): Row | null {
    const rows = [...this.writes.queries].map(query => (query.resource === resource ? query.told(id) : undefined))
    return rows.find(row => row) ?? null
  }

  /** The live query with these words. Equal words give the same one. */
  live(resource: string, uri: string, view: View): LiveQuery {
    const key = JSON.stringify([uri, sortedMembers(view.params)])
    let query = this.#queries.get(key)
    if (!query) {
      query = new LiveQuery(this, resource, uri, view)
      this.#queries.set(key, query)
      this.writes.queries.add(query)
      if (this.#handed[key]) query.begin(this.#handed[key])
      // If it is made again later, the server knows better.
      delete this.#handed[key]
    }
    return query
  }

  /** The live queries as text, for the `state` of another client. It may stand in a script element of a page. */
  dehydrate(): string {
    return JSON.stringify(Object.fromEntries(this.#queries)).replaceAll('<', '\\u003c')
  }

  /** Somebody has logged in or out: what was refused may be allowed now. */
  changeCaller(): void {
    for (const query of this.#queries.values()) if (query.problem) this.forget(query)
    void this.#transport.changeCaller()
  }

  forget(query: LiveQuery): void {
    this.writes.queries.delete(query)
    for (const [key, one] of this.#queries) if (one === query) this.#queries.delete(key)
  }

  close(): void {
    for (const query of this.#queries.values()) query.close()
    this.#transport.close()
  }
}

const sortedMembers = (params: Params): Params =>
  Object.fromEntries(Object.entries(params).toSorted(([a], [b]) => (a < b ? -1 : 1)))
