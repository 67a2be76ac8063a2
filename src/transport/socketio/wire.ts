import type { Wire } from '../../live/mailbox.ts'
import { textsIn } from '../websocket/text-frame.ts'
import { writeTo, type ByteSink } from '../websocket/write-to.ts'

/**
 * Writes packets, framed for WebSocket, where socket.io writes its own, so that all keep their order on every transport.
 * Equal subscribers get the same bytes. What engine.io has handed to the network is before them; where something waits in
 * its queue they take a place behind that; on polling, and where its insides are others, they are written as texts.
 */
export function wireOf(socket: Closable, drained: () => void): Wire {
  const conn = socket.conn as EngineConnection
  const taken = (): void => drained()
  conn.on('drain', taken)
  return {
    write: bytes => {
      if (conn.readyState !== 'open') return
      const ws = conn.transport.name === 'websocket' ? conn.transport.socket : undefined
      if (!ws || typeof ws._sender?.sendFrame !== 'function') {
        // Each begins with engine.io's type of a message.
        for (const text of textsIn(bytes)) conn.write(text.slice(1))
      } else if (conn.writeBuffer.length === 0 && isIdle(ws)) writeTo(ws._socket, bytes, taken)
      else conn.write('', { compress: false, wsPreEncodedFrame: [bytes] })
    },
    get buffered() {
      let bytes = conn.transport.socket?.bufferedAmount ?? 0
      for (const { data, options } of conn.writeBuffer)
        bytes += options?.wsPreEncodedFrame?.[0]?.length ?? data?.length ?? 0
      return bytes
    },
    close: () => void socket.disconnect(true),
  }
}

/** The library has given everything to the network. */
function isIdle({ _sender: sender, readyState, _socket: stream }: EngineWebSocket): boolean {
  return readyState === 1 && stream !== null && sender!._state === 0 && sender!._queue?.length === 0
}

/** A socket of socket.io, as far as it matters here. */
interface Closable {
  readonly conn: unknown
  disconnect(close: boolean): unknown
}

/** What of engine.io's connection its types leave out. */
interface EngineConnection {
  readonly readyState: string
  write(text: string, options?: PacketOptions): unknown
  on(event: 'drain', listener: () => void): unknown
  readonly writeBuffer: readonly { readonly data?: string; readonly options?: PacketOptions }[]
  readonly transport: { readonly name: string; readonly socket?: EngineWebSocket }
}

interface PacketOptions {
  readonly compress: boolean
  /** Written instead of the packet, as it is. */
  readonly wsPreEncodedFrame?: readonly Uint8Array[]
}

interface EngineWebSocket {
  readonly readyState: number
  readonly bufferedAmount: number
  readonly _sender?: { readonly _state?: number; readonly _queue?: readonly unknown[]; readonly sendFrame?: unknown }
  readonly _socket: ByteSink
}
