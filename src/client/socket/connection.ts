import type { Answer, Call, Frame, Id } from '../call.ts'
import type { ConnectionStatus, Follower, LiveTransport, LiveTransportOptions, Outline } from '../follower.ts'
import { closed, isPassing, local, Problem } from '../problem.ts'
import { Pace } from './pace.ts'
import { Reconnect } from './reconnect.ts'

interface AskedCall {
  readonly frame: Frame
  tries: number
  readonly resolve: (answer: Answer) => void
  readonly reject: (problem: Problem) => void
}

const DEFAULT_LIMITS = { rate: 50, burst: 100, message: 1_000_000 }
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
  #limits = DEFAULT_LIMITS
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

  call({ signal, ...call }: Call): Promise<Answer> {
    const id = ++this.#last
    const frame: Frame = { id, ...call }
    return new Promise((resolve, reject) => {
      const problem = this.#refusal(frame)
      if (problem) return reject(problem)
      this.#asked.set(id, { frame, tries: 0, resolve, reject })
      const abort = (): void => {
        if (this.#asked.delete(id)) reject(local('aborted', 'the request was aborted'))
      }
      if (signal?.aborted) return abort()
      signal?.addEventListener('abort', abort, { once: true })
      if (this.#isOpen) this.#send(frame)
      else this.#open()
    })
  }

  /** Why a call cannot be sent at all. */
  #refusal(frame: Frame): Problem | null {
    if (this.status === 'closed') return closed()
    const bytes = new TextEncoder().encode(JSON.stringify(frame)).length
    if (bytes <= this.#limits.message) return null
    const detail = `a message has at most ${this.#limits.message} bytes`
    return new Problem({ error: 'payload_too_large', status: 413, detail })
  }

  follow(follower: Follower): () => void {
    const id = `s${++this.#last}`
    this.#followers.set(id, follower)
    if (this.#isOpen) this.#subscribe(id, follower)
    else this.#open()
    return () => {
      if (this.#followers.delete(id) && this.#isOpen) this.#send({ id: ++this.#last, op: 'unsubscribe', sub: id })
    }
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
    const socket = this.#socket
    this.#tell('closed')
    this.#lost()
    socket?.close(1000)
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
    socket.addEventListener('message', event => {
      if (this.#socket === socket) this.#hear(JSON.parse(event.data as string) as Frame)
    })
    socket.addEventListener('close', event => {
      if (this.#socket === socket) this.#lost(event.code)
    })
    // What is wrong comes with the close; without a listener, some hosts throw it.
    socket.addEventListener('error', () => {})
  }

  #lost(code = 1006): void {
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
    if (this.#asked.size + this.#followers.size > 0) this.#reconnect.later(code === 1008 ? 10_000 : 0)
  }

  async #greet(hello: Frame): Promise<void> {
    const socket = this.#socket
    this.#pace.begin({ ...DEFAULT_LIMITS, ...hello['limits'] })
    const mine = await this.#authenticate()
    if (this.#socket !== socket || mine === null) return
    const { me, limits } = mine ?? hello
    this.#limits = { ...DEFAULT_LIMITS, ...limits }
    if (this.#me !== undefined && this.#me !== me) for (const follower of this.#followers.values()) follower.restart()
    this.#me = me as Id | null
    this.#isOpen = true
    this.#reconnect.succeeded()
    this.#tell('open')
    // Subscriptions come first: they are then told of what a write did before its answer comes.
    for (const [id, follower] of this.#followers) this.#subscribe(id, follower)
    for (const { frame } of this.#asked.values()) this.#send(frame)
  }

  /** Says who the caller is. undefined = it has no token, null = the connection was lost meanwhile. */
  async #authenticate(): Promise<Frame | null | undefined> {
    const { session } = this.#options
    try {
      let token = await session.token()
      if (!token) return undefined
      let answer = await this.#exchange({ op: 'auth', token })
      // A token that somebody else has renewed may be over as well.
      for (let tries = 0; answer?.['error'] && token && tries < 2; tries++) {
        token = await session.renew(token)
        if (token) answer = await this.#exchange({ op: 'auth', token })
      }
      if (answer?.['expires']) this.#renewBefore(answer['expires'] as number, token)
      return answer?.['error'] ? undefined : answer
    } catch {
      // The server that renews tokens cannot be reached. The next connection tries again.
      this.#cut()
      return null
    }
  }

  /** Renews the credentials before they end. */
  #renewBefore(seconds: number, token: string | null): void {
    clearTimeout(this.#renewal)
    this.#renewal = setTimeout(
      () =>
        void this.#options.session.renew(token).then(
          () => this.changeCaller(),
          () => {},
        ),
      Math.min(2 ** 31 - 1, Math.max(1, seconds - 30) * 1000),
    )
  }

  #exchange(frame: Frame): Promise<Frame | null> {
    const id = ++this.#last
    return new Promise(resolve => {
      this.#exchanges.set(id, resolve)
      this.#send({ id, ...frame })
    })
  }

  #subscribe(id: Id, follower: Follower): void {
    const { request, position } = follower
    this.#send({ ...request, op: 'subscribe', id, ...(position !== null && { since: position }) })
  }

  #hear(frame: Frame): void {
    this.#expect(SILENCE)
    const { op, id, sub, error } = frame
    if (sub !== undefined) return this.#tellFollower(sub as Id, frame)
    const exchange = this.#exchanges.get(id as Id)
    if (exchange) {
      this.#exchanges.delete(id as Id)
      return exchange(frame)
    }
    if (op === 'hello') return void this.#greet(frame)
    const asked = this.#asked.get(id as Id)
    if (asked) return this.#answer(id as Id, asked, frame)
    const follower = this.#followers.get(id as Id)
    if (!follower) return
    if (error) this.#refuse(id as Id, follower, new Problem(error))
    else if (frame['data']) follower.learn(frame['data'] as Outline)
  }

  #tellFollower(id: Id, frame: Frame): void {
    const follower = this.#followers.get(id)
    if (frame['op'] !== 'end') return follower?.hear(frame)
    if (follower) this.#refuse(id, follower, new Problem(frame['error']))
  }

  #refuse(id: Id, follower: Follower, problem: Problem): void {
    if (isPassing(problem)) {
      const wait = (problem.retryAfter ?? 1) * 1000
      return void setTimeout(() => this.#isOpen && this.#followers.has(id) && this.#subscribe(id, follower), wait)
    }
    this.#followers.delete(id)
    follower.end(problem)
  }

  #answer(id: Id, asked: AskedCall, frame: Frame): void {
    if (!frame['error']) {
      this.#asked.delete(id)
      return asked.resolve({ ...frame, isTold: true } as unknown as Answer)
    }
    const problem = new Problem(frame['error'])
    const isRepeatable = 'key' in asked.frame || asked.frame['op'] === 'get' || asked.frame['op'] === 'list'
    if (isRepeatable && isPassing(problem) && asked.tries++ < MOST_TRIES) {
      const wait = (problem.retryAfter ?? 0.1 * 2 ** asked.tries) * 1000
      return void setTimeout(() => this.#isOpen && this.#asked.has(id) && this.#send(asked.frame), wait)
    }
    this.#asked.delete(id)
    asked.reject(problem)
  }

  #send(frame: Frame): void {
    this.#pace.send(JSON.stringify(frame))
  }

  /** Browsers do not show the pings of the server, so silence is asked about: a connection may be half open. */
  #expect(milliseconds: number): void {
    clearTimeout(this.#beat)
    const socket = this.#socket
    this.#beat = setTimeout(() => {
      if (!this.#isOpen) return this.#giveUp(socket)
      void this.#exchange({ op: 'ping' }).then(pong => {
        const position = pong?.['position'] as string | undefined
        if (position !== undefined) for (const follower of this.#followers.values()) follower.advance(position)
      })
      this.#beat = setTimeout(() => this.#giveUp(socket), PATIENCE)
    }, milliseconds)
  }

  #giveUp(socket: WebSocket | null): void {
    if (socket && this.#socket === socket) this.#cut()
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
