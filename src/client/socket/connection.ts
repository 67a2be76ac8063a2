import type { Answer, Call, Frame, Id } from '../call.ts'
import type { ConnectionStatus, Follower, LiveTransport, LiveTransportOptions, Outline } from '../follower.ts'
import { aborted, closed, Problem, type ProblemDocument } from '../problem.ts'
import { paceOf } from './pace.ts'
import { reconnecting } from './reconnect.ts'

interface AskedCall {
  readonly frame: Frame
  tries: number
  readonly resolve: (answer: Answer | Promise<Answer>) => void
  readonly reject: (problem: Problem) => void
}

/** How long the server may take to answer a ping, or to say hello, in milliseconds. */
const PATIENCE = 10_000
const MOST_TRIES = 8
/** After how much silence the server is asked for a sign of life, in milliseconds. */
const SILENCE = 20_000

/**
 * A WebSocket that comes back (docs/protocol.md §8). Calls are sent again until they are answered; their keys make sure that
 * they happen once. Subscriptions go on where they were.
 */
export function webSocket(options: LiveTransportOptions): LiveTransport {
  const { base, session, random } = options
  /** Unanswered calls, in the order in which they were made. */
  const asked = new Map<Id, AskedCall>()
  const followers = new Map<Id, Follower>()
  /** Messages of the connection itself that wait for an answer. */
  const exchanges = new Map<Id, (frame: Frame | null) => void>()
  const reconnect = reconnecting(open, random)
  const pace = paceOf(text => socket?.send(text))
  let socket: WebSocket | null = null
  let isOpen = false
  let last = 0
  /** The longest message that the server takes, in bytes. */
  let most = Infinity
  let beat: ReturnType<typeof setTimeout> | undefined
  let renewal: ReturnType<typeof setTimeout> | undefined
  /** The caller, undefined before the first hello. */
  let caller: Id | null | undefined
  let status: ConnectionStatus = 'idle'

  return {
    get isInUse() {
      return followers.size > 0 || status === 'closed'
    },
    call({ signal, shown: _shown, row: _row, ...call }: Call) {
      const id = ++last
      return new Promise((resolve, reject) => {
        if (status === 'closed') return reject(closed())
        asked.set(id, { frame: { id, ...call }, tries: 0, resolve, reject })
        const abort = (): void => {
          asked.delete(id)
          reject(aborted())
        }
        if (signal?.aborted) return abort()
        signal?.addEventListener('abort', abort, { once: true })
        ask(id)
      })
    },
    follow(follower) {
      const id = `s${++last}`
      followers.set(id, follower)
      ask(id)
      return () => {
        if (followers.delete(id) && isOpen) send({ id: ++last, op: 'unsubscribe', sub: id })
      }
    },
    changeCaller,
    close() {
      tell('closed')
      cut()
      reconnect.close()
      asked.forEach(({ reject }) => reject(closed()))
      asked.clear()
    },
  }

  /** Sends a call or a subscription, if it is still wanted. Otherwise it is sent when the connection is open. */
  function ask(id: Id): void {
    if (!isOpen) return open()
    const follower = followers.get(id)
    if (follower) {
      const { request, position } = follower
      return send({ ...request, op: 'subscribe', id, changes: 'patch', since: position ?? undefined })
    }
    const call = asked.get(id)
    if (!call) return
    if (new TextEncoder().encode(JSON.stringify(call.frame)).length <= most) return send(call.frame)
    asked.delete(id)
    const detail = `a message has at most ${most} bytes`
    call.reject(new Problem({ error: 'payload_too_large', status: 413, detail }))
  }

  /** Sends something that was refused for a moment once more. */
  function askAgain(id: Id, { retryAfter }: Problem, tries = 4): void {
    setTimeout(() => ask(id), (retryAfter ?? 0.1 * 2 ** tries) * 1000)
  }

  /** Somebody has logged in or out. */
  async function changeCaller(): Promise<void> {
    const token = await session.token()
    if (!isOpen) return
    // An open connection becomes another caller's with its token; without one it has to begin anew.
    if (token) await authenticate()
    else cut()
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
    expect(PATIENCE)
    const on = <T extends Event>(name: string, heard: (event: T) => void): void =>
      made.addEventListener(name, event => socket === made && heard(event as T))
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
    clearTimeout(renewal)
    exchanges.forEach(resolve => resolve(null))
    exchanges.clear()
    followers.forEach(follower => follower.stale())
    if (status === 'closed') return
    tell('offline')
    // 1008 = this client has sent too much.
    if (asked.size + followers.size > 0) reconnect.later(code === 1008 ? 10_000 : 0)
  }

  async function greet(hello: Frame): Promise<void> {
    const greeted = socket
    pace.begin(hello['limits'])
    const mine = await authenticate()
    if (socket !== greeted || mine === null) return
    const { me, limits } = mine ?? hello
    most = limits.message
    if (caller !== undefined && caller !== me) followers.forEach(follower => follower.restart())
    caller = me as Id | null
    isOpen = true
    reconnect.succeeded()
    tell('open')
    // Subscriptions come first: they are then told of what a write did before its answer comes.
    for (const id of [...followers.keys(), ...asked.keys()]) ask(id)
  }

  /** Says who the caller is. undefined = it has no token, null = the connection was lost meanwhile. */
  async function authenticate(): Promise<Frame | null | undefined> {
    try {
      let token = await session.token()
      // A token that somebody else has renewed may be over as well.
      for (let tries = 0; token && tries < 3; tries++) {
        const answer = await exchange({ op: 'auth', token })
        if (!answer?.['error']) {
          renewBefore(answer?.['expires'] as number | undefined, token)
          return answer
        }
        token = await session.renew(token)
      }
      return undefined
    } catch {
      // The server that renews tokens cannot be reached. The next connection tries again.
      cut()
      return null
    }
  }

  /** Renews the credentials before they end. */
  function renewBefore(seconds: number | undefined, token: string): void {
    if (!seconds) return
    clearTimeout(renewal)
    const renew = (): void => void session.renew(token).then(changeCaller, () => {})
    renewal = setTimeout(renew, Math.min(2 ** 31 - 1, Math.max(1, seconds - 30) * 1000))
  }

  function exchange(frame: Frame): Promise<Frame | null> {
    const id = ++last
    return new Promise(resolve => {
      exchanges.set(id, resolve)
      send({ id, ...frame })
    })
  }

  function hear(frame: Frame): void {
    expect(SILENCE)
    const { op, id, sub, error } = frame as { op?: string; id: Id; sub?: Id; error?: ProblemDocument }
    const resolve = exchanges.get(id)
    const call = asked.get(id)
    const follower = followers.get(sub ?? id)
    if (resolve) {
      exchanges.delete(id)
      resolve(frame)
    } else if (call) answer(id, call, frame)
    else if (op === 'hello') void greet(frame)
    else if (!follower) return
    else if (error) refuse(sub ?? id, follower, new Problem(error))
    else if (sub !== undefined) follower.hear(frame)
    else if (frame['data']) follower.learn(frame['data'] as Outline)
  }

  function refuse(id: Id, follower: Follower, problem: Problem): void {
    if (problem.isPassing) return askAgain(id, problem)
    followers.delete(id)
    follower.end(problem)
  }

  function answer(id: Id, call: AskedCall, frame: Frame): void {
    const problem = frame['error'] && new Problem(frame['error'])
    const { key, op } = call.frame
    const isRepeatable = key || op === 'get' || op === 'list'
    if (problem?.isPassing && isRepeatable && call.tries++ < MOST_TRIES) return askAgain(id, problem, call.tries)
    asked.delete(id)
    if (problem) call.reject(problem)
    else call.resolve({ ...frame, isTold: true } as unknown as Answer)
  }

  function send(frame: Frame): void {
    pace.send(JSON.stringify(frame))
  }

  /** Browsers do not show the pings of the server, so silence is asked about: a connection may be half open. */
  function expect(milliseconds: number): void {
    clearTimeout(beat)
    beat = setTimeout(() => {
      if (!isOpen) return cut()
      beat = setTimeout(cut, PATIENCE)
      void exchange({ op: 'ping' }).then(pong => {
        const position = pong?.['position'] as string | undefined
        if (position !== undefined) followers.forEach(follower => follower.advance(position))
      })
    }, milliseconds)
  }

  function tell(now: ConnectionStatus): void {
    if (now === status) return
    status = now
    options.onStatus(now)
  }
}

/** The URL of the WebSocket of an API. A base without a host is one of the page. */
function socketUrl(base: string): string {
  return new URL(`${base}/`, globalThis.location?.href).href.replace(/^http/, 'ws')
}
