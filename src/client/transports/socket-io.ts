import { isProblemDocument, queryText, type Frame, type Id } from '../call.ts'
import type { Follower, IoSocket, LiveTransport, LiveTransportOptions, Outline } from '../follower.ts'
import type { Row } from '../live/order.ts'
import { Problem, type ProblemDocument } from '../problem.ts'
import { patientCalls } from './patient-calls.ts'

/** What the events of a handled resource are in restuary.1. */
const KINDS: Readonly<Record<string, string>> = { create: 'enter', patch: 'change', delete: 'leave' }

/** How long after its answer a query is usually told of a write, in milliseconds. */
const QUIET = 1_000

/** Live queries over Socket.IO, with the `io` of the page. Calls are requests (docs/protocol.md §8.9). */
export function socketIo(options: LiveTransportOptions): LiveTransport {
  const { io, session, onStatus } = options
  if (!io) throw new TypeError("the transport 'socketio' needs the option `io`: that of socket.io-client")
  const followers = new Map<string, Subscription>()
  const calls = patientCalls(options, () => followers.size > 0)
  let isClosed = false
  let isOpen = false
  let socket: IoSocket | null = null

  const open = (): IoSocket => {
    let token: string | null = null
    const auth = (give: (credentials: object) => void): void =>
      void session.token().then(now => {
        token = now
        give(now === null ? {} : { token: now })
      })
    const { origin, pathname } = new URL(`${options.base}/`, globalThis.location?.href)
    const made = io(origin, { path: `${pathname}socket.io`, forceNew: true, auth })
    onStatus('connecting')
    made.on('connect', () => {
      isOpen = true
      onStatus('open')
      for (const one of followers.values()) one.subscribe()
    })
    made.on('disconnect', (reason: string) => {
      isOpen = false
      onStatus(isClosed ? 'closed' : 'offline')
      for (const one of followers.values()) one.follower.stale()
      // If the server ends the connection, socket.io-client does not come back by itself.
      if (!isClosed && reason === 'io server disconnect') made.connect()
    })
    made.on('connect_error', ({ data }: { readonly data?: unknown }) => {
      if (isClosed) return
      onStatus('offline')
      // It tries again by itself if the server was not reached, and not if it refused.
      if (!isProblemDocument(data)) return
      const problem = new Problem(data)
      const end = (thrown: unknown): void => {
        for (const one of followers.values()) one.follower.end(thrown as Problem)
        followers.clear()
      }
      if (problem.isPassing) setTimeout(() => made.connect(), (problem.retryAfter ?? 1) * 1000)
      else if (problem.status !== 401 || token === null) end(problem)
      else
        session.renew(token).then(
          () => made.connect(),
          () => setTimeout(() => made.connect(), 1000),
        )
    })
    for (const event of ['state', 'create', 'patch', 'leave', 'delete', 'order', 'behind'])
      made.on(event, (told: Frame) => followers.get(told['uri'] as string)?.hear(event, told))
    return made
  }

  return {
    get isInUse() {
      return followers.size > 0 || isClosed
    },
    async call(call) {
      const answer = await calls.call(call)
      // A query may be told nothing of a write. Then it begins anew, as no other message says how far everything was told.
      const ask = (): void => followers.forEach(one => one.follower.isWaiting && one.subscribe(answer.position))
      if (call.key) setTimeout(ask, QUIET)
      return answer
    },
    follow(follower) {
      socket ??= open()
      const one = new Subscription(follower, (...given) => isOpen && socket!.emit(...given))
      followers.set(one.uri, one)
      one.subscribe()
      return () => {
        if (followers.delete(one.uri) && isOpen) socket!.emit('unsubscribe', one.uri)
      }
    },
    changeCaller(isOther) {
      calls.changeCaller(isOther)
      socket?.disconnect()
      socket?.connect()
    },
    close() {
      isClosed = true
      calls.close()
      socket?.disconnect()
      onStatus('closed')
    },
  }
}

/** A subscription, whose events become messages of restuary.1. */
class Subscription {
  readonly follower: Follower
  /** Its name. All its events have it (docs/protocol.md §8.11). */
  readonly uri: string
  /** Whether functions serve it. */
  readonly #isHandled: boolean
  readonly #emit: (event: string, ...given: unknown[]) => void
  /** The id of a row that is followed by itself: its events do not name it. */
  #id: Id | undefined
  /** The events of the current step. */
  #events: Frame[] = []
  #order: readonly Id[] | undefined
  /** How often it was subscribed to. The answer to an earlier time says nothing. */
  #times = 0
  /** Whether something was told since. */
  #isTold = false

  constructor(follower: Follower, emit: (event: string, ...given: unknown[]) => void) {
    const { uri, params } = follower.request as { uri: string; params?: Row }
    this.follower = follower
    this.#isHandled = params === undefined
    this.uri = uri + queryText(params)
    this.#emit = emit
  }

  /** Goes on where it was, or begins at a position. */
  subscribe(min?: string): void {
    this.#forget()
    this.#isTold = false
    const time = ++this.#times
    const { absent } = this.follower.request
    const since = min === undefined ? this.follower.position : null
    const more = { ...(absent && { absent }), ...(since !== null && { since }), ...(min && { min }) }
    const options = { changes: 'patch', ...more }
    this.#emit('subscribe', this.uri, options, (answer: ProblemDocument & { data?: Outline | null }) => {
      if (time !== this.#times) return
      if (answer.error) return this.#refuse(new Problem(answer))
      if (answer.data) this.follower.learn(answer.data)
      // What was missed comes before the answer. If nothing was, it goes on where it was.
      if (since !== null && !this.#isTold) this.follower.hear({ op: 'resumed', position: since })
    })
  }

  #refuse(problem: Problem): void {
    if (problem.isPassing) setTimeout(() => this.subscribe(), (problem.retryAfter ?? 1) * 1000)
    else this.follower.end(problem)
  }

  hear(event: string, { resource, ids, id, item, patch, position, by }: Frame): void {
    this.#isTold = true
    if (this.#isHandled && event in KINDS) {
      this.#events.push({ kind: KINDS[event], uri: item, data: resource, patch })
      return this.#commit(position as string, by)
    }
    const own = (id ?? (resource as Row | undefined)?.['id'] ?? this.#id) as Id
    switch (event) {
      case 'behind':
        return this.follower.hear({ op: 'behind' })
      case 'state':
        return this.#state(resource, ids, position as string)
      case 'order':
        this.#order = ids
        break
      case 'patch':
        this.#events.push({ kind: 'change', id: own, patch })
        break
      case 'create':
        this.#id = own
        this.#events.push({ kind: 'enter', id: own, data: resource })
        break
      default:
        this.#events.push({ kind: 'leave', id: own })
    }
    if (position !== undefined) this.#commit(position as string, by)
  }

  /** The last event of a step has come. What a cut connection leaves of one is never shown. */
  #commit(position: string, by: readonly string[] | undefined): void {
    const order = this.#order
    const events = this.#events
    this.#forget()
    this.follower.hear({ op: 'commit', events, position, ...(order && { order }), ...(by && { by }) })
  }

  #forget(): void {
    this.#events = []
    this.#order = undefined
  }

  #state(resource: unknown, ids: readonly Id[] | undefined, position: string | undefined): void {
    // Only lists name the ids of what they have.
    const data = (ids ? resource : resource === null ? [] : [resource]) as readonly Row[]
    const names = ids ?? data.map(row => row['id'] as Id)
    this.#id = names[0]
    this.#forget()
    this.follower.hear({ op: 'reset', data, ids: names, position })
  }
}
