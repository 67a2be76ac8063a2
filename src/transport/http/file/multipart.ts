import type { BusboyFileStream } from '@fastify/busboy'
import { ApiError } from '../../../protocol/error.ts'

/** Receives the parts of a form as they come. If it throws, reading ends. */
export interface FormReader {
  /** Whether a part is a file although it has no file name. */
  readonly isFile: (name: string) => boolean
  readonly field: (name: string, text: string, type: string) => void
  /** Must read the bytes to their end before its promise settles. */
  readonly file: (
    name: string,
    head: { readonly name: string | null; readonly type: string },
    bytes: AsyncIterable<Uint8Array>,
  ) => Promise<void>
}

export interface FormLimits {
  readonly parts: number
  /** The most bytes of a part that is not a file. */
  readonly field: number
}

/**
 * Reads a multipart/form-data body (RFC 7578) part by part, no faster than its files are taken. Throws ApiError if the body is
 * malformed, and whatever the body or the reader throws.
 */
export async function readMultipart(
  body: AsyncIterable<Uint8Array>,
  contentType: string,
  limits: FormLimits,
  reader: FormReader,
): Promise<void> {
  // Loaded when it is needed, because few servers ever receive a form.
  const { Busboy } = await import('@fastify/busboy')
  const parser = parserOf(() => {
    return new Busboy({
      headers: { 'content-type': contentType },
      isPartAFile: (name, _, fileName) => fileName !== undefined || (name !== undefined && reader.isFile(name)),
      // One more than allowed, to notice a surplus part.
      limits: { parts: limits.parts, fieldSize: limits.field, headerPairs: 20, headerSize: 8_192 },
    })
  })
  let fault: { readonly error: unknown } | null = null
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  const fail = (error: unknown): void => {
    fault ??= { error }
    failed.reject(error)
  }
  const whole = new Promise<void>(resolve => parser.on('finish', resolve))
  let file: BusboyFileStream | null = null
  let taking: Promise<void> = Promise.resolve()
  parser.on('error', error => fail(broken(error)))
  parser.on('partsLimit', () => fail(new ApiError('too_many_items', { detail: `at most ${limits.parts} parts` })))
  parser.on('field', (name: string | undefined, text, _, isCut, _encoding, type) => {
    if (fault) return
    try {
      if (name === undefined || name === '') throw nameless()
      if (isCut) throw new ApiError('payload_too_large', { detail: `${name} is over ${limits.field} bytes` })
      reader.field(name, text, type)
    } catch (error) {
      fail(error)
    }
  })
  parser.on('file', (name: string | undefined, stream, fileName: string | undefined, _, type) => {
    file = stream
    // The parser reports here that the body broke off, even if nobody reads the stream any more.
    stream.on('error', error => stream.destroy(error))
    if (fault) return void stream.resume()
    if (name === undefined || name === '') return fail(nameless())
    // The parser may be done with a short file before it is stored, so files are taken one after the other.
    taking = taking.then(() => reader.file(name, { name: fileName || null, type }, stream as AsyncIterable<Buffer>))
    taking.catch(fail)
  })
  try {
    for await (const chunk of body) {
      if (fault) break
      if (!parser.write(chunk)) await Promise.race([drained(parser), failed.promise])
    }
    if (!fault) {
      parser.end()
      await Promise.race([whole, failed.promise])
      await taking
    }
  } catch (error) {
    fail(error)
  }
  if (!fault) return
  const { error } = fault as { readonly error: unknown }
  ;(file as BusboyFileStream | null)?.destroy(error instanceof Error ? error : new Error('the form is not read on'))
  // Nothing may continue in the background while the caller cleans up.
  await taking.catch(() => {})
  throw error
}

type Parser = InstanceType<(typeof import('@fastify/busboy'))['Busboy']>

function parserOf(make: () => Parser): Parser {
  try {
    return make()
  } catch (cause) {
    throw broken(cause)
  }
}

function drained(parser: Parser): Promise<void> {
  return new Promise(resolve => parser.once('drain', resolve))
}

function broken(cause: unknown): ApiError {
  return new ApiError('bad_request', { detail: 'the body is not multipart/form-data, or ends too early', cause })
}

function nameless(): ApiError {
  return new ApiError('validation', { issues: [{ code: 'required', pointer: '#', detail: 'a part has no name' }] })
}
