import { permits } from '../../../model/permission.ts'
import type { Standing } from '../../../auth/principal.ts'
import type { Principal } from '../../../engine/call.ts'
import type { Frame } from '../../../live/event.ts'
import { Mailbox } from '../../../live/mailbox.ts'
import { Bucket } from '../../bucket.ts'
import { Lifetime } from '../../lifetime.ts'
import { ownEffectsTold, type SocketHost } from '../../socket-host.ts'
import type { Handshake } from '../upgrade.ts'
import type { FrameSocket } from '../ws.ts'
import { answerFrame, type PushedAction } from './frames.ts'
import { canonicalId, errorsOfThrown, perform, type Performed } from './perform.ts'
import { words, type Profile } from './profile.ts'
import { isMembers, readRequest, type Request } from './request.ts'
import { actionsOf, type Stream } from './streams.ts'
import { Subscriptions } from './subscriptions.ts'
import { toldErrors, type ToldErrors } from './told-errors.ts'
import { ApiError } from '../../../protocol/error.ts'

export interface ConnectionOptions {
  readonly host: SocketHost
  readonly streams: ReadonlyMap<string, Stream>
  readonly profile: Profile
}

const POLICY = 1008
const SLOW = 4408

/** One client on the envelope: its requests are done one after the other, what it is told leaves in one order. */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #socket: FrameSocket
  readonly #handshake: Handshake
  readonly #mailbox: Mailbox
  readonly #bucket: Bucket
  readonly #lifetime: Lifetime = new Lifetime()
  readonly subscriptions: Subscriptions
  #principal: Principal | null
  /** Null where nothing in the store makes another caller of it. */
  #standing: Standing | null = null
  #turn: Promise<void> = Promise.resolve()
  #waiting = 0
  #stop: (() => void) | null = null

  constructor(options: ConnectionOptions, socket: FrameSocket, handshake: Handshake) {
    const { engine, live } = options.host
    const { limits } = engine
    this.#options = options
    this.#socket = socket
    this.#handshake = handshake
    this.#principal = handshake.identity?.principal ?? null
    const wire = {
      write: (bytes: Frame) => socket.write(bytes),
      get buffered() {
        return socket.buffered
      },
      close: (reason: string) => socket.close(SLOW, reason),
    }
    this.#mailbox = new Mailbox(wire, live.postman, { bytes: limits.mailbox, stall: limits.stall })
    this.#bucket = new Bucket(limits.messageRate, limits.messageBurst, engine.clock)
    this.subscriptions = new Subscriptions({
      live,
      most: limits.subscriptions,
      mailbox: this.#mailbox,
      credentials: handshake,
      principal: () => this.#principal,
      standing: () => this.#standing,
      lost: () => socket.close(SLOW, 'events were lost: connect again and read anew'),
    })
    this.#mailbox.onDrained = () => this.subscriptions.drained()
    socket.events = {
      onText: text => this.#receive(text),
      onBinary: () => this.#refuse('Messages are text', 400),
      onPing: () => {
        if (this.#bucket.take()) socket.pong()
        else if (this.#bucket.isFlooded) socket.close(POLICY, 'too many messages')
      },
      onDrain: () => this.#mailbox.drained(),
      onClose: () => this.#close(),
    }
    if (handshake.identity && engine.auth) {
      this.#standing = engine.auth.standing(handshake.identity)
      this.#stop = engine.auth.watch(handshake.identity, what => {
        // What is followed goes by the log: each subscription tells what the change comes to.
        if (what.kind === 'changed') this.#principal = what.principal
        else socket.close(4401, what.kind === 'expired' ? 'the token has expired' : 'the session has ended')
      })
    }
  }

  /** Another caller from now on. */
  become(principal: Principal | null): void {
    this.#principal = principal
    this.#standing = null
    this.#turn = this.#turn.then(() => this.subscriptions.become()).catch(this.#options.host.onFault)
  }

  #close(): void {
    this.#stop?.()
    this.subscriptions.close()
    this.#mailbox.close()
    this.#lifetime.end()
  }

  #receive(text: string): void {
    const { limits } = this.#options.host.engine
    if (!this.#bucket.take() || this.#waiting > limits.messageBurst) {
      if (this.#bucket.isFlooded) return this.#socket.close(POLICY, 'too many messages')
      return this.#refuse('Request was throttled.', 429)
    }
    this.#waiting++
    this.#turn = this.#turn
      .then(() => this.#answer(text))
      .catch(this.#options.host.onFault)
      .finally(() => {
        this.#waiting--
      })
  }

  #refuse(text: string, status: number): void {
    this.#mailbox.answer(answerFrame(null, null, null, status, [text], 'null'))
  }

  async #answer(text: string): Promise<void> {
    if (!this.#socket.isOpen) return
    const { engine } = this.#options.host
    const request = readRequest(text, engine.limits)
    if ('error' in request) {
      const { stream, action, requestId, error } = request
      return this.#mailbox.answer(answerFrame(stream, action, requestId, 400, [error], 'null'))
    }
    try {
      const told = await this.#admitted(request)
      if (told) this.#tell(request, told)
    } catch (thrown) {
      const told = errorsOfThrown(thrown)
      if (ApiError.from(thrown).isFault) this.#options.host.onFault(thrown)
      this.#tell(request, told)
    }
  }

  /** What ends work is never refused. */
  #admitted(request: Request): Promise<Performed | null> {
    const { admission } = this.#options.host
    const isEnd = request.action === 'unsubscribe' || request.action === 'unsubscribe_instance'
    return admission === null || isEnd ? this.#do(request) : admission.admit(() => this.#do(request))
  }

  #tell({ stream, action, requestId }: Request, told: Performed): void {
    const echoed = typeof action === 'object' ? null : action
    const frame =
      'errors' in told
        ? answerFrame(stream, echoed, requestId, told.status, told.errors, 'null')
        : answerFrame(stream, echoed, requestId, told.status, [], told.data)
    this.#mailbox.answer(frame)
  }

  /** Null where the answer was given already. */
  async #do(request: Request): Promise<Performed | null> {
    const { host, streams, profile } = this.#options
    const stream = streams.get(request.stream)
    if (!stream) return { status: 404, errors: [`There is no stream ${request.stream}`] }
    const { action } = request
    // Whoever may not ask is not told what there is to ask for (DECISIONS C20).
    const permissions = stream.resource.permissions ?? host.engine.gate.permissions
    if (
      permissions &&
      typeof action === 'string' &&
      !permits(permissions, this.#principal, action, request.pk ?? null)
    ) {
      const { denied } = words[profile]
      return { status: denied.status, errors: [denied.text] }
    }
    if (typeof action !== 'string' || !this.#knows(stream, action)) {
      const unknown = words[profile].unknownAction(action)
      return { status: unknown.status, errors: [unknown.text] }
    }
    if (!stream.actions.has(action)) {
      const known = subscribing.get(action)
      if (known) return known(this, stream, request)
    }
    const { engine } = host
    const told = await perform(stream, request, {
      engine,
      profile,
      principal: this.#principal,
      credentials: this.#handshake,
      lifetime: this.#lifetime,
    })
    if ('wrote' in told && told.wrote) await ownEffectsTold(host.live)
    return told
  }

  #knows(stream: Stream, action: string): boolean {
    if (subscribing.has(action) && stream.operations.has('subscribe')) return true
    return actionsOf(stream).includes(action)
  }

  /** `subscribe` and `unsubscribe`: an event of all rows, or of one. */
  async subscribeAction(stream: Stream, request: Request, begin: boolean): Promise<Performed | null> {
    const { profile } = this.#options
    const { data } = request
    const action = isMembers(data) ? data['action'] : undefined
    if (action === undefined) return { status: 400, errors: ['action required'] }
    if (!isPushed(action)) return { status: 400, errors: ['Invalid Action'] }
    // channels-api-client puts pk into data (spec: §3.1).
    const given = request.pk ?? (data as Readonly<Record<string, unknown>>)['pk'] ?? null
    const pk = given === null ? null : canonicalId(stream.resource, given)
    if (given !== null && pk === null) return { status: 404, errors: [words[profile].missing] }
    const wanted = { kind: 'action', stream, action, pk } as const
    const done = { status: 200, data: JSON.stringify({ action }), wrote: false }
    if (!begin) {
      this.subscriptions.unsubscribe(wanted)
      return done
    }
    return this.#begin(wanted, request, done)
  }

  /** `subscribe_instance` and `unsubscribe_instance`: a row, told by request_id. */
  async subscribeInstance(stream: Stream, request: Request, begin: boolean): Promise<Performed | null> {
    const { profile } = this.#options
    const pk = canonicalId(stream.resource, request.pk)
    if (pk === null) return { status: 404, errors: [words[profile].missing] }
    const wanted = { kind: 'instance', stream, pk, requestId: request.requestId } as const
    if (begin) return this.#begin(wanted, request, { status: 201, data: 'null', wrote: false })
    this.subscriptions.unsubscribe(wanted)
    return { status: 204, data: 'null', wrote: false }
  }

  async #begin(
    wanted: Parameters<Subscriptions['subscribe']>[0],
    request: Request,
    done: Performed,
  ): Promise<ToldErrors | null> {
    try {
      // The answer comes before the first push.
      await this.subscriptions.subscribe(wanted, () => this.#tell(request, done))
      return null
    } catch (thrown) {
      return toldErrors(ApiError.from(thrown), this.#options.profile, wanted.stream.resource, null)
    }
  }
}

type Subscribing = (connection: Connection, stream: Stream, request: Request) => Promise<Performed | null>

const subscribing: ReadonlyMap<string, Subscribing> = new Map<string, Subscribing>([
  ['subscribe', (connection, stream, request) => connection.subscribeAction(stream, request, true)],
  ['unsubscribe', (connection, stream, request) => connection.subscribeAction(stream, request, false)],
  ['subscribe_instance', (connection, stream, request) => connection.subscribeInstance(stream, request, true)],
  ['unsubscribe_instance', (connection, stream, request) => connection.subscribeInstance(stream, request, false)],
])

function isPushed(action: unknown): action is PushedAction {
  return action === 'create' || action === 'update' || action === 'delete'
}
