import type { ByteStream } from '../exchange.ts'

/**
 * Passes bytes on as they come, and none while more than `most` wait for the client. One that goes away ends the reading;
 * `gone` is called at once then, whether something is being waited for or not.
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
    // The status has gone out: a cut connection is the only way left to say that something is missing.
    stream.destroy()
  }
}

function drained(stream: ByteStream): Promise<void> {
  return new Promise(resolve => {
    stream.onDrain = resolve
  })
}
