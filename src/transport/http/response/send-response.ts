import type { Answered } from '../../../engine/call/call.ts'
import type { Exchange, FieldLines } from '../exchange.ts'
import type { Face } from '../face.ts'
import { complete, finishResponse } from './send.ts'
import { passOn } from './stream-bytes.ts'

/** How many bytes may wait for a slow client before reading the Response pauses. */
const MOST_WAITING = 65_536

/** Header fields about the message itself. The host writes them. */
export const ofMessage: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
])

/**
 * Sends a Response of the application. Header fields of the surrounding reply replace its own of the same name. If the body is
 * complete at once, it gets a length; otherwise it is passed on as it comes, no faster than the client takes it.
 */
export async function sendResponse(
  face: Face,
  exchange: Exchange,
  outcome: Answered & { readonly value: Response },
  fields: FieldLines,
): Promise<void> {
  const { value: response } = outcome
  const given = new Set(outcome.headers.map(([name]) => name))
  for (const [name, value] of response.headers) if (!given.has(name) && !ofMessage.has(name)) fields.push(name, value)
  if (response.body === null) return finishResponse(face, exchange, outcome.status, fields, null)
  if (exchange.method === 'HEAD') {
    await response.body.cancel()
    return finishResponse(face, exchange, outcome.status, fields, null)
  }
  const reader = response.body.getReader()
  const chunks: Uint8Array[] = []
  for (;;) {
    const next = reader.read()
    // Chunks that are already there arrive before the next turn of the event loop.
    const step = await Promise.race([next, new Promise<null>(resolve => setImmediate(resolve, null))])
    if (step === null) {
      complete(face, exchange, fields)
      const stream = exchange.open(outcome.status, fields)
      return passOn(chunksOf(chunks, reader, next), stream, MOST_WAITING, () => void reader.cancel().catch(() => {}))
    }
    if (step.done) break
    chunks.push(step.value)
  }
  const bytes = Buffer.concat(chunks)
  fields.push('content-length', String(bytes.length))
  finishResponse(face, exchange, outcome.status, fields, bytes)
}

type Reader = ReadableStreamDefaultReader<Uint8Array>

async function* chunksOf(
  early: readonly Uint8Array[],
  reader: Reader,
  first: ReturnType<Reader['read']>,
): AsyncGenerator<Uint8Array, void> {
  yield* early
  for (let step = await first; !step.done; step = await reader.read()) yield step.value
}
