/** What a WebSocket lies on. */
export interface ByteSink {
  /** Bytes that the network has not taken. */
  readonly writableLength: number
  write(bytes: Uint8Array, taken?: () => void): unknown
}

const nothing = Buffer.alloc(0)

/**
 * Writes bytes, and tells when they are taken if they are not at once: the network takes nearly everything, and with
 * thousands of connections each callback that has nothing to tell costs as much as the rest of a write outside the kernel.
 */
export function writeTo(sink: ByteSink, bytes: Uint8Array, taken: () => void): void {
  const waits = sink.writableLength > 0
  sink.write(bytes)
  if (waits || sink.writableLength > 0) sink.write(nothing, taken)
}
