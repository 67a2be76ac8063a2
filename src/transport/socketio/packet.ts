import type { Dialect } from '../socket/dialect.ts'
import type { SocketHost } from '../socket/host.ts'
import type { SocketSession } from '../socket/session.ts'
import type { SocketIoOptions } from './options.ts'

/** An event with its parsed arguments. */
export interface Packet {
  readonly event: unknown
  readonly given: readonly unknown[]
  /** Answers the event; null if the client wants no answer. */
  readonly ack: ((...answer: unknown[]) => void) | null
}

/** Makes the dialect of Socket.IO clients. `prefix` begins every packet: `2`, or `2/api,` in a namespace. */
export type SocketIoWords = (
  host: SocketHost,
  options: SocketIoOptions,
  prefix: string,
) => (session: SocketSession<Packet>) => Dialect<Packet>
