import { ApiError } from '../../protocol/error.ts'
import type { Credentials, Standing } from '../../auth/principal.ts'
import type { Call, Principal } from '../../engine/call.ts'
import type { Id, Resource } from '../../model/model.ts'
import { canonicalUri } from '../../model/uri-pattern.ts'
import type { Batch, Frame } from '../../live/event.ts'
import type { Mailbox } from '../../live/mailbox.ts'
import type { Values } from '../../live/published.ts'
import type { Listener, Subscription } from '../../live/subscription.ts'
import { followHandled } from '../follow-handled.ts'
import type { SocketHost } from '../socket-host.ts'
import type { UriTarget, UriTargets } from '../uri-target.ts'
import { batchFrame, publishedFrame, spellingOf, stateFrame, stateOf, type Spelling } from './frames.ts'
import type { Options } from './message.ts'

/** What a connection's subscriptions take from it. */
export interface Surroundings {
  readonly host: SocketHost
  readonly targets: UriTargets
  readonly mailbox: Mailbox
  /** Beginning of every packet. */
  readonly prefix: string
  readonly credentials: Credentials
  /** Who calls now. */
  readonly principal: () => Principal | null
  readonly standing: () => Standing | null
  /** Tells an error that answers no message. */
  readonly tell: (error: ApiError) => void
}

/** A URI that is held, as it was asked for. */
interface Held {
  readonly uri: string
  readonly options: Options | null
  /** Null while it begins. */
  live: Subscription | null
  published: Subscription<Values> | null
  /** Of modelled resources. */
  readonly target: UriTarget | null
  position: string
}

/** The subscriptions of one connection, by the URIs as its client writes them. */
export class Subscriptions {
  readonly #around: Surroundings
  readonly #held = new Map<string, Held>()
  #isClosed = false
  /** What was told at the newest position, where an item and its list are both followed: each event goes out once. */
  #told: { readonly position: number; readonly keys: Set<string> } = { position: -1, keys: new Set() }

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** The URIs that are held. */
  get uris(): string[] {
    return [...this.#held.keys()]
  }

  /** Tells the state and everything after it; the position from which on. */
  async subscribe(uri: string, options: Options | null): Promise<string> {
    const { host, targets } = this.#around
    // What was asked before may have waited for its turn.
    if (this.#isClosed) throw new ApiError('gone', { detail: 'the connection is closed' })
    this.unsubscribe(uri)
    if (this.#held.size >= host.engine.limits.subscriptions) {
      throw new ApiError('too_many_subscriptions', {
        detail: `at most ${host.engine.limits.subscriptions} subscriptions on one connection`,
      })
    }
    const target = targets.find(uri)
    if (target === null) throw new ApiError('not_found', { detail: `there is nothing at ${uri}` })
    const held: Held = { uri, options, live: null, published: null, target: target ?? null, position: '' }
    this.#held.set(uri, held)
    try {
      if (target)
        held.live = await host.live.subscribe(
          this.#call(target),
          this.#listener(held),
          options?.since ?? null,
          options?.mode,
          this.#around.standing(),
        )
      else held.published = await this.#follow(held)
    } catch (error) {
      if (this.#held.get(uri) === held) this.#held.delete(uri)
      throw error
    }
    // The connection may have closed, or the client have changed its mind, while it began.
    if (this.#held.get(uri) !== held) this.#end(held)
    return held.position
  }

  /** False if it was not held. */
  unsubscribe(uri: string): boolean {
    const held = this.#held.get(uri)
    if (!held) return false
    this.#held.delete(uri)
    this.#end(held)
    return true
  }

  /** The connection has taken what waited. */
  drained(): void {
    for (const { live, published } of this.#held.values()) {
      live?.drained()
      published?.drained()
    }
  }

  close(): void {
    this.#isClosed = true
    for (const held of this.#held.values()) this.#end(held)
    this.#held.clear()
  }

  #end({ live, published }: Held): void {
    if (live) live.close()
    if (published) published.close()
  }

  #call(target: UriTarget): Call {
    const { host, targets, principal, credentials } = this.#around
    const { resource, id, parent } = target
    return {
      operation: id === null ? 'list' : 'get',
      resource,
      id,
      parent,
      ...targets.read(target),
      mode: host.engine.mode,
      conditions: null,
      principal: principal(),
      credentials,
    }
  }

  #spelling({ uri, options }: Held, isList: boolean): Spelling {
    const { host, prefix } = this.#around
    return spellingOf(prefix, uri, isList, options !== null, host.live.epoch)
  }

  #listener(held: Held): Listener {
    const { mailbox } = this.#around
    const { resource, id } = held.target!
    const to = this.#spelling(held, id === null)
    return {
      snapshot: (rows, position, reset) => {
        held.position = position
        mailbox.answer(stateFrame(rows, position, reset, to))
      },
      resumed: position => {
        held.position = position
      },
      batch: batch => this.#batch(batch, to, resource),
      isBusy: () => mailbox.isBusy,
      end: error => this.#ended(held, error),
    }
  }

  #batch(batch: Batch, to: Spelling, resource: Resource): boolean {
    if (!this.#isFollowedTwice(resource)) return this.#push(batchFrame(batch, to))
    if (batch.position !== this.#told.position) this.#told = { position: batch.position, keys: new Set() }
    const { keys } = this.#told
    const events = batch.events.filter(({ id, kind }) => !keys.has(keyOf(resource, id, kind)))
    for (const { id, kind } of events) keys.add(keyOf(resource, id, kind))
    if (events.length === batch.events.length) return this.#push(batchFrame(batch, to))
    return this.#push(batchFrame({ ...batch, events, frames: new Map() }, to))
  }

  #push(frame: Frame): boolean {
    return frame.length === 0 || this.#around.mailbox.push(frame)
  }

  /** By a plain list and by an item of it. */
  #isFollowedTwice(resource: Resource): boolean {
    if (this.#held.size < 2) return false
    let list = false
    let item = false
    for (const { target } of this.#held.values()) {
      if (target?.resource !== resource || target.query !== '') continue
      if (target.id === null) list = true
      else item = true
    }
    return list && item
  }

  async #follow(held: Held): Promise<Subscription<Values>> {
    const { host, principal, mailbox, standing } = this.#around
    const uri = canonicalUri(held.uri)
    const to = this.#spelling(held, uri.endsWith('/'))
    const listener: Listener<Values> = {
      snapshot: (body, position, reset) => {
        held.position = position
        if (body !== null) mailbox.answer(stateOf(body, position, reset, to))
      },
      resumed: position => {
        held.position = position
      },
      batch: record => mailbox.push(publishedFrame(record, uri, to)),
      isBusy: () => mailbox.isBusy,
      end: error => this.#ended(held, error),
    }
    const follower = {
      uri,
      spelled: held.uri,
      owner: this,
      principal: principal(),
      standing: standing(),
      since: held.options?.since ?? null,
      mustExist: false,
    }
    return followHandled(host, follower, listener)
  }

  #ended(held: Held, error: ApiError): void {
    if (this.#held.get(held.uri) === held) this.#held.delete(held.uri)
    if (error.code !== 'unavailable') this.#around.tell(error)
  }
}

const keyOf = (resource: Resource, id: Id, kind: string): string => `${resource.name} ${typeof id} ${id} ${kind}`
