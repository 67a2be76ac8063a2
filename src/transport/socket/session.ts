import type { Credentials, Identity, Principal, Standing } from '../../auth/principal.ts'
import type { Call, Target } from '../../engine/call/call.ts'
import type { Frame } from '../../live/event.ts'
import { Mailbox, type Wire } from '../../live/subscriptions/mailbox.ts'
import { ApiError } from '../../protocol/error.ts'
import type { closeCodes } from '../../protocol/frames.ts'
import { Bucket } from './bucket.ts'
import type { Asked, Dialect } from './dialect.ts'
import { ownEffectsTold, type SocketHost } from './host.ts'
import { Lifetime } from './lifetime.ts'
import { Subscriptions } from './subscriptions.ts'
import { Turns } from './turns.ts'

/** Why the server closes a connection. */
export type CloseReason = keyof typeof closeCodes

/** What a session needs of its connection. */
export interface SessionWire extends Wire {
  close(reason: CloseReason, detail?: string): void
  /** Where a connection that asks too fast can be kept waiting: reads nothing more of it until `resume`. */
  pause?(): void
  resume?(): void
}

export interface SessionOptions<Message> {
  /** What both sides call the connection, if they do. */
  readonly id?: string
  readonly host: SocketHost
  readonly wire: SessionWire
  /** What the client showed when it connected. */
  readonly credentials: Credentials
  /** Null = anonymous. */
  readonly identity: Identity | null
  readonly dialect: (session: Session<Message>) => Dialect<Message>
}

/** Requests of one connection that are under way or wait; more are not read. */
const UNDER_WAY = 64

/** One client on a socket, whatever it speaks: what it asks is done in order, what it is told leaves in one order. */
export class Session<Message = never> {
  readonly id: string
  readonly host: SocketHost
  readonly credentials: Credentials
  readonly mailbox: Mailbox
  readonly subscriptions: Subscriptions
  readonly #wire: SessionWire
  readonly #dialect: Dialect<Message>
  readonly #bucket: Bucket
  readonly #turns: Turns = new Turns(() => this.#resume())
  readonly #lifetime: Lifetime = new Lifetime()
  #principal: Principal | null = null
  #standing: Standing | null = null
  #unwatch: () => void = () => {}
  #isPaused = false
  #isClosed = false

  constructor({ id = '', host, wire, credentials, identity, dialect }: SessionOptions<Message>) {
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
    this.#dialect.greet?.()
  }

  /** Who calls; null = anonymous. */
  get principal(): Principal | null {
    return this.#principal
  }

  /** Null where nothing in the store makes another caller of it. */
  get standing(): Standing | null {
    return this.#standing
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** A call, asked by whoever calls now, for as long as the connection lasts. */
  asking(call: Omit<Call, 'principal' | 'credentials' | 'address'>): Call {
    const { credentials } = this
    return this.#lifetime.of({ ...call, principal: this.#principal, credentials, address: credentials.address })
  }

  /** Reads what a message asks of a resource; what is wrong with it is told to those alone who may ask. */
  read<T>(target: Target, work: () => T): T {
    try {
      return work()
    } catch (thrown) {
      throw this.host.engine.refusal({ ...target, principal: this.#principal }, thrown)
    }
  }

  /** Says something that must not be left out. */
  tell(frame: Frame): void {
    this.mailbox.answer(frame)
  }

  receive(message: Message): void {
    if (this.#isClosed || !this.admit(message)) return
    const asked = this.#dialect.read(message)
    if (asked) this.#take(asked)
    if (this.#turns.underWay >= UNDER_WAY || this.mailbox.isFull) this.#pause()
  }

  /** Counts a message, or (null) a ping; says so where it is one too many, and closes the connection of who goes on. */
  admit(message: Message | null): boolean {
    const { messageRate, messageBurst } = this.host.engine.limits
    const isCrowded = !this.#wire.pause && this.#turns.underWay > messageBurst
    if (this.#bucket.take() && !isCrowded) return true
    const error = new ApiError('rate_limited', { detail: `at most ${messageRate} messages a second` })
    if (this.#bucket.isFlooded) this.end(error)
    else this.#dialect.refuse(error, message)
    return false
  }

  /** Something came that is no message. */
  refuse(error: ApiError): void {
    if (!this.#isClosed && this.admit(null)) this.#dialect.refuse(error, null)
  }

  /** The connection took what was written. */
  drained(): void {
    this.mailbox.drained()
  }

  /** Everything that comes from now on is asked by another caller; what is followed tells what that comes to. */
  become(principal: Principal | null): void {
    this.#principal = principal
    this.#standing = null
    this.#turns.take(true, () => this.subscriptions.handOver(), this.host.onFault)
  }

  /** Says why, then closes the connection. */
  end(error: ApiError, reason: CloseReason = reasons[error.code] ?? 'unauthenticated'): void {
    if (this.#isClosed) return
    this.subscriptions.close()
    this.#dialect.bye?.(error)
    this.mailbox.flush()
    this.#wire.close(reason, error.code)
    this.close()
  }

  /** The connection is closed, or will be as soon as the other side agrees. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#unwatch()
    this.#dialect.close?.()
    this.subscriptions.close()
    this.mailbox.close()
    this.#lifetime.end()
  }

  #take(asked: Asked): void {
    const isAlone = this.#dialect.isSerial || asked.kind === 'write' || asked.kind === 'identify'
    const failed = (thrown: unknown): void => {
      const error = ApiError.from(thrown)
      if (error.isFault) this.host.onFault(error.cause ?? error)
      if (!this.#isClosed) asked.refuse(error)
    }
    this.#turns.take(isAlone, () => this.#admitted(asked), failed)
  }

  #admitted(asked: Asked): Promise<void> {
    const { admission } = this.host
    // What ends work, or says who asks for it, is never refused because too much is asked.
    const isFree = admission === null || asked.kind === 'unsubscribe' || asked.kind === 'identify'
    return isFree ? this.#do(asked) : admission.admit(() => this.#do(asked))
  }

  async #do(asked: Asked): Promise<void> {
    // It may have waited for its turn for longer than its client did.
    if (this.#isClosed && asked.kind !== 'write') return
    switch (asked.kind) {
      case 'read': {
        const answer = await asked.run()
        return answer()
      }
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

  /** Who calls from now on, until the token or the session ends. */
  #identify(identity: Identity): void {
    const { auth } = this.host.engine
    this.#unwatch()
    this.#principal = identity.principal
    this.#standing = auth?.standing(identity) ?? null
    if (!auth) return
    this.#unwatch = auth.watch(identity, what => {
      // What is followed goes by the log: each subscription tells what the change comes to.
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

const reasons: { readonly [code in ApiError['code']]?: CloseReason } = {
  unavailable: 'going_away',
  rate_limited: 'flooding',
  payload_too_large: 'too_large',
}
