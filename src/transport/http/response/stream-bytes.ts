import type { ByteStream } from '../exchange.ts'

/**
 * Passes bytes on as they come, pausing while more than `most` wait for the client. If the client leaves, reading ends and
 * `gone` is called at once, even if the source is being waited for.
 */
export async function passOn(
  bytes: AsyncIterable<Uint8Array>,
  stream: ByteStream,
  most: number,
  gone: () => void = () => {},
): Promise<void> {
  let isGone = false
  stream.onClose = () => {
    isGone = true
    stream.onDrain()
    gone()
  }
  try {
    for await (const chunk of bytes) {
      if (isGone) return
      stream.write(chunk)
      if (stream.buffered > most && !isGone) await drained(stream)
    }
    stream.end()
  } catch {
    // The status has already been sent. Cutting the connection is the only way left to say that something is missing.
    stream.destroy()
  }
}

function drained(stream: ByteStream): Promise<void> {
  return new Promise(resolve => {
    stream.onDrain = resolve
  })
}
