import type { Identity } from '../../auth/principal.ts'
import type { Call } from '../../engine/call/call.ts'
import type { Mode } from '../../live/subscriptions/coalesce.ts'
import type { Frame } from '../../live/event.ts'
import type { FollowedUri, Values } from '../../live/subscriptions/published.ts'
import type { Kind, Rows } from '../../live/subscriptions/source.ts'
import type { Subscription } from '../../live/subscriptions/subscription.ts'
import type { ApiError } from '../../protocol/error.ts'

/**
 * The words of one kind of client: reads what its messages ask for, and writes what it is told. Everything in between is
 * the session's: order, limits, who calls, what is followed.
 */
export interface Dialect<Message> {
  /** One message is done after the other; otherwise only writes wait, and are waited for. */
  readonly isSerial: boolean
  /** Says the first words. */
  greet?(): void
  /** What a message asks for; null where nothing is to be done, or it was answered at once. */
  read(message: Message): Asked | null
  /** Says why something is not taken: a message, or (null) a ping, or bytes where texts belong. */
  refuse(error: ApiError, message: Message | null): void
  /** Says why the connection is about to be closed. */
  bye?(error: ApiError): void
  /** The connection is closed. */
  close?(): void
}

/** Names a subscription on its connection. */
export type Key = number | string

/** What a message asks for. It is looked into when it is its turn: what it throws is said by `refuse`. */
export type Asked = AskedCall | AskedSubscription | AskedEnd | AskedIdentity

interface Refusable {
  refuse(error: ApiError): void
}

/** Something to be read or written. */
export interface AskedCall extends Refusable {
  readonly kind: 'read' | 'write'
  /** Does it. What it gives back says what came of it, once the connection was told what a write did to its subscriptions. */
  run(): Promise<() => void>
}

export interface AskedSubscription extends Refusable {
  readonly kind: 'subscribe'
  readonly key: Key
  /** What becomes of the one that has the key already, or of this one. */
  readonly twice: 'refuse' | 'replace' | 'keep'
  /** Which part of what its teller can tell is wanted; one that is kept tells this part as well. */
  readonly part?: string
  follow(): Follow | Promise<Follow>
  /** Says that it has begun: before anything is told of it. */
  begun?(): void
  /** Says from which position on it follows: behind all that it begins with. */
  done?(position: string): void
}

export interface AskedEnd extends Refusable {
  readonly kind: 'unsubscribe'
  readonly key: Key
  /** Only this part of it. */
  readonly part?: string
  /** Says that it is over, if there was one. */
  done(found: boolean): void
}

/** From now on the connection is somebody else's. */
export interface AskedIdentity extends Refusable {
  readonly kind: 'identify'
  identity(): Promise<Identity>
  done(): void
}

/** What is to be followed, and the words in which it is told. */
export type Follow = FollowRows | FollowValues

export interface FollowRows {
  readonly call: Call
  readonly since: string | null
  readonly mode: Mode
  readonly teller: Teller<Rows>
}

/** What functions serve at a URI, or whatever is published there. */
export interface FollowValues extends Omit<FollowedUri, 'principal'> {
  readonly since: string | null
  readonly teller: Teller<Values>
}

/** Writes what one subscription is told. Null, or no bytes = nothing is said. */
export interface Teller<K extends Kind> {
  /** `isFirst` = nothing was told of it before. */
  snapshot(state: K['state'], position: string, reset: boolean, isFirst: boolean): Frame | null
  resumed?(position: string): Frame
  batch(step: K['step'], subscription: Subscription<K> | null): Frame | null
  end?(error: ApiError): Frame | null
  /** Tells this part as well from now on. */
  add?(part: string): void
  /** No longer tells this part. False if nothing is left to tell. */
  drop?(part: string): boolean
}
