import type { ByteSink } from '../websocket/write-to.ts'

/**
 * The private parts of engine.io and ws that `wire.ts` writes through. Both send by packet and by connection: an object, an
 * encoder and a callback for every reader of the same event, which is more than twenty times the work of writing shared bytes
 * (`bench/live.ts`, "× rooms"), and neither offers a way to send a frame that is ready and keep its place in the order.
 *
 * Everything private is read here and nowhere else. `engine-io.test.ts` fails when a version other than these is
 * installed, or when one of these parts is not what it was: look at the sources again, then change the versions. With
 * other insides `isFramed` is false, and packets are sent in the libraries' own way.
 */
export const CHECKED_WITH = { 'engine.io': '6.6.12', ws: '8.21.3' } as const

/** A connection of engine.io, with what its types leave out. */
export interface EngineConnection {
  readonly readyState: string
  write(text: string, options?: PacketOptions): unknown
  on(event: 'drain', listener: () => void): unknown
  /** Packets that its transport has not taken. */
  readonly writeBuffer: readonly { readonly data?: string; readonly options?: PacketOptions }[]
  readonly transport: { readonly name: string; readonly socket?: EngineWebSocket }
}

interface PacketOptions {
  readonly compress: boolean
  /** Written instead of the packet, as it is. */
  readonly wsPreEncodedFrame?: readonly Uint8Array[]
}

/** The WebSocket of ws below a connection. */
interface EngineWebSocket {
  readonly readyState: number
  readonly bufferedAmount: number
  readonly _sender?: { readonly _state?: number; readonly _queue?: readonly unknown[]; readonly sendFrame?: unknown }
  readonly _socket: ByteSink
}

/** Whether frames can be written: the connection is a WebSocket, and its insides are known. */
export function isFramed({ transport }: EngineConnection): boolean {
  return transport.name === 'websocket' && typeof transport.socket?._sender?.sendFrame === 'function'
}

/** What a framed connection lies on, if everything that was to be sent has been handed to it; otherwise null. */
export function idleStream({ writeBuffer, transport }: EngineConnection): ByteSink | null {
  const { readyState, _sender: sender, _socket: stream } = transport.socket!
  const isIdle = writeBuffer.length === 0 && readyState === 1 && sender!._state === 0 && sender!._queue?.length === 0
  return isIdle ? stream : null
}

/** Sends frames behind everything that waits. */
export function queueFrames(conn: EngineConnection, bytes: Uint8Array): void {
  conn.write('', { compress: false, wsPreEncodedFrame: [bytes] })
}

/** Bytes that were to be sent and that the network has not taken. */
export function bufferedBytes({ transport, writeBuffer }: EngineConnection): number {
  let bytes = transport.socket?.bufferedAmount ?? 0
  for (const { data, options } of writeBuffer) bytes += options?.wsPreEncodedFrame?.[0]?.length ?? data?.length ?? 0
  return bytes
}
