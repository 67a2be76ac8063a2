import { checkJson } from '../../protocol/check-json.ts'
import { ApiError, problemOf } from '../../protocol/error.ts'
import type { Credentials, Standing } from '../../auth/principal.ts'
import type { Principal } from '../../engine/call.ts'
import { Mailbox, type Wire } from '../../live/mailbox.ts'
import { Bucket } from '../bucket.ts'
import { Lifetime } from '../lifetime.ts'
import { ownEffectsTold, type SocketHost } from '../socket-host.ts'
import type { UriTargets } from '../uri-target.ts'
import { withoutHeaders } from '../without-headers.ts'
import { eventFrame } from './frames.ts'
import { isEvent, readMessage, readOptions, type Message, type Options } from './message.ts'
import { Subscriptions } from './subscriptions.ts'
import { toldError } from './told-error.ts'
import { write } from './writes.ts'

export interface ConnectionOptions {
  /** What both sides call the connection. */
  readonly id: string
  readonly host: SocketHost
  readonly targets: UriTargets
  /** Beginning of every packet: `2`, or `2/api,` in a namespace. */
  readonly prefix: string
  /** Errors that are ours are told with their text. */
  readonly debug: boolean
  /** What the client showed when it connected. */
  readonly credentials: Credentials
  readonly principal: Principal | null
  /** Null where nothing in the store makes another caller of it. */
  readonly standing: Standing | null
  readonly wire: Wire
}

/** Answers the message that it came with. */
export type Acknowledge = (...answer: unknown[]) => void

/** Arguments that a message may have: what it is about, and options. */
const MOST = 2

/** One client on Socket.IO: its messages are done one after the other, what it is told leaves in one order. */
export class Connection {
  readonly id: string
  readonly subscriptions: Subscriptions
  readonly #options: ConnectionOptions
  readonly #mailbox: Mailbox
  readonly #bucket: Bucket
  readonly #lifetime: Lifetime = new Lifetime()
  #principal: Principal | null
  readonly #standing: Standing | null
  #turn: Promise<void> = Promise.resolve()
  #waiting = 0
  #closed = false

  constructor(options: ConnectionOptions) {
    const { host, wire, targets, prefix, credentials } = options
    const { limits, clock } = host.engine
    this.#options = options
    this.id = options.id
    this.#principal = options.principal
    this.#standing = options.standing
    this.#mailbox = new Mailbox(wire, host.live.postman, { bytes: limits.mailbox, stall: limits.stall })
    this.#bucket = new Bucket(limits.messageRate, limits.messageBurst, clock)
    this.subscriptions = new Subscriptions({
      host,
      targets,
      mailbox: this.#mailbox,
      prefix,
      credentials,
      principal: () => this.#principal,
      standing: () => this.#standing,
      tell: error => this.#tell(error),
    })
    this.#mailbox.onDrained = () => this.subscriptions.drained()
  }

  /** A message with its arguments as parsed. */
  receive(event: unknown, given: readonly unknown[], ack: Acknowledge | null): void {
    if (this.#closed) return
    const { limits } = this.#options.host.engine
    if (!this.#bucket.take() || this.#waiting > limits.messageBurst) return this.#refuse(given, ack)
    this.#waiting++
    this.#turn = this.#turn
      .then(() => this.#answer(event, given, ack))
      .catch(this.#options.host.onFault)
      .finally(() => {
        this.#waiting--
      })
  }

  /** The same caller with other rights: what is followed goes by the log, each tells what that comes to. */
  renew(principal: Principal): void {
    this.#principal = principal
  }

  /** The connection took what was written. */
  drained(): void {
    this.#mailbox.drained()
  }

  /** Tells why, then disconnects. */
  end(error: ApiError): void {
    if (this.#closed) return
    this.#tell(error)
    this.#mailbox.flush()
    this.#options.wire.close(error.code === 'unavailable' ? 'going_away' : 'unauthenticated')
  }

  /** It is disconnected. */
  close(): void {
    this.#closed = true
    this.subscriptions.close()
    this.#mailbox.close()
    this.#lifetime.end()
  }

  async #answer(event: unknown, given: readonly unknown[], ack: Acknowledge | null): Promise<void> {
    if (this.#closed) return
    const plain = given.length < MOST
    try {
      if (given.length > MOST) throw new ApiError('bad_request', { detail: `at most ${MOST} arguments` })
      for (const one of given) checkJson(one, this.#options.host.engine.limits)
      if (!isEvent(event)) {
        // The ancestor ignores what it does not know; whoever waits for an answer gets one.
        if (ack) throw new ApiError('unknown_op', { detail: 'there are create, patch, delete, subscribe, unsubscribe' })
        return
      }
      const options = plain ? null : readOptions(event, given[1])
      const answer = await this.#admitted(readMessage(event, given[0], plain), options)
      this.#reply(ack, plain ? [] : [answer])
    } catch (thrown) {
      this.#fail(thrown, ack, plain && isEvent(event))
    }
  }

  /** What ends work is never refused. */
  #admitted(message: Message, options: Options | null): Promise<unknown> {
    const { admission } = this.#options.host
    const isEnd = message.event === 'unsubscribe'
    return admission === null || isEnd ? this.#do(message, options) : admission.admit(() => this.#do(message, options))
  }

  async #do(message: Message, options: Options | null): Promise<unknown> {
    const { host, targets, credentials } = this.#options
    switch (message.event) {
      case 'subscribe': {
        const position = await this.subscriptions.subscribe(message.uri, options)
        return { status: 200, data: null, position, etag: null }
      }
      case 'unsubscribe':
        if (!this.subscriptions.unsubscribe(message.uri) && options) {
          throw new ApiError('not_found', { detail: `${message.uri} is not subscribed to` })
        }
        return { status: 204, data: null, position: null, etag: null }
      default: {
        const by = { principal: this.#principal, credentials, lifetime: this.#lifetime }
        const written = await write(host, targets, message, options, by)
        await ownEffectsTold(host.live)
        return written
      }
    }
  }

  /** Without options an error is an event, and the ack tells nothing; with them, or where there is no such event, it is the ack. */
  #fail(thrown: unknown, ack: Acknowledge | null, plain: boolean): void {
    const error = ApiError.from(thrown)
    if (error.isFault) this.#options.host.onFault(error.cause ?? error)
    if (plain || !ack) {
      this.#tell(thrown)
      this.#reply(ack, [])
    } else this.#reply(ack, [problemOf(withoutHeaders(error))])
  }

  #tell(thrown: unknown): void {
    const { event, payload } = toldError(thrown, this.#options.debug)
    this.#mailbox.answer(eventFrame(this.#options.prefix, event, JSON.stringify(payload)))
  }

  /** What was told before goes out before. */
  #reply(ack: Acknowledge | null, answer: readonly unknown[]): void {
    if (!ack || this.#closed) return
    this.#mailbox.flush()
    ack(...answer)
  }

  /** Too many messages: each is refused, and whoever goes on is disconnected. */
  #refuse(given: readonly unknown[], ack: Acknowledge | null): void {
    const { messageRate } = this.#options.host.engine.limits
    const error = new ApiError('rate_limited', { detail: `at most ${messageRate} messages a second` })
    if (this.#bucket.isFlooded) return this.end(error)
    this.#fail(error, ack, given.length < MOST)
  }
}
