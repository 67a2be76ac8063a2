/** The stream below a WebSocket. */
export interface ByteSink {
  /** How many bytes the network has not taken. */
  readonly writableLength: number
  write(bytes: Uint8Array, taken?: () => void): unknown
}

const nothing = Buffer.alloc(0)

/**
 * Writes bytes. If the network does not take them at once, `taken` is called when it has. The network takes nearly everything
 * at once, and with thousands of connections, each callback without news would cost as much as the rest of the write outside
 * the kernel.
 */
export function writeTo(sink: ByteSink, bytes: Uint8Array, taken: () => void): void {
  const waits = sink.writableLength > 0
  sink.write(bytes)
  // An empty write after the bytes: its callback comes when they have been taken.
  if (waits || sink.writableLength > 0) sink.write(nothing, taken)
}
