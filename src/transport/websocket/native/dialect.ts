import type { Identity } from '../../../auth/principal.ts'
import type { Call, Outcome } from '../../../engine/call/call.ts'
import type { Frame } from '../../../live/event.ts'
import { ApiError } from '../../../protocol/error.ts'
import type { AuthFrame, BatchFrame, CallFrame, SubscribeFrame } from '../../../protocol/frames.ts'
import { sessionBatch } from '../../batch/session-batch.ts'
import { outlineFor } from '../../socket/subscriptions.ts'
import { modeOf, tellsPatches, waitsOf } from '../../subscription-options.ts'
import type { Asked, Dialect, Follow } from '../../socket/dialect.ts'
import type { SocketHost } from '../../socket/host.ts'
import type { SocketSession } from '../../socket/session.ts'
import type { HandledTarget } from '../../handled-target.ts'
import { UriTargets } from '../../uri-target.ts'
import { webSocketSession } from '../connection.ts'
import type { SocketFace } from '../upgrade.ts'
import { callHandled, checkFollowing, handledTarget, valueFrame } from './handled-calls.ts'
import { frameCall, readFrame } from './read-frame.ts'
import {
  answerFrame,
  outcomesFrame,
  doneFrame,
  helloFrame,
  NativeRows,
  NativeValues,
  pongFrame,
  refusalFrame,
} from './tellers.ts'

/**
 * How many milliseconds an anonymous connection may stay without a permitted request, and how many bytes its messages may have.
 */
const STRANGER = { patience: 5_000, message: 4_096 }

/** Serves connections of the subprotocol restuary.1 (protocol §8). */
export function nativeFace(host: SocketHost): SocketFace {
  const targets = new UriTargets(host.engine)
  return (socket, handshake) =>
    void webSocketSession(host, socket, handshake, session => new NativeDialect(session, targets))
}

/** The dialect restuary.1, on one connection. */
class NativeDialect implements Dialect<string> {
  readonly isSerial = false
  readonly #session: SocketSession<string>
  readonly #targets: UriTargets
  /** Ends a connection that stays anonymous and requests nothing permitted; null once it has done so. */
  #stranger: NodeJS.Timeout | null = null

  constructor(session: SocketSession<string>, targets: UriTargets) {
    this.#session = session
    this.#targets = targets
  }

  greet(): void {
    const { principal, host } = this.#session
    if (principal === null && host.engine.auth) {
      this.#stranger = setTimeout(() => this.#session.end(new ApiError('unauthenticated')), STRANGER.patience)
      this.#stranger.unref()
    }
    this.#session.tell(helloFrame(host.engine, this.#session, null))
  }

  read(text: string): Asked | null {
    const session = this.#session
    if (this.#stranger && text.length > STRANGER.message) {
      session.end(new ApiError('payload_too_large'))
      return null
    }
    const message = readFrame(text, session.host.engine.limits)
    if ('error' in message) {
      session.tell(refusalFrame(message.id, message.error))
      return null
    }
    const { frame } = message
    const { id } = frame
    const refuse = (error: ApiError): void => session.tell(refusalFrame(id ?? null, error))
    switch (frame.op) {
      case 'ping':
        return { kind: 'ping', done: position => session.tell(pongFrame(frame.id, position)), refuse }
      case 'auth': {
        const done = (): void => this.#answer(helloFrame(session.host.engine, session, frame.id))
        return { kind: 'identify', identity: () => identityOf(session.host, frame), done, refuse }
      }
      case 'subscribe': {
        let followed: Follow | null = null
        const follow = async (): Promise<Follow> => (followed = await this.#follow(frame))
        const begun = (): void => this.#answer(doneFrame(frame.id, followed && outlineFor(followed)))
        return { kind: 'subscribe', key: frame.id, twice: 'refuse', follow, begun, refuse }
      }
      case 'unsubscribe': {
        const done = (found: boolean): void => {
          if (!found) throw new ApiError('not_found', { detail: 'there is no such subscription' })
          session.tell(doneFrame(frame.id))
        }
        return { kind: 'unsubscribe', key: frame.sub, done, refuse }
      }
      case 'batch':
        return { kind: 'write', run: () => this.#batch(frame), refuse }
      case 'list':
      case 'get':
        return { kind: 'read', run: () => this.#call(frame), refuse }
      case 'create':
      case 'replace':
      case 'patch':
      case 'delete':
      case 'act':
        return { kind: 'write', run: () => this.#call(frame), refuse }
    }
  }

  refuse(error: ApiError): void {
    this.#session.tell(refusalFrame(null, error))
  }

  bye(error: ApiError): void {
    this.refuse(error)
  }

  close(): void {
    if (this.#stranger) clearTimeout(this.#stranger)
    this.#stranger = null
  }

  async #call(frame: CallFrame): Promise<() => void> {
    const { host, principal } = this.#session
    const served = this.#handledTarget(frame)
    if (served) {
      await this.#reached(frame)
      const answer = await callHandled(host.handled, served, frame, principal, host.engine.limits)
      return () => this.#answer(valueFrame(frame.id, answer))
    }
    const call = this.#callOf(frame)
    await this.#reached(frame)
    const outcome: Outcome = await host.engine.handle(call)
    const answered = answerFrame(frame.id, outcome)
    return () => (outcome.kind === 'failure' ? this.#session.tell(answered) : this.#answer(answered))
  }

  async #batch(frame: BatchFrame): Promise<() => void> {
    await this.#reached(frame)
    const done = await sessionBatch(this.#session, this.#targets, frame.calls, frame.key ?? null)
    return () => this.#answer(outcomesFrame(frame.id, done))
  }

  async #follow(frame: SubscribeFrame): Promise<Follow> {
    const { host } = this.#session
    const { id, since = null } = frame
    const mode = modeOf(frame.mode, { pointer: '#/mode' })
    const waits = waitsOf(frame.absent, { pointer: '#/absent' })
    const patches = tellsPatches(frame.changes, { pointer: '#/changes' })
    const served = this.#handledTarget(frame)
    if (served) {
      checkFollowing(served, frame, host.engine.limits)
      await this.#reached(frame)
      const { uri } = served
      const teller = new NativeValues(id, uri, host.live.terms)
      // Each subscription has a name of its own, so a record that concerns two of them is told to both.
      return { uri, since, mustExist: !waits, owner: teller, teller }
    }
    const call = this.#callOf(frame)
    await this.#reached(frame)
    return {
      call,
      since,
      mode,
      waits,
      teller: new NativeRows(id, host.live.terms, { session: this.#session, patches: patches && call.shape }),
    }
  }

  /** The handled resource that a message is about; null if it is about a modelled one, or if there are none. */
  #handledTarget(frame: CallFrame | SubscribeFrame): HandledTarget | null {
    const { handled } = this.#session.host
    return handled.routes.all.length === 0 ? null : handledTarget(handled, this.#targets, frame)
  }

  #callOf(frame: CallFrame | SubscribeFrame): Call {
    return this.#session.asking(frameCall(this.#session, this.#targets, frame))
  }

  async #reached({ min }: CallFrame | SubscribeFrame | BatchFrame): Promise<void> {
    if (min !== undefined) await this.#session.host.live.awaitPosition(min, { pointer: '#/min' })
  }

  /** Answers a permitted request. The connection is then no longer limited like a stranger's. */
  #answer(frame: Frame): void {
    this.close()
    this.#session.tell(frame)
  }
}

/** The identity in an `auth` message. Throws ApiError if there is none. */
async function identityOf({ engine: { auth } }: SocketHost, { token, ticket }: AuthFrame): Promise<Identity> {
  if (!auth) throw new ApiError('bad_request', { detail: 'this API has no authentication' })
  if ((token === undefined) === (ticket === undefined)) {
    throw new ApiError('validation', {
      issues: [{ pointer: '#/token', code: 'required', detail: 'a token or a ticket, not both' }],
    })
  }
  return token === undefined ? auth.authenticateTicket(ticket!) : auth.authenticateToken(token)
}
