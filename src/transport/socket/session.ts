import type { Credentials, Identity, Principal, Standing } from '../../auth/principal.ts'
import type { Call, CallTarget } from '../../engine/call/call.ts'
import type { Frame } from '../../live/event.ts'
import { Mailbox, type Wire } from '../../live/subscriptions/backpressure.ts'
import { ApiError } from '../../protocol/error.ts'
import { closeReasonOf, type CloseReason } from './close-reason.ts'
import type { Asked, AskedCall, AskedPing, Dialect } from './dialect.ts'
import { ownEffectsTold, type SocketHost } from './host.ts'
import { Lifetime } from './lifetime.ts'
import { Subscriptions } from './subscriptions.ts'
import { Bucket, RequestTurns } from './requests.ts'

/** What a session needs from its connection. */
export interface SessionWire extends Wire {
  close(reason: CloseReason, detail?: string): void
  /** Stops reading from the connection until `resume`, if the transport can. */
  pause?(): void
  resume?(): void
}

export interface SocketSessionOptions<Message> {
  /** The name of the connection, if the protocol has one. */
  readonly id?: string
  readonly host: SocketHost
  readonly wire: SessionWire
  /** What the client sent when it connected. */
  readonly credentials: Credentials
  /** null = anonymous. */
  readonly identity: Identity | null
  readonly dialect: (session: SocketSession<Message>) => Dialect<Message>
}

/** What waits for its turn among the requests of a connection. */
type Turn = Exclude<Asked, AskedPing>

/** The most requests of one connection that are in progress or wait. Above it, nothing more is read. */
const UNDER_WAY = 64

/**
 * One client on a socket, whatever dialect it speaks. Requests are carried out in order, and everything that the client is told
 * is sent in one order.
 */
export class SocketSession<Message = never> {
  readonly id: string
  readonly host: SocketHost
  readonly credentials: Credentials
  readonly mailbox: Mailbox
  readonly subscriptions: Subscriptions
  readonly #wire: SessionWire
  readonly #dialect: Dialect<Message>
  readonly #bucket: Bucket
  readonly #turns: RequestTurns = new RequestTurns(() => this.#resume())
  readonly #lifetime: Lifetime = new Lifetime()
  #principal: Principal | null = null
  #standing: Standing | null = null
  #expires: number | null = null
  #session: string | null = null
  #unwatch: () => void = nothing
  #isPaused = false
  #isClosed = false

  constructor({ id = '', host, wire, credentials, identity, dialect }: SocketSessionOptions<Message>) {
    const { limits, clock } = host.engine
    this.id = id
    this.host = host
    this.credentials = credentials
    this.#wire = wire
    this.mailbox = new Mailbox(wire, host.live.postman, { bytes: limits.mailbox, stall: limits.stall })
    this.mailbox.onDrained = () => {
      this.#resume()
      this.subscriptions.drained()
    }
    this.#bucket = new Bucket(limits.messageRate, limits.messageBurst, clock)
    this.subscriptions = new Subscriptions(this)
    this.#dialect = dialect(this)
    if (identity) this.#identify(identity)
    host.live.connections.set(this, clock())
    this.#dialect.greet?.()
  }

  /** The current caller; null = anonymous. */
  get principal(): Principal | null {
    return this.#principal
  }

  /** Tells who the caller is at a position; null if the caller cannot change. */
  get standing(): Standing | null {
    return this.#standing
  }

  /** The session with whose token the caller came; null = with none of ours. */
  get session(): string | null {
    return this.#session
  }

  /** When the credentials end, in milliseconds since the epoch; null if they do not. */
  get expires(): number | null {
    return this.#expires
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Completes a call with the current caller and the lifetime of the connection. */
  asking(call: Omit<Call, 'principal' | 'credentials' | 'address'>): Call {
    const { credentials } = this
    return this.#lifetime.of({ ...call, principal: this.#principal, credentials, address: credentials.address })
  }

  /**
   * Runs `work`, which reads what a message asks of a resource. If it fails, a caller who may not use the resource is
   * refused, and is not told what is wrong with the message.
   */
  read<T>(target: CallTarget, work: () => T): T {
    try {
      return work()
    } catch (thrown) {
      throw this.host.engine.refusal({ ...target, principal: this.#principal }, thrown)
    }
  }

  /** Sends a frame that must not be left out. */
  tell(frame: Frame): void {
    this.mailbox.answer(frame)
  }

  /** Handles a message of the client. */
  receive(message: Message): void {
    if (this.#isClosed || !this.admit(message)) return
    const asked = this.#dialect.read(message)
    if (asked?.kind === 'ping') void this.#ping(asked)
    else if (asked) this.#take(asked)
    if (this.#turns.underWay >= UNDER_WAY || this.mailbox.isFull) this.#pause()
  }

  /** Counts a message or, if null, a ping. False if it is one too many; the client is told, and disconnected if it goes on. */
  admit(message: Message | null): boolean {
    const { messageRate, messageBurst } = this.host.engine.limits
    const isCrowded = !this.#wire.pause && this.#turns.underWay > messageBurst
    if (this.#bucket.take() && !isCrowded) return true
    const error = new ApiError('rate_limited', { detail: `at most ${messageRate} messages a second` })
    if (this.#bucket.isFlooded) this.end(error)
    else this.#dialect.refuse(error, message)
    return false
  }

  /** Refuses something that is not a message. */
  refuse(error: ApiError): void {
    if (!this.#isClosed && this.admit(null)) this.#dialect.refuse(error, null)
  }

  /** Called when the connection has taken what was written. */
  drained(): void {
    this.mailbox.drained()
  }

  /** From now on another caller makes the requests. Subscriptions are told what that changes. */
  become(principal: Principal | null): void {
    this.#principal = principal
    this.#standing = this.#expires = this.#session = null
    this.#turns.take(true, () => this.subscriptions.handOver(), this.host.onFault)
  }

  /** Tells the client why, then closes the connection. */
  end(error: ApiError, reason: CloseReason = closeReasonOf(error)): void {
    if (this.#isClosed) return
    this.subscriptions.close()
    this.mailbox.release(nothing)
    this.#dialect.bye?.(error)
    this.mailbox.flush()
    this.#wire.close(reason, error.code)
    this.close()
  }

  /** Called when the connection is closed, or will be once the other side confirms it. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.host.live.connections.delete(this)
    this.#unwatch()
    this.#dialect.close?.()
    this.subscriptions.close()
    this.mailbox.close()
    this.#lifetime.end()
  }

  #take(asked: Turn): void {
    const isAlone = this.#dialect.isSerial || asked.kind === 'write' || asked.kind === 'identify'
    this.#turns.take(isAlone, () => this.#admitted(asked), this.#failed(asked))
  }

  /** A sign of life waits for no other request. */
  async #ping(asked: AskedPing): Promise<void> {
    try {
      const position = await this.host.live.told()
      if (this.#isClosed) return
      this.subscriptions.flush()
      asked.done(position)
    } catch (thrown) {
      this.#failed(asked)(thrown)
    }
  }

  readonly #failed = (asked: Asked): ((thrown: unknown) => void) => {
    return thrown => {
      const error = ApiError.from(thrown)
      if (error.isFault) this.host.onFault(error.cause ?? error)
      if (!this.#isClosed) asked.refuse(error)
    }
  }

  #admitted(asked: Turn): Promise<void> {
    const { admission } = this.host
    // Unsubscribing and logging in are never refused for overload: they reduce the load or come before it.
    const isFree = admission === null || asked.kind === 'unsubscribe' || asked.kind === 'identify'
    if (isFree) return this.#do(asked)
    // It takes its turn among the requests about its key first: what ends it must not overtake it while it waits.
    if (asked.kind === 'subscribe') return this.subscriptions.subscribe(asked, work => admission.admit(work))
    return admission.admit(() => this.#do(asked))
  }

  async #do(asked: Turn): Promise<void> {
    // The client may have left while the request waited for its turn. Its writes are still done.
    if (this.#isClosed && asked.kind !== 'write') return
    switch (asked.kind) {
      case 'read':
        return this.#dialect.isSerial ? this.#readAlone(asked) : (await asked.run())()
      case 'write': {
        const answer = await asked.run()
        if (this.subscriptions.size > 0) await ownEffectsTold(this.host.live)
        return answer()
      }
      case 'subscribe':
        return this.subscriptions.subscribe(asked)
      case 'unsubscribe':
        return asked.done(await this.subscriptions.unsubscribe(asked.key, asked.part))
      case 'identify': {
        const before = this.#principal
        const identity = await asked.identity()
        if (this.#isClosed) return
        this.#identify(identity)
        asked.done()
        if (before !== this.#principal) await this.subscriptions.handOver()
      }
    }
  }

  /** Reads, and answers before anything is told that happened after it: the answer does not say at which position it was read. */
  async #readAlone(asked: AskedCall): Promise<void> {
    let answer = (): void => {}
    this.mailbox.hold()
    try {
      answer = await asked.run()
    } finally {
      this.mailbox.release(answer)
    }
  }

  /** Sets the caller, until the token or session ends. */
  #identify(identity: Identity): void {
    const { auth } = this.host.engine
    this.#unwatch()
    this.#principal = identity.principal
    this.#expires = identity.expires
    this.#session = auth?.sessionOf(identity)?.id ?? null
    this.#standing = auth?.standing(identity) ?? null
    if (!auth) return
    this.#unwatch = auth.watch(identity, what => {
      // Subscriptions follow the log, and each of them finds out by itself what the change means.
      if (what.kind === 'changed') this.#principal = what.principal
      else this.end(new ApiError(what.kind === 'expired' ? 'token_expired' : 'unauthenticated'))
    })
  }

  #pause(): void {
    if (this.#isPaused || !this.#wire.pause) return
    this.#isPaused = true
    this.#wire.pause()
  }

  #resume(): void {
    if (!this.#isPaused || this.#turns.underWay >= UNDER_WAY || this.mailbox.isFull) return
    this.#isPaused = false
    this.#wire.resume?.()
  }
}

const nothing = (): void => {}
