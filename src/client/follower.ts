import type { Frame, Transport } from './call.ts'
import type { Http } from './http.ts'
import type { Comparison } from './live/order.ts'
import type { Problem } from './problem.ts'
import type { Session } from './session.ts'

/** What a subscription tells, in the messages of restuary.1 (docs/protocol.md §8.5), whatever the transport is. */
export interface Follower {
  /** `uri`, `params` and what else belongs to the request. */
  readonly request: Frame
  /** Where it goes on. null = from the beginning. */
  readonly position: string | null
  /** Whether it shows an answered write of which it was not told. */
  readonly isWaiting: boolean
  /** What the client cannot know of the resource. It comes before everything else. */
  learn(outline: Outline): void
  hear(frame: Frame): void
  /** Everything up to a position has been told. */
  advance(position: string): void
  /** Forgets the position: what comes next is for another caller. `isOther` = who may not see what the former one saw. */
  restart(isOther: boolean): void
  /** The connection is lost, and somebody sees to a new one. */
  stale(): void
  /** The server has refused it or ended it. */
  end(problem: Problem): void
}

/** What the server tells of a resource whose rows are followed (docs/protocol.md §8.4). */
export interface Outline {
  /** The member that has the id. */
  readonly id: string
  /** Values of new rows that name none, if they are the same for all. */
  readonly defaults: Readonly<Record<string, unknown>>
  readonly files: readonly string[]
  readonly relations: Readonly<Record<string, { readonly to: string; readonly many: boolean }>>
  /** How the keys of the query's sort compare. */
  readonly sort?: readonly Comparison[]
  /** How the fields compare. */
  readonly order: Readonly<Record<string, Comparison>>
}

/** `idle` = not needed yet, `offline` = lost, and trying again. */
export type ConnectionStatus = 'idle' | 'connecting' | 'open' | 'offline' | 'closed'

/** Carries live queries, and calls while there are any. */
export interface LiveTransport extends Transport {
  /** Whether calls should go through it. */
  readonly isInUse: boolean
  /** Begins a subscription, which goes on over all connections. Returns the function that ends it. */
  follow(follower: Follower): () => void
  /** Somebody has logged in or out. `isOther` = a user was there before, whose rows and calls end at once. */
  changeCaller(isOther: boolean): void | Promise<void>
  close(): void
}

/** What a transport gets from its client. */
export interface LiveTransportOptions {
  /** The base URL, without a slash at the end. */
  readonly base: string
  readonly http: Http
  readonly session: Session
  readonly onStatus: (status: ConnectionStatus) => void
  readonly WebSocket?: typeof WebSocket | undefined
  readonly random?: (() => number) | undefined
  /** The `io` of socket.io-client, if the page has one. */
  readonly io?: Io | undefined
  /** Whether writes wait for a connection even if nobody follows anything. */
  readonly isPatient?: boolean
}

/** The function that connects of socket.io-client 4. */
export type Io = (url: string, options: object) => IoSocket

/** What the client needs of a socket of socket.io-client. */
export interface IoSocket {
  on(event: string, listener: (...given: any[]) => void): unknown // oxlint-disable-line typescript/no-explicit-any -- each event has its own
  emit(event: string, ...given: unknown[]): unknown
  connect(): unknown
  disconnect(): unknown
}
