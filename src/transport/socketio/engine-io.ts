import type { ByteSink } from '../websocket/connection.ts'

/**
 * The private parts of engine.io and ws that `wire.ts` writes through. Both libraries send per packet and per connection: an
 * object, an encoder and a callback for every reader of the same event. That is more than twenty times the work of writing
 * shared bytes (`bench/live.ts`, "× rooms"), and neither of them can send a frame that is ready and keep its place in the
 * order.
 *
 * Everything private is read here and nowhere else. `engine-io.test.ts` fails if another version than these is installed, or if
 * one of these parts has changed. Then look at their sources again and adapt the versions. If the parts are missing at run
 * time, `isFramed` is false and packets are sent in the libraries' own way.
 */
export const CHECKED_WITH = { 'engine.io': '6.6.12', ws: '8.21.3' } as const

/** A connection of engine.io, with what its types leave out. */
export interface EngineConnection {
  readonly readyState: string
  write(text: string, options?: PacketOptions): unknown
  on(event: 'drain', listener: () => void): unknown
  /** Closes once everything was sent, or at once if `discard`. */
  close(discard?: boolean): unknown
  /** Packets that the transport has not taken yet. */
  readonly writeBuffer: readonly { readonly data?: string; readonly options?: PacketOptions }[]
  readonly transport: { readonly name: string; readonly socket?: EngineWebSocket }
}

interface PacketOptions {
  readonly compress: boolean
  /** A ready frame that is written in place of the packet. */
  readonly wsPreEncodedFrame?: readonly Uint8Array[]
}

/** The ws WebSocket below a connection. */
interface EngineWebSocket {
  readonly readyState: number
  readonly bufferedAmount: number
  readonly _sender?: { readonly _state?: number; readonly _queue?: readonly unknown[]; readonly sendFrame?: unknown }
  readonly _socket: ByteSink
}

/** Whether frames can be written: the connection is a WebSocket, and its private parts are as expected. */
export function isFramed({ transport }: EngineConnection): boolean {
  return transport.name === 'websocket' && typeof transport.socket?._sender?.sendFrame === 'function'
}

/** The stream of a framed connection, if everything queued has been passed to it; otherwise null. */
export function idleStream({ writeBuffer, transport }: EngineConnection): ByteSink | null {
  const { readyState, _sender: sender, _socket: stream } = transport.socket!
  const isIdle = writeBuffer.length === 0 && readyState === 1 && sender!._state === 0 && sender!._queue?.length === 0
  return isIdle ? stream : null
}

/** Sends frames after everything that is queued. */
export function queueFrames(conn: EngineConnection, bytes: Uint8Array): void {
  conn.write('', { compress: false, wsPreEncodedFrame: [bytes] })
}

/** How many bytes are queued or not taken by the network. */
export function bufferedBytes({ transport, writeBuffer }: EngineConnection): number {
  let bytes = transport.socket?.bufferedAmount ?? 0
  for (const { data, options } of writeBuffer) bytes += options?.wsPreEncodedFrame?.[0]?.length ?? data?.length ?? 0
  return bytes
}
