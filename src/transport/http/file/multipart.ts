import type { BusboyFileStream } from '@fastify/busboy'
import { ApiError } from '../../../protocol/error.ts'

/** What a form is read into, part by part as they come; what it throws ends the reading. */
export interface FormReader {
  /** Parts that are files although they have no file name. */
  readonly isFile: (name: string) => boolean
  readonly field: (name: string, text: string, type: string) => void
  /** Reads the bytes to their end before it settles. */
  readonly file: (
    name: string,
    head: { readonly name: string | null; readonly type: string },
    bytes: AsyncIterable<Uint8Array>,
  ) => Promise<void>
}

export interface FormLimits {
  readonly parts: number
  /** Bytes of one part that is no file. */
  readonly field: number
}

/**
 * Reads a body of multipart/form-data (RFC 7578) as it comes, one part after another, no faster than its files are taken.
 * Throws ApiError for what is none, and whatever the body or the reader throw.
 */
export async function readMultipart(
  body: AsyncIterable<Uint8Array>,
  contentType: string,
  limits: FormLimits,
  reader: FormReader,
): Promise<void> {
  // Few who start this ever see a form.
  const { Busboy } = await import('@fastify/busboy')
  const parser = parserOf(() => {
    return new Busboy({
      headers: { 'content-type': contentType },
      isPartAFile: (name, _, fileName) => fileName !== undefined || (name !== undefined && reader.isFile(name)),
      // One more than allowed, so that the last is told from one too many.
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
    // The parser tells it that the body broke off, whether anybody listens by then or not.
    stream.on('error', error => stream.destroy(error))
    if (fault) return void stream.resume()
    if (name === undefined || name === '') return fail(nameless())
    // A short file is behind the parser before it is kept, and the next one begun.
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
  // Nothing of it goes on behind the back of whoever clears away.
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
  return new ApiError('bad_request', { detail: 'the body is no multipart/form-data, or breaks off', cause })
}

function nameless(): ApiError {
  return new ApiError('validation', { issues: [{ code: 'required', pointer: '#', detail: 'a part has no name' }] })
}
