import type { Identity } from '../../auth/principal.ts'
import type { Call } from '../../engine/call/call.ts'
import type { Mode } from '../../live/subscriptions/coalesce.ts'
import type { Frame } from '../../live/event.ts'
import type { FollowedUri, ValuesKind } from '../../live/subscriptions/published.ts'
import type { Kind, RowsKind } from '../../live/subscriptions/source.ts'
import type { ApiError } from '../../protocol/error.ts'

/**
 * The language of one kind of client. It reads what messages ask for, and writes what the client is told. The session does
 * everything in between: order, limits, callers, subscriptions.
 */
export interface Dialect<Message> {
  /** Messages are handled strictly one after the other. Otherwise only writes wait for others, and others for writes. */
  readonly isSerial: boolean
  /** Sends the first message. */
  greet?(): void
  /** What a message asks for. null if there is nothing to do, or if it was answered at once. */
  read(message: Message): Asked | null
  /** Tells the client why something is refused: a message or, if null, a ping or binary data. */
  refuse(error: ApiError, message: Message | null): void
  /** Tells the client why the connection is about to be closed. */
  bye?(error: ApiError): void
  /** Called when the connection is closed. */
  close?(): void
}

/** Identifies a subscription on its connection. */
export type Key = number | string

/** What a message asks for. It is carried out when its turn comes; errors are passed to `refuse`. */
export type Asked = AskedCall | AskedSubscription | AskedEnd | AskedIdentity | AskedPing

interface Refusable {
  refuse(error: ApiError): void
}

/** A read or write. */
export interface AskedCall extends Refusable {
  readonly kind: 'read' | 'write'
  /**
   * Does it. Resolves to a function that sends the answer. It is called after the connection was told what a write did to its
   * own subscriptions.
   */
  run(): Promise<() => void>
}

export interface AskedSubscription extends Refusable {
  readonly kind: 'subscribe'
  readonly key: Key
  /** What to do if a subscription with this key exists: refuse this one, replace the other, or keep the other. */
  readonly twice: 'refuse' | 'replace' | 'keep'
  /** The part of what the teller can tell that is wanted. If an existing subscription is kept, it tells this part as well. */
  readonly part?: string
  follow(): Follow | Promise<Follow>
  /** Tells the client that the subscription has begun, before anything else about it. */
  begun?(): void
  /** Tells the client the position from which it follows, after everything that it begins with. */
  done?(position: string): void
}

export interface AskedEnd extends Refusable {
  readonly kind: 'unsubscribe'
  readonly key: Key
  /** End only this part of it. */
  readonly part?: string
  /** Tells the client that it has ended, or that there was none. */
  done(found: boolean): void
}

/** From now on, the connection belongs to another caller. */
export interface AskedIdentity extends Refusable {
  readonly kind: 'identify'
  identity(): Promise<Identity>
  done(): void
}

/** Asks for a sign of life, and how far the connection was told what happened. */
export interface AskedPing extends Refusable {
  readonly kind: 'ping'
  /** `position`: everything up to it was told. null = it is not known, because queries that run again are late. */
  done(position: string | null): void
}

/** What to follow, and how to tell it. */
export type Follow = FollowRows | FollowValues

export interface FollowRows {
  readonly call: Call
  readonly since: string | null
  readonly mode: Mode
  /** A single row need not be there yet. */
  readonly waits?: boolean
  readonly teller: SocketTeller<RowsKind>
}

/** What functions serve at a URI, or what is published there. */
export interface FollowValues extends Omit<FollowedUri, 'principal'> {
  readonly since: string | null
  readonly teller: SocketTeller<ValuesKind>
}

/** Writes what one subscription is told. null or an empty frame = nothing is sent. */
export interface Teller<K extends Kind> {
  /** `isFirst` = nothing has been told about the subscription before. */
  snapshot(state: K['state'], position: string, reset: boolean, isFirst: boolean): Frame | null
  resumed?(position: string): Frame
  /** `followed` = what the subscription follows; null where nobody can tell. */
  batch(step: K['step'], followed: K['followed'] | null): Frame | null
  /** Something was left out, and a reset will follow. */
  behind?(): Frame | null
  /** From now on, tells this part as well. */
  add?(part: string): void
  /** Stops telling this part. False if nothing is left to tell. */
  drop?(part: string): boolean
}

/** Writes what one of several subscriptions on a connection is told. */
export interface SocketTeller<K extends Kind> extends Teller<K> {
  /** The subscription has ended by itself. A dialect that has no word for that closes the connection. */
  end(error: ApiError): Frame | null
}
