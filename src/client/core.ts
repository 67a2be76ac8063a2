import type { Answer, Call, Id, Frame, Params } from './call.ts'
import type { LiveTransport } from './follower.ts'
import type { Http } from './http.ts'
import type { KeptFollower, Layer, LayerParts } from './offline/layer.ts'
import { LiveQuery, type LiveHost } from './live/live-query.ts'
import type { Pending, View } from './live/overlay.ts'
import type { Row } from './live/order.ts'
import { RowOrder } from './row-order.ts'
import type { Session } from './session.ts'
import type { Status } from './status.ts'
import { followLater, loaded } from './transports/later.ts'
import { Writes } from './writes.ts'

export interface CoreOptions {
  readonly http: Http
  readonly session: Session
  /** Carries live queries. */
  readonly transport: LiveTransport
  readonly status: Status
  /** For how many milliseconds a live query without users goes on. */
  readonly linger: number
  readonly schedule: (work: () => void) => void
  /** Keeps writes until there is a connection. */
  readonly offline: ((parts: LayerParts) => Layer) | undefined
  /** What another client had, by `dehydrate`. */
  readonly state: string | null
}

/** What the resources of a client have in common: where calls go, live queries, and unanswered writes. */
export class Core implements LiveHost {
  readonly linger: number
  readonly schedule: (work: () => void) => void
  readonly #layer: Layer
  readonly #writes: Writes
  readonly #transport: LiveTransport
  readonly #queries = new Map<string, LiveQuery>()
  /** What queries begin with, as another client has left it. */
  readonly #handed: Record<string, Frame>

  constructor({ http, session, transport, status, linger, schedule, offline, state }: CoreOptions) {
    this.#handed = JSON.parse(state ?? '{}') as Record<string, Frame>
    this.#transport = transport
    this.linger = linger
    this.schedule = schedule
    const order = new RowOrder()
    const layer: Layer = {
      // Calls go the way of live queries if there are any: over a WebSocket they are then told of a write before its answer.
      send: call => order.run(call, () => (transport.isInUse || (offline && call.key) ? transport : http).call(call)),
      follow: follower => transport.follow(follower),
    }
    const known = this.known.bind(this)
    this.#layer = offline?.({ ...layer, session, known, repeat: call => this.call(call) }) ?? layer
    this.#writes = new Writes(this.#queries, this.#layer.send, pending => status.set({ pending }))
  }

  call(call: Call): Promise<Answer> {
    return call.shown ? this.#writes.send(call, call.shown) : this.#layer.send(call)
  }

  follow(follower: KeptFollower): () => void {
    if (follower.request['params']) return this.#layer.follow(follower)
    return followLater(
      loaded(import('./live/values.ts')).then(all => all.values(this.#transport)),
      follower,
    )
  }

  pending(resource: string | null): readonly Pending[] {
    return this.#writes.of(resource)
  }

  /** A row as a live query knows it, without one's own writes. */
  known(resource: string, id: Id): Row | undefined {
    const rows = [...this.#queries.values()].map(query => (query.resource === resource ? query.told(id) : undefined))
    return rows.find(Boolean)
  }

  /** The live query with these words. Equal words give the same one. Without a resource it follows what functions serve. */
  live(resource: string | null, uri: string, view: View): LiveQuery {
    const key = JSON.stringify([uri, sortedMembers(view.params)])
    let query = this.#queries.get(key)
    if (!query) {
      query = new LiveQuery(this, resource, uri, view)
      this.#queries.set(key, query)
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
    this.#layer.changeCaller?.()
    void this.#transport.changeCaller()
  }

  forget(query: LiveQuery): void {
    for (const [key, one] of this.#queries) if (one === query) this.#queries.delete(key)
  }

  close(): void {
    for (const query of this.#queries.values()) query.close()
    this.#transport.close()
  }
}

const sortedMembers = (params: Params): Params =>
  Object.fromEntries(Object.entries(params).toSorted(([a], [b]) => (a < b ? -1 : 1)))
