import type { Answer, Call, Params, Transport } from './call.ts'
import type { Follower, Followers } from './follower.ts'
import type { Http } from './http.ts'
import { LiveQuery, type LiveHost } from './live/live-query.ts'
import type { Pending, View } from './live/overlay.ts'
import { Connection, type ConnectionOptions } from './socket/connection.ts'
import { Status } from './status.ts'
import { Writes } from './writes.ts'

export interface CoreOptions {
  readonly http: Http
  readonly connection: Omit<ConnectionOptions, 'onStatus'>
  /** For how many milliseconds a live query without users goes on. */
  readonly linger: number
  readonly schedule: (work: () => void) => void
}

/** What the resources of a client have in common: where calls go, live queries, and unanswered writes. */
export class Core implements Transport, LiveHost {
  readonly status: Status = new Status()
  readonly writes: Writes
  readonly linger: number
  readonly schedule: (work: () => void) => void
  readonly #http: Http
  readonly #connection: Connection
  readonly #followers: Followers
  readonly #queries = new Map<string, LiveQuery>()

  constructor({ http, connection, linger, schedule }: CoreOptions) {
    this.#http = http
    this.linger = linger
    this.schedule = schedule
    this.#connection = new Connection({ ...connection, onStatus: status => this.status.set({ connection: status }) })
    this.#followers = this.#connection
    this.writes = new Writes(this, pending => this.status.set({ pending }))
  }

  /** Calls go over the connection if there is one for live queries: they are then told of a write before its answer. */
  call(call: Call): Promise<Answer> {
    const { isInUse, status } = this.#connection
    return isInUse || status === 'closed' ? this.#connection.call(call) : this.#http.call(call)
  }

  follow(follower: Follower): () => void {
    return this.#followers.follow(follower)
  }

  pending(resource: string): readonly Pending[] {
    return this.writes.of(resource)
  }

  /** The live query with these words. Equal words give the same one. */
  live(resource: string, uri: string, view: View): LiveQuery {
    const key = JSON.stringify([uri, sortedMembers(view.params)])
    let query = this.#queries.get(key)
    if (!query) {
      query = new LiveQuery(this, resource, uri, view)
      this.#queries.set(key, query)
      this.writes.queries.add(query)
    }
    return query
  }

  forget(query: LiveQuery): void {
    this.writes.queries.delete(query)
    for (const [key, one] of this.#queries) if (one === query) this.#queries.delete(key)
  }

  changeCaller(): void {
    void this.#connection.changeCaller()
  }

  close(): void {
    for (const query of this.#queries.values()) query.close()
    this.#connection.close()
  }
}

const sortedMembers = (params: Params): Params =>
  Object.fromEntries(Object.entries(params).toSorted(([a], [b]) => (a < b ? -1 : 1)))
