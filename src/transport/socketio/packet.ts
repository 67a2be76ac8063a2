import type { Dialect } from '../socket/dialect.ts'
import type { SocketHost } from '../socket/host.ts'
import type { Session } from '../socket/session.ts'
import type { SocketIoOptions } from './options.ts'

/** An event with its arguments as parsed. */
export interface Packet {
  readonly event: unknown
  readonly given: readonly unknown[]
  /** Answers it; null where no answer is wanted. */
  readonly ack: ((...answer: unknown[]) => void) | null
}

/** Makes the words of Socket.IO's clients. `prefix` is the beginning of every packet: `2`, or `2/api,` in a namespace. */
export type SocketIoWords = (
  host: SocketHost,
  options: SocketIoOptions,
  prefix: string,
) => (session: Session<Packet>) => Dialect<Packet>
