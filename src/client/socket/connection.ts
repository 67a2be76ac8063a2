import type { Answer, Call, Frame, Id } from '../call.ts'
import type { ConnectionStatus, Follower, LiveTransport, LiveTransportOptions, Outline } from '../follower.ts'
import { closed, local, Problem, type ProblemDocument } from '../problem.ts'
import { Pace } from './pace.ts'
import { Reconnect } from './reconnect.ts'

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
export class Connection implements LiveTransport {
  readonly #options: LiveTransportOptions
  readonly #reconnect: Reconnect
  readonly #pace = new Pace(text => this.#socket?.send(text))
  #socket: WebSocket | null = null
  #isOpen = false
  #last = 0
  /** The longest message that the server takes, in bytes. */
  #most = Infinity
  /** Unanswered calls, in the order in which they were made. */
  readonly #asked = new Map<Id, AskedCall>()
  readonly #followers = new Map<Id, Follower>()
  /** Messages of the connection itself that wait for an answer. */
  readonly #exchanges = new Map<Id, (frame: Frame | null) => void>()
  #beat: ReturnType<typeof setTimeout> | undefined
  #renewal: ReturnType<typeof setTimeout> | undefined
  /** The caller, undefined before the first hello. */
  #me: Id | null | undefined
  status: ConnectionStatus = 'idle'

  constructor(options: LiveTransportOptions) {
    this.#options = options
    this.#reconnect = new Reconnect(() => this.#open(), options.random)
  }

  get isInUse(): boolean {
    return this.#followers.size > 0 || this.status === 'closed'
  }

  call({ signal, shown: _shown, ...call }: Call): Promise<Answer> {
    const id = ++this.#last
    return new Promise((resolve, reject) => {
      if (this.status === 'closed') return reject(closed())
      this.#asked.set(id, { frame: { id, ...call }, tries: 0, resolve, reject })
      const abort = (): void => {
        if (this.#asked.delete(id)) reject(local('aborted', 'the request was aborted'))
      }
      if (signal?.aborted) return abort()
      signal?.addEventListener('abort', abort, { once: true })
      this.#ask(id)
    })
  }

  follow(follower: Follower): () => void {
    const id = `s${++this.#last}`
    this.#followers.set(id, follower)
    this.#ask(id)
    return () => {
      if (this.#followers.delete(id) && this.#isOpen) this.#send({ id: ++this.#last, op: 'unsubscribe', sub: id })
    }
  }

  /** Sends a call or a subscription, if it is still wanted. Otherwise it is sent when the connection is open. */
  #ask(id: Id): void {
    if (!this.#isOpen) return this.#open()
    const follower = this.#followers.get(id)
    if (follower) {
      const { request, position } = follower
      return this.#send({ ...request, op: 'subscribe', id, changes: 'patch', since: position ?? undefined })
    }
    const asked = this.#asked.get(id)
    if (!asked) return
    const bytes = new TextEncoder().encode(JSON.stringify(asked.frame)).length
    if (bytes <= this.#most) return this.#send(asked.frame)
    this.#asked.delete(id)
    const detail = `a message has at most ${this.#most} bytes`
    asked.reject(new Problem({ error: 'payload_too_large', status: 413, detail }))
  }

  /** Sends something that was refused for a moment once more. */
  #askAgain(id: Id, { retryAfter }: Problem, tries = 4): void {
    setTimeout(() => this.#ask(id), (retryAfter ?? 0.1 * 2 ** tries) * 1000)
  }

  /** Somebody has logged in or out. */
  async changeCaller(): Promise<void> {
    const token = await this.#options.session.token()
    if (!this.#isOpen) return
    // An open connection becomes another caller's with its token; without one it has to begin anew.
    if (token) await this.#authenticate()
    else this.#cut()
  }

  /** Gives the connection up, and connects again. */
  #cut(): void {
    const socket = this.#socket
    this.#lost()
    socket?.close()
  }

  close(): void {
    this.#tell('closed')
    this.#cut()
    this.#reconnect.close()
    for (const { reject } of this.#asked.values()) reject(closed())
    this.#asked.clear()
  }

  #open(): void {
    if (this.#socket || this.status === 'closed' || this.#reconnect.isWaiting) return
    this.#tell('connecting')
    const socket = new (this.#options.WebSocket ?? WebSocket)(socketUrl(this.#options.base), 'restuary.1')
    this.#socket = socket
    this.#expect(PATIENCE)
    const on = <T extends Event>(name: string, heard: (event: T) => void): void =>
      socket.addEventListener(name, event => this.#socket === socket && heard(event as T))
    on('message', ({ data }: MessageEvent<string>) => this.#hear(JSON.parse(data) as Frame))
    on('close', ({ code }: CloseEvent) => this.#lost(code))
    // What is wrong comes with the close; without a listener, some hosts throw it.
    on('error', () => {})
  }

  #lost(code?: number): void {
    this.#socket = null
    this.#isOpen = false
    this.#pace.end()
    clearTimeout(this.#beat)
    clearTimeout(this.#renewal)
    for (const resolve of this.#exchanges.values()) resolve(null)
    this.#exchanges.clear()
    for (const follower of this.#followers.values()) follower.stale()
    if (this.status === 'closed') return
    this.#tell('offline')
    // 1008 = this client has sent too much.
    if (this.#asked.size + this.#followers.size > 0) this.#reconnect.later(code === 1008 ? 10_000 : 0)
  }

  async #greet(hello: Frame): Promise<void> {
    const socket = this.#socket
    this.#pace.begin(hello['limits'])
    const mine = await this.#authenticate()
    if (this.#socket !== socket || mine === null) return
    const { me, limits } = mine ?? hello
    this.#most = limits.message
    if (this.#me !== undefined && this.#me !== me) for (const follower of this.#followers.values()) follower.restart()
    this.#me = me as Id | null
    this.#isOpen = true
    this.#reconnect.succeeded()
    this.#tell('open')
    // Subscriptions come first: they are then told of what a write did before its answer comes.
    for (const id of [...this.#followers.keys(), ...this.#asked.keys()]) this.#ask(id)
  }

  /** Says who the caller is. undefined = it has no token, null = the connection was lost meanwhile. */
  async #authenticate(): Promise<Frame | null | undefined> {
    const { session } = this.#options
    try {
      let token = await session.token()
      // A token that somebody else has renewed may be over as well.
      for (let tries = 0; token && tries < 3; tries++) {
        const answer = await this.#exchange({ op: 'auth', token })
        if (!answer?.['error']) {
          this.#renewBefore(answer?.['expires'] as number | undefined, token)
          return answer
        }
        token = await session.renew(token)
      }
      return undefined
    } catch {
      // The server that renews tokens cannot be reached. The next connection tries again.
      this.#cut()
      return null
    }
  }

  /** Renews the credentials before they end. */
  #renewBefore(seconds: number | undefined, token: string): void {
    if (!seconds) return
    clearTimeout(this.#renewal)
    const renew = (): void =>
      void this.#options.session.renew(token).then(
        () => this.changeCaller(),
        () => {},
      )
    this.#renewal = setTimeout(renew, Math.min(2 ** 31 - 1, Math.max(1, seconds - 30) * 1000))
  }

  #exchange(frame: Frame): Promise<Frame | null> {
    const id = ++this.#last
    return new Promise(resolve => {
      this.#exchanges.set(id, resolve)
      this.#send({ id, ...frame })
    })
  }

  #hear(frame: Frame): void {
    this.#expect(SILENCE)
    const { op, id, sub, error } = frame as { op?: string; id: Id; sub?: Id; error?: ProblemDocument }
    const exchange = this.#exchanges.get(id)
    const asked = this.#asked.get(id)
    const follower = this.#followers.get(sub ?? id)
    if (exchange) {
      this.#exchanges.delete(id)
      exchange(frame)
    } else if (asked) this.#answer(id, asked, frame)
    else if (op === 'hello') void this.#greet(frame)
    else if (!follower) return
    else if (error) this.#refuse(sub ?? id, follower, new Problem(error))
    else if (sub !== undefined) follower.hear(frame)
    else if (frame['data']) follower.learn(frame['data'] as Outline)
  }

  #refuse(id: Id, follower: Follower, problem: Problem): void {
    if (problem.isPassing) return this.#askAgain(id, problem)
    this.#followers.delete(id)
    follower.end(problem)
  }

  #answer(id: Id, asked: AskedCall, frame: Frame): void {
    const problem = frame['error'] && new Problem(frame['error'])
    const { key, op } = asked.frame
    const isRepeatable = key || op === 'get' || op === 'list'
    if (problem?.isPassing && isRepeatable && asked.tries++ < MOST_TRIES)
      return this.#askAgain(id, problem, asked.tries)
    this.#asked.delete(id)
    if (problem) asked.reject(problem)
    else asked.resolve({ ...frame, isTold: true } as unknown as Answer)
  }

  #send(frame: Frame): void {
    this.#pace.send(JSON.stringify(frame))
  }

  /** Browsers do not show the pings of the server, so silence is asked about: a connection may be half open. */
  #expect(milliseconds: number): void {
    clearTimeout(this.#beat)
    this.#beat = setTimeout(() => {
      if (!this.#isOpen) return this.#cut()
      this.#beat = setTimeout(() => this.#cut(), PATIENCE)
      void this.#exchange({ op: 'ping' }).then(pong => {
        const position = pong?.['position'] as string | undefined
        if (position !== undefined) for (const follower of this.#followers.values()) follower.advance(position)
      })
    }, milliseconds)
  }

  #tell(status: ConnectionStatus): void {
    if (status === this.status) return
    this.status = status
    this.#options.onStatus(status)
  }
}

/** The URL of the WebSocket of an API. A base without a host is one of the page. */
function socketUrl(base: string): string {
  return new URL(`${base}/`, globalThis.location?.href).href.replace(/^http/, 'ws')
}
