import type { Answer, Call, Id, Frame, Params } from './call.ts'
import type { LiveTransport } from './follower.ts'
import type { Http } from './http.ts'
import type { KeptFollower, Layer, LayerParts } from './offline/layer.ts'
import { liveQuery, type LiveQuery } from './live/live-query.ts'
import type { View } from './live/overlay.ts'
import type { Row } from './live/order.ts'
import { tellings } from './live/tellings.ts'
import { closed } from './problem.ts'
import { inRowOrder } from './writes/row-order.ts'
import type { Session } from './session.ts'
import type { ClientState } from './status.ts'
import { followLater, loaded } from './transports/later.ts'
import { writesOf } from './writes/writes.ts'

export interface CoreOptions {
  readonly http: Http
  readonly session: Session
  /** Carries live queries. */
  readonly transport: LiveTransport
  readonly onStatus: (change: Partial<ClientState>) => void
  /** For how many milliseconds a live query without users goes on. */
  readonly linger: number
  readonly schedule?: ((work: () => void) => void) | undefined
  /** Keeps writes until there is a connection. */
  readonly offline?: ((parts: LayerParts) => Layer) | undefined
  /** What another client had, by `dehydrate`. */
  readonly state?: string | null | undefined
}

/** What the resources of a client have in common: where calls go, live queries, and unanswered writes. */
export interface Core {
  call(call: Call): Promise<Answer>
  /** A row as a live query knows it, without one's own writes. */
  known(resource: string, id: Id): Row | undefined
  /** The live query with these words. Equal words give the same one. Without a resource it follows what functions serve. */
  live(resource: string | null, uri: string, view: View): LiveQuery
  /** The live queries as text, for the `state` of another client. It may stand in a script element of a page. */
  readonly dehydrate: () => string
  /** Somebody has logged in or out: what was refused may be allowed now. `isOther` = see {@link Session.onChange}. */
  readonly changeCaller: (isOther: boolean) => void
  readonly close: () => void
}

export function coreOf({ http, session, transport, onStatus, linger, schedule, offline, state }: CoreOptions): Core {
  const queries = new Map<string, LiveQuery>()
  /** What queries begin with, as another client has left it. */
  let handed = JSON.parse(state ?? '{}') as Record<string, Frame>
  const ordered = inRowOrder()
  /** Aborted when somebody else logs in, who sends nothing of what the former user has asked for. */
  let caller = new AbortController()
  const told = tellings(schedule)
  const queriesOf = (resource: string): LiveQuery[] =>
    [...queries.values()].filter(query => query.resource === resource)
  const known: Core['known'] = (resource, id) =>
    queriesOf(resource)
      .map(query => query.told(id))
      .find(Boolean)
  const base: Layer = {
    // Calls go the way of live queries if there are any: over a WebSocket they are then told of a write before its answer.
    send: ({ caller: by, ...call }) =>
      ordered(call, async () => {
        by!.throwIfAborted()
        return (transport.isInUse || (offline && call.key) ? transport : http).call(call)
      }),
    follow: follower => transport.follow(follower),
  }
  const layer = offline?.({ ...base, session, known, repeat: call }) ?? base
  const writes = writesOf(queriesOf, layer.send, pending => onStatus({ pending }))

  async function call(given: Call): Promise<Answer> {
    const made = { ...given, caller: caller.signal }
    const answer = await (made.shown ? writes.send(made, made.shown) : layer.send(made))
    // Users of live queries are told what a write did before its caller goes on.
    if (made.key) told.soon()
    return answer
  }
  function follow(follower: KeptFollower): () => void {
    if (follower.request['params']) return layer.follow(follower)
    const values = loaded(import('./live/values.ts')).then(all => all.values(transport))
    return followLater(values, follower)
  }
  function forget(query: LiveQuery): void {
    for (const [key, one] of queries) if (one === query) queries.delete(key)
  }

  return {
    call,
    known,
    live(resource, uri, view) {
      const key = JSON.stringify([uri, sortedMembers(view.params)])
      let query = queries.get(key)
      if (!query) {
        query = liveQuery({ follow, pending: writes.of, tellings: told, forget, linger }, resource, uri, view)
        queries.set(key, query)
        if (handed[key]) query.begin(handed[key])
        // If it is made again later, the server knows better.
        delete handed[key]
      }
      return query
    },
    dehydrate: () => JSON.stringify(Object.fromEntries(queries)).replaceAll('<', '\\u003c'),
    changeCaller(isOther) {
      if (isOther) {
        handed = {}
        writes.forget()
        caller.abort(closed())
        caller = new AbortController()
      }
      void transport.changeCaller(isOther)
      for (const query of queries.values()) {
        if (query.problem) forget(query)
        // A position is that of whoever was told of it, also while nothing is connected and no transport knows whose it is.
        query.restart(isOther)
      }
      layer.changeCaller?.()
    },
    close() {
      for (const query of queries.values()) query.close()
      transport.close()
    },
  }
}

const sortedMembers = (params: Params): Params =>
  Object.fromEntries(Object.entries(params).toSorted(([a], [b]) => (a < b ? -1 : 1)))
