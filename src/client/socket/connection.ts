import type { Call, Frame, Id } from '../call.ts'
import type { ConnectionStatus, Follower, LiveTransport, LiveTransportOptions, Outline } from '../follower.ts'
import { onDemand } from '../on-demand/load.ts'
import { aborted, closed, Problem, type ProblemDocument } from '../problem.ts'
import { paceOf } from './pace.ts'
import { reconnecting } from './reconnect.ts'

/** What the server was asked for: a call, or a subscription with its follower. */
interface Asked {
  /** The message, without its id. */
  readonly words: () => Frame
  readonly answer: (answer: Frame) => void
  readonly refuse: (problem: Problem) => void
  readonly follower?: Follower
  /** Whether it is about the connection, and ends with it. */
  readonly isOfConnection?: boolean
  /** How often it may still be sent again after it was refused for a moment. */
  tries: number
}

/** How often a call is sent again. */
const TRIES = 20

/** How long the server may take to answer a ping, or to say hello, in milliseconds. */
const PATIENCE = 10_000
/** After how much silence the server is asked for a sign of life, in milliseconds; at most twice as much. */
const SILENCE = 15_000

/**
 * A WebSocket that comes back (docs/protocol.md §8). Calls are sent again until they are answered; their keys make sure that
 * they happen once. Subscriptions go on where they were.
 */
export function webSocket(options: LiveTransportOptions): LiveTransport {
  const { base, http, session, random } = options
  /** Calls without an answer and subscriptions, in the order in which they were made. */
  const asked = new Map<Id, Asked>()
  const reconnect = reconnecting(open, random)
  const pace = paceOf(text => socket?.send(text))
  let socket: WebSocket | null = null
  let isOpen = false
  let last = 0
  /** How many messages have come. */
  let heard = 0
  /** The longest message that the server takes, in bytes. */
  let maxBytes = 0
  let beat: ReturnType<typeof setTimeout> | undefined
  /** The caller, undefined before the first hello. */
  let caller: Id | null | undefined
  let status: ConnectionStatus = 'idle'

  return {
    get isInUse() {
      return followers().length > 0 || status === 'closed'
    },
    call({ signal, shown: _shown, row: _row, ...call }: Call) {
      const id = ++last
      const { key, op } = call
      return new Promise((resolve, refuse) => {
        if (status === 'closed') return refuse(closed())
        const tries = key || op === 'get' || op === 'list' ? TRIES : 0
        asked.set(id, { words: () => call, answer: resolve as Asked['answer'], refuse, tries })
        const abort = (): void => {
          asked.delete(id)
          refuse(aborted())
        }
        if (signal?.aborted) return abort()
        signal?.addEventListener('abort', abort, { once: true })
        ask(id)
      })
    },
    follow(follower) {
      const id = ++last
      asked.set(id, {
        words: () => ({
          ...follower.request,
          op: 'subscribe',
          changes: 'patch',
          since: follower.position ?? undefined,
        }),
        answer: ({ data }) => data && follower.learn(data as Outline),
        refuse: problem => follower.end(problem),
        tries: Infinity,
        follower,
      })
      ask(id)
      return () => {
        if (asked.delete(id) && isOpen) pace.send(textOf(++last, { op: 'unsubscribe', sub: id }))
      }
    },
    changeCaller,
    close() {
      tell('closed')
      cut()
      reconnect.close()
      refuseCalls()
      asked.clear()
    },
  }

  function followers(): Follower[] {
    return [...asked.values()].flatMap(one => one.follower ?? [])
  }

  /** Sends a call or a subscription, if it is still wanted. Otherwise it is sent when the connection is open. */
  function ask(id: Id): void {
    const one = asked.get(id)
    if (!isOpen) return open()
    if (!one) return
    const words = one.words()
    const text = textOf(id, words)
    // A character has at most three bytes. What is too long for a message may still be a request.
    if (one.follower || text.length < maxBytes / 3) return pace.send(text)
    http.call(words as Call).then(
      answer => answered(id, one, answer as unknown as Frame),
      (problem: Problem) => refused(id, one, problem),
    )
  }

  /** Somebody has logged in or out. */
  async function changeCaller(isOther: boolean): Promise<void> {
    // Until it is open it cannot tell that somebody else comes: what other tabs follow begins anew.
    if (isOther || !isOpen) for (const follower of followers()) follower.restart(isOther)
    if (isOther) refuseCalls()
    const token = isOther ? null : await session.token()
    // An open connection becomes another caller's with its token, and tells the difference. Otherwise it has to begin anew.
    if (isOpen && token) await introduce()
    else if (socket) cut()
  }

  function refuseCalls(): void {
    for (const [id, { follower, refuse }] of asked) if (!follower && asked.delete(id)) refuse(closed())
  }

  /** Gives the connection up, and connects again. */
  function cut(): void {
    const former = socket
    lost()
    former?.close()
  }

  function open(): void {
    if (socket || status === 'closed' || reconnect.isWaiting) return
    tell('connecting')
    const made = new (options.WebSocket ?? WebSocket)(socketUrl(base), 'restuary.1')
    socket = made
    watch(PATIENCE)
    const on = <T extends Event>(name: string, hearEvent: (event: T) => void): void =>
      made.addEventListener(name, event => socket === made && hearEvent(event as T))
    on('message', ({ data }: MessageEvent<string>) => hear(JSON.parse(data) as Frame))
    on('close', ({ code }: CloseEvent) => lost(code))
    // What is wrong comes with the close; without a listener, some hosts throw it.
    on('error', () => {})
  }

  function lost(code?: number): void {
    socket = null
    isOpen = false
    pace.end()
    clearTimeout(beat)
    for (const [id, { follower, isOfConnection, refuse }] of asked) {
      follower?.stale()
      if (isOfConnection && asked.delete(id)) refuse(closed())
    }
    if (status === 'closed') return
    tell('offline')
    // 1008 = this client has sent too much.
    if (asked.size > 0) reconnect.later(code === 1008 ? 10_000 : 0)
  }

  async function greet(hello: Frame): Promise<void> {
    const greeted = socket
    pace.begin(hello['limits'])
    const { me, limits } = (await introduce()) ?? hello
    if (socket !== greeted) return
    maxBytes = limits.message
    if (caller !== undefined && caller !== me) for (const follower of followers()) follower.restart(caller !== null)
    caller = me as Id | null
    isOpen = true
    reconnect.succeeded()
    tell('open')
    // Subscriptions come first: they are then told of what a write did before its answer comes.
    for (const [id, { follower }] of asked) if (follower) ask(id)
    for (const [id, { follower }] of asked) if (!follower) ask(id)
  }

  /** Says who the caller is. Resolves to what the server answers. undefined = nothing, or nobody is logged in. */
  async function introduce(): Promise<Frame | undefined> {
    const by = socket
    // Asking for the token may show that somebody else has logged in. Then this connection is given up.
    if (!(await session.token()) || by !== socket) return undefined
    const isLost = (): boolean => socket !== by
    return onDemand(all => all.introduce(session, { exchange, isLost, again: () => void changeCaller(false) })).catch(
      () => {
        // The server is busy, or the one that renews tokens cannot be reached. The next connection tries again.
        if (!isLost()) cut()
        return undefined
      },
    )
  }

  /** Sends something about the connection itself. Resolves to the answer. */
  function exchange(words: Frame): Promise<Frame> {
    const id = ++last
    return new Promise((answer, refuse) => {
      asked.set(id, { words: () => words, answer, refuse, tries: 0, isOfConnection: true })
      pace.send(textOf(id, words))
    })
  }

  function hear(frame: Frame): void {
    heard++
    const { id, sub = id, op, error } = frame as { id: Id; sub?: Id; op?: string; error?: ProblemDocument }
    const one = asked.get(sub)
    if (!one) {
      if (op === 'hello') void greet(frame)
    } else if (error) refused(sub, one, new Problem(error))
    else if ('sub' in frame) one.follower!.hear(frame)
    else answered(id, one, { ...frame, isTold: true })
  }

  function answered(id: Id, one: Asked, answer: Frame): void {
    if (!one.follower) asked.delete(id)
    one.answer(answer)
  }

  function refused(id: Id, one: Asked, problem: Problem): void {
    if (problem.isPassing && one.tries-- > 0) setTimeout(() => ask(id), (problem.retryAfter ?? 1) * 1000)
    else if (asked.delete(id)) one.refuse(problem)
  }

  /**
   * Browsers do not show the pings of the server, so silence is asked about: a connection may be half open. The timer goes on
   * through all messages, as setting one for each costs more than reading most of them.
   */
  function watch(milliseconds: number, isAsked = false): void {
    const before = heard
    beat = setTimeout(() => {
      if (heard > before) return watch(SILENCE)
      if (isAsked || !isOpen) return cut()
      watch(PATIENCE, true)
      exchange({ op: 'ping' }).then(
        ({ position }) => position && followers().forEach(follower => follower.advance(position as string)),
        () => {},
      )
    }, milliseconds)
  }

  function tell(now: ConnectionStatus): void {
    if (now === status) return
    status = now
    options.onStatus(now)
  }
}

const textOf = (id: Id, words: Frame): string => JSON.stringify({ ...words, id })

/** The URL of the WebSocket of an API. A base without a host is one of the page. */
function socketUrl(base: string): string {
  return new URL(`${base}/`, globalThis.location?.href).href.replace(/^http/, 'ws')
}
