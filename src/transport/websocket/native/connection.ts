import type { Identity, Principal } from '../../../auth/principal.ts'
import type { Call, Outcome } from '../../../engine/call.ts'
import type { Frame } from '../../../live/event.ts'
import { Mailbox, type Wire } from '../../../live/mailbox.ts'
import { ApiError } from '../../../protocol/error.ts'
import {
  closeCodes,
  type AuthFrame,
  type CallFrame,
  type ClientFrame,
  type SubscribeFrame,
} from '../../../protocol/frames.ts'
import { Bucket } from '../../bucket.ts'
import { Lifetime } from '../../lifetime.ts'
import { modeOf } from '../../live-words.ts'
import type { Handshake } from '../upgrade.ts'
import type { FrameSocket } from '../ws.ts'
import { callOf } from './call-of.ts'
import { callHandled, checkFollowing, targetOf } from './handled-calls.ts'
import { identityOf } from './identity-of.ts'
import type { NativeOptions } from './options.ts'
import { valueFrame } from './published-frames.ts'
import { readFrame } from './read-frame.ts'
import { Subscribers } from './subscribers.ts'
import { Turns } from './turns.ts'
import { answerFrame, doneFrame, helloFrame, pongFrame, refusalFrame } from './write-frame.ts'

/** Milliseconds that an anonymous connection has to ask for something that it may have, and bytes of its messages. */
const STRANGER = { patience: 5_000, message: 4_096 }
/** Requests of one connection that are under way or wait; more are not read. */
const UNDER_WAY = 64

/** One client of restuary.1: its requests in order, its subscriptions, its mailbox. */
export class NativeConnection implements Wire {
  readonly #options: NativeOptions
  readonly #socket: FrameSocket
  readonly #handshake: Handshake
  readonly #mailbox: Mailbox
  readonly #bucket: Bucket
  readonly #lifetime: Lifetime = new Lifetime()
  readonly #subscribers: Subscribers
  readonly #turns: Turns = new Turns(() => this.#resume())
  #principal: Principal | null = null
  #unwatch: () => void = () => {}
  /** Ends those who ask for nothing; null once they have. */
  #stranger: NodeJS.Timeout | null = null
  #isPaused = false

  constructor(socket: FrameSocket, handshake: Handshake, options: NativeOptions) {
    const { engine, live } = options
    const { limits } = engine
    this.#options = options
    this.#socket = socket
    this.#handshake = handshake
    this.#mailbox = new Mailbox(this, live.postman, { bytes: limits.mailbox, stall: limits.stall })
    this.#bucket = new Bucket(limits.messageRate, limits.messageBurst)
    this.#subscribers = new Subscribers(options, this.#mailbox)
    this.#mailbox.onDrained = () => {
      this.#resume()
      this.#subscribers.drained()
    }
    socket.events = {
      onText: text => this.#receive(text),
      onBinary: () => this.#refuseUnread(new ApiError('bad_request', { detail: 'messages are text' })),
      onPing: () => {
        if (this.#admit()) socket.pong()
      },
      onClose: () => this.#free(),
      onDrain: () => this.#mailbox.drained(),
    }
    if (handshake.identity) this.#identify(handshake.identity)
    else if (engine.auth) {
      this.#stranger = setTimeout(() => this.close('unauthenticated'), STRANGER.patience)
      this.#stranger.unref()
    }
    this.#mailbox.answer(helloFrame(engine, this.#principal, null))
  }

  get buffered(): number {
    return this.#socket.buffered
  }

  write(bytes: Frame): void {
    this.#socket.write(bytes)
  }

  close(reason: 'slow_consumer' | 'going_away' | 'unauthenticated'): void {
    // Who takes nothing would not take a close either.
    if (reason === 'slow_consumer') {
      this.#socket.close(closeCodes.slow_consumer, reason)
      setTimeout(() => this.#socket.terminate(), 1_000).unref()
    } else this.#socket.close(closeCodes[reason], reason)
  }

  #receive(text: string): void {
    const { limits } = this.#options.engine
    if (!this.#admit()) return
    if (this.#stranger && text.length > STRANGER.message) {
      this.#mailbox.answer(refusalFrame(null, new ApiError('payload_too_large')))
      this.#mailbox.flush()
      return this.#socket.close(closeCodes.too_large, 'payload_too_large')
    }
    const read = readFrame(text, limits)
    if ('error' in read) return this.#mailbox.answer(refusalFrame(read.id, read.error))
    this.#take(read.frame)
    if (this.#turns.underWay >= UNDER_WAY || this.#mailbox.isFull) this.#pause()
  }

  /** Counts a message or a ping; says so where it is one too many, and closes the connection of who goes on. */
  #admit(): boolean {
    if (this.#bucket.take()) return true
    if (this.#bucket.isFlooded) {
      this.#mailbox.flush()
      this.#socket.close(closeCodes.flooding, 'rate_limited')
    } else this.#mailbox.answer(refusalFrame(null, new ApiError('rate_limited')))
    return false
  }

  #refuseUnread(error: ApiError): void {
    if (this.#admit()) this.#mailbox.answer(refusalFrame(null, error))
  }

  #take(frame: ClientFrame): void {
    switch (frame.op) {
      case 'ping':
        return this.#mailbox.answer(pongFrame(frame.id))
      case 'unsubscribe':
        return this.#inTurn(frame, false, () => this.#unsubscribe(frame))
      case 'auth':
        // Everything behind it is asked by whoever it says.
        return this.#inTurn(frame, true, () => this.#authenticate(frame))
      case 'subscribe':
        return this.#admitted(frame, false, () => this.#subscribe(frame))
      case 'list':
      case 'get':
        return this.#admitted(frame, false, () => this.#call(frame, false))
      case 'create':
      case 'replace':
      case 'patch':
      case 'delete':
      case 'act':
        return this.#admitted(frame, true, () => this.#call(frame, true))
    }
  }

  #inTurn(frame: Exclude<ClientFrame, { op: 'ping' }>, isWrite: boolean, work: () => void | Promise<void>): void {
    this.#turns.take(isWrite, work, (thrown: unknown) => {
      const error = ApiError.from(thrown)
      if (error.isFault) this.#options.onFault(error)
      this.#mailbox.answer(refusalFrame(frame.id, error))
    })
  }

  /** What may be refused while more is asked than can be done. */
  #admitted(frame: CallFrame | SubscribeFrame, isWrite: boolean, work: () => Promise<void>): void {
    const { admission } = this.#options
    this.#inTurn(frame, isWrite, admission === null ? work : () => admission.admit(work))
  }

  async #call(frame: CallFrame, isWrite: boolean): Promise<void> {
    const { engine, targets, functions } = this.#options
    const served = targetOf(this.#options, frame)
    if (served) {
      await this.#reached(frame)
      const answer = await callHandled(functions!.handled, served, frame, this.#principal, engine.limits)
      return this.#answer(valueFrame(frame.id, answer), isWrite)
    }
    const call = this.#withCredentials(callOf(engine, targets, frame, this.#principal))
    await this.#reached(frame)
    const outcome: Outcome = await engine.handle(call)
    if (outcome.kind === 'failure') this.#mailbox.answer(answerFrame(frame.id, outcome))
    else await this.#answer(answerFrame(frame.id, outcome), isWrite)
  }

  async #answer(frame: Frame, isWrite: boolean): Promise<void> {
    // One's own subscriptions are told of the write before its answer (DECISIONS A12).
    if (isWrite && this.#subscribers.size > 0) await this.#options.live.advance()
    this.#isWelcome()
    this.#mailbox.answer(frame)
  }

  async #reached({ min }: CallFrame | SubscribeFrame): Promise<void> {
    if (min !== undefined) await this.#options.live.reached(min, { pointer: '#/min' })
  }

  async #subscribe(frame: SubscribeFrame): Promise<void> {
    const { engine, targets } = this.#options
    const mode = modeOf(frame.mode, { pointer: '#/mode' })
    const served = targetOf(this.#options, frame)
    if (served) {
      checkFollowing(served, frame, engine.limits)
      await this.#reached(frame)
      await this.#subscribers.follow(frame.id, served.uri, this.#principal, frame.since ?? null)
      return this.#isWelcome()
    }
    const subscriber = this.#subscribers.reserve(frame.id)
    try {
      const call = this.#withCredentials(callOf(engine, targets, frame, this.#principal))
      await this.#reached(frame)
      await this.#subscribers.begin(subscriber, call, frame.since ?? null, mode)
    } catch (thrown) {
      this.#subscribers.forget(subscriber)
      throw thrown
    }
    this.#isWelcome()
  }

  #unsubscribe({ id, sub }: Extract<ClientFrame, { op: 'unsubscribe' }>): void {
    if (!this.#subscribers.stop(sub)) throw new ApiError('not_found', { detail: 'there is no such subscription' })
    this.#mailbox.answer(doneFrame(id))
  }

  async #authenticate(frame: AuthFrame): Promise<void> {
    const { engine } = this.#options
    const before = this.#principal
    const identity = await identityOf(engine, frame)
    if (!this.#socket.isOpen) return
    this.#identify(identity)
    this.#mailbox.answer(helloFrame(engine, this.#principal, frame.id))
    if (before !== this.#principal) await this.#subscribers.become(this.#principal)
  }

  #identify(identity: Identity): void {
    this.#unwatch()
    this.#principal = identity.principal
    this.#isWelcome()
    const { auth } = this.#options.engine
    this.#subscribers.identify(auth?.standing(identity) ?? null)
    this.#unwatch =
      auth?.watch(identity, what => {
        // What is followed goes by the log: each subscription tells what the change comes to.
        if (what.kind === 'changed') this.#principal = what.principal
        else this.#endSession(what.kind)
      }) ?? (() => {})
  }

  #endSession(kind: 'expired' | 'ended'): void {
    const error = new ApiError(kind === 'expired' ? 'token_expired' : 'unauthenticated')
    this.#subscribers.close()
    this.#mailbox.answer(refusalFrame(null, error))
    this.#mailbox.flush()
    this.#socket.close(closeCodes.unauthenticated, error.code)
  }

  #withCredentials(call: Call): Call {
    return this.#lifetime.of({ ...call, credentials: this.#handshake, address: this.#handshake.address })
  }

  /** It has asked for something that it may have. */
  #isWelcome(): void {
    if (this.#stranger) clearTimeout(this.#stranger)
    this.#stranger = null
  }

  #pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#socket.pause()
  }

  #resume(): void {
    if (!this.#isPaused || this.#turns.underWay >= UNDER_WAY || this.#mailbox.isFull) return
    this.#isPaused = false
    this.#socket.resume()
  }

  #free(): void {
    this.#isWelcome()
    this.#unwatch()
    this.#mailbox.close()
    this.#subscribers.close()
    this.#lifetime.end()
  }
}
