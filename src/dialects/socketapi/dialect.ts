import { checkJson } from '../../protocol/check-json.ts'
import type { Principal } from '../../auth/principal.ts'
import { ApiError, problemOf } from '../../protocol/error.ts'
import type { Batch } from '../../live/event.ts'
import type { Resource } from '../../model/model.ts'
import { canonicalUri } from '../../model/declare/uri-pattern.ts'
import type { Shape } from '../../query/predicate.ts'
import type { Asked, Dialect, Follow } from '../../transport/socket/dialect.ts'
import { outlineFor } from '../../transport/socket/subscriptions.ts'
import type { SocketSession } from '../../transport/socket/session.ts'
import type { Packet, SocketIoWords } from '../../transport/socketio/packet.ts'
import { UriTargets } from '../../transport/uri-target.ts'
import { withoutHeaders } from '../../transport/without-headers.ts'
import { eventFrame, spellingOf, type Spelling } from './frames.ts'
import { isEvent, readMessage, readOptions, type Message, type MessageOptions } from './read-socketio-message.ts'
import { SocketIoRows, SocketIoValues } from './tellers.ts'
import { toldError } from './told-error.ts'
import { writeMessage } from './answer-socketio-write.ts'

interface Words {
  readonly targets: UriTargets
  /** The beginning of every packet: `2`, or `2/api,` in a namespace. */
  readonly prefix: string
  /** Whether faults of the server are sent with their texts. */
  readonly debug: boolean
}

/** How many arguments a message may have: its subject, and options. */
const MOST = 2

/** The events of Flask-SocketAPI. */
export const socketApiWords: SocketIoWords = ({ engine }, { debug = false }, prefix) => {
  const words = { targets: new UriTargets(engine), prefix, debug }
  return session => new SocketApiDialect(session, words)
}

/** Speaks the words of Flask-SocketAPI on a connection. Clients that give options get an answer to each message. */
export class SocketApiDialect implements Dialect<Packet> {
  readonly isSerial = true
  readonly #session: SocketSession<Packet>
  readonly #words: Words
  /** What was sent at the newest position. If an item and its list are both followed, each event is sent only once. */
  #told: { readonly position: number; readonly keys: Set<string> } = { position: -1, keys: new Set() }

  constructor(session: SocketSession<Packet>, words: Words) {
    this.#session = session
    this.#words = words
  }

  read(packet: Packet): Asked | null {
    const { event, given, ack } = packet
    const plain = given.length < MOST
    const refuse = (error: ApiError): void => this.refuse(error, packet)
    try {
      if (given.length > MOST) throw new ApiError('bad_request', { detail: `at most ${MOST} arguments` })
      for (const one of given) checkJson(one, this.#session.host.engine.limits)
      if (!isEvent(event)) {
        // Flask-SocketAPI ignores unknown events. A client that waits for an answer still gets one.
        if (!ack) return null
        throw new ApiError('unknown_op', { detail: 'there are create, patch, delete, subscribe, unsubscribe' })
      }
      const options = plain ? null : readOptions(event, given[1])
      const reply = (answer: unknown): void => this.#reply(packet, plain ? [] : [answer])
      return this.#asked(readMessage(event, given[0], plain), options, reply, refuse)
    } catch (thrown) {
      // The error is sent when its turn comes.
      const error = ApiError.from(thrown)
      return { kind: 'read', run: () => Promise.reject(error), refuse }
    }
  }

  /**
   * Without options an error is an event, and the ack has no content. With options, or if there is no such event, the error is
   * the ack.
   */
  refuse(error: ApiError, packet: Packet | null): void {
    const isTold = !packet?.ack || (packet.given.length < MOST && isEvent(packet.event))
    if (isTold) this.bye(error)
    if (packet) this.#reply(packet, isTold ? [] : [problemOf(withoutHeaders(error))])
  }

  get principal(): Principal | null {
    return this.#session.principal
  }

  /** Sends an error that answers no message. */
  bye(error: ApiError): void {
    const { prefix, debug } = this.#words
    const { event, payload } = toldError(error, debug)
    this.#session.tell(eventFrame(prefix, event, JSON.stringify(payload)))
  }

  /** Sends an error that answers no message, and closes the connection. */
  end(error: ApiError): void {
    this.#session.end(error)
  }

  /** The events of a batch that were not yet sent at its position, through an item or the list that contains it. */
  withoutRepeats(batch: Batch, resource: Resource): Batch {
    if (!this.#isFollowedTwice(resource)) return batch
    if (batch.position !== this.#told.position) this.#told = { position: batch.position, keys: new Set() }
    const { keys } = this.#told
    const events = batch.events.filter(({ id, kind }) => {
      const size = keys.size
      return keys.add(`${resource.name} ${typeof id} ${id} ${kind}`).size > size
    })
    return events.length === batch.events.length ? batch : { ...batch, events, frames: new Map() }
  }

  #asked(
    message: Message,
    options: MessageOptions | null,
    reply: (answer: unknown) => void,
    refuse: (error: ApiError) => void,
  ): Asked {
    const session = this.#session
    switch (message.event) {
      case 'subscribe': {
        let followed: Follow | null = null
        const follow = async (): Promise<Follow> => {
          await this.#reached(options)
          return (followed = this.#follow(message.uri, options))
        }
        const done = (position: string): void =>
          reply({ status: 200, data: followed && outlineFor(followed), position, etag: null })
        return { kind: 'subscribe', key: message.uri, twice: 'replace', follow, done, refuse }
      }
      case 'unsubscribe': {
        const done = (found: boolean): void => {
          if (!found && options) throw new ApiError('not_found', { detail: `${message.uri} is not subscribed to` })
          reply({ status: 204, data: null, position: null, etag: null })
        }
        return { kind: 'unsubscribe', key: message.uri, done, refuse }
      }
      default: {
        const run = async (): Promise<() => void> => {
          await this.#reached(options)
          const written = await writeMessage(session, this.#words.targets, message, options)
          return () => reply(written)
        }
        return { kind: 'write', run, refuse }
      }
    }
  }

  async #reached(options: MessageOptions | null): Promise<void> {
    if (options?.min != null) await this.#session.host.live.awaitPosition(options.min, { pointer: '#/min' })
  }

  #follow(uri: string, options: MessageOptions | null): Follow {
    const { host } = this.#session
    const { targets } = this.#words
    const target = targets.find(uri)
    if (target === null) throw new ApiError('not_found', { detail: `there is nothing at ${uri}` })
    const since = options?.since ?? null
    if (target === undefined) {
      const canonical = canonicalUri(uri)
      const teller = new SocketIoValues(this, this.#spelling(uri, canonical.endsWith('/'), options, false), canonical)
      // Flask-SocketAPI lets one follow what is not there.
      const mustExist = options !== null && !options.waits
      return { uri: canonical, since, mustExist, owner: options ? teller : this, teller }
    }
    const { resource, id, parent } = target
    const operation = id === null ? 'list' : 'get'
    const asked = this.#session.read({ operation, resource, id, parent }, () => targets.read(target))
    const call = this.#session.asking({
      operation,
      resource,
      id,
      parent,
      ...asked,
      mode: host.engine.mode,
      conditions: null,
    })
    const teller = new SocketIoRows(this, this.#spelling(uri, id === null, options, isDeep(asked.shape)), target)
    return { call, since, mode: options?.mode ?? 'every', waits: options?.waits ?? false, teller }
  }

  #spelling(uri: string, isList: boolean, options: MessageOptions | null, isDeep: boolean): Spelling {
    const { terms } = this.#session.host.live
    const patchesOnce = options?.patchesOnce ?? false
    return spellingOf({ prefix: this.#words.prefix, uri, isList, rich: options !== null, patchesOnce, isDeep, terms })
  }

  /** Whether both a plain list and an item of it are followed. */
  #isFollowedTwice(resource: Resource): boolean {
    const { subscriptions } = this.#session
    if (subscriptions.size < 2) return false
    let list = false
    let item = false
    for (const teller of subscriptions.tellers()) {
      if (!(teller instanceof SocketIoRows) || teller.target.resource !== resource || teller.isNamed) continue
      if (teller.target.id === null) list = true
      else item = true
    }
    return list && item
  }

  /** Answers a message. Everything that was sent before is written first. */
  #reply({ ack }: Packet, answer: readonly unknown[]): void {
    if (!ack || this.#session.isClosed) return
    this.#session.mailbox.flush()
    ack(...answer)
  }
}

const isDeep = ({ depth, include, fields }: Shape): boolean =>
  depth > 1 || include.length > 0 || (fields?.some(path => path.includes('.')) ?? false)
