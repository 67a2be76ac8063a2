import type { Engine } from '../../../engine/engine.ts'
import { fileFields } from '../../../engine/files/ledger.ts'
import type { Reception } from '../../../engine/files/reception.ts'
import type { Resource, ScalarField } from '../../../model/model.ts'
import { ApiError, pointer, type Issue } from '../../../protocol/error.ts'
import { parseJson } from '../../../protocol/json.ts'
import { checkLength, bodyTooLarge } from '../request/body.ts'
import { Aborted } from '../exchange.ts'
import type { HttpCall } from '../http-call.ts'
import { readMultipart } from './multipart.ts'
import { textMode } from '../../../schema/read/input-mode.ts'

/** The file fields that clients may set. */
function settable(resource: Resource): readonly ScalarField[] {
  return fileFields(resource).filter(field => !field.hidden && !field.readonly)
}

/**
 * Completes a write whose body is a form with files: `POST /todo` or `PATCH /todo/7`. Everything that can be checked without
 * the body is checked first. False if the body is not such a form.
 */
export function decodeForm(engine: Engine, call: HttpCall): boolean {
  const { exchange, resource, operation, id } = call
  const fields = settable(resource)
  if (fields.length === 0 || !/^multipart\/form-data\s*;/i.test(exchange.contentType ?? '')) return false
  if (operation !== 'create' && !(operation === 'patch' && id !== null)) return false
  refuseCoding(call)
  const { body } = engine.limits
  checkLength(
    exchange,
    fields.reduce((sum, field) => sum + field.def.file!.max, body),
  )
  call.receive = reception => receive(engine, call, fields, reception)
  return true
}

/** Refuses content codings: the bytes are stored as they come. */
export function refuseCoding({ exchange }: HttpCall): void {
  const { contentEncoding } = exchange
  if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== 'identity')
    throw new ApiError('unsupported_encoding', { headers: { 'accept-encoding': 'identity' } })
}

async function receive(
  engine: Engine,
  call: HttpCall,
  fields: readonly ScalarField[],
  reception: Reception,
): Promise<void> {
  const { exchange, resource } = call
  const { limits } = engine
  const input: Record<string, unknown> = {}
  const names = new Set<string>()
  let size = 0
  const enter = (name: string): void => {
    if (names.has(name)) throw refused({ code: 'duplicate', pointer: pointer('#', name), detail: 'may be given once' })
    names.add(name)
  }
  await refusingAborted(() =>
    readMultipart(
      exchange.stream(),
      exchange.contentType!,
      { parts: limits.parts, field: limits.body },
      {
        isFile: name => fields.some(field => field.name === name),
        field: (name, text, type) => {
          enter(name)
          size += Buffer.byteLength(text)
          if (size > limits.body) throw bodyTooLarge(limits.body)
          // The parser puts it where bytes are not UTF-8.
          if (text.includes('\ufffd')) throw new ApiError('bad_encoding', { detail: `${name} is not valid UTF-8` })
          const value: unknown = type === 'application/json' ? parseJson(Buffer.from(text), limits) : text
          Object.defineProperty(input, name, { value, enumerable: true, configurable: true, writable: true })
        },
        file: async (name, head, bytes) => {
          const field = fields.find(one => one.name === name)
          if (!field) throw refused(noFile(resource, fields, name))
          enter(name)
          const chunks = bytes[Symbol.asyncIterator]()
          const first = await chunks.next()
          // This is what browsers send for an input in which no file was chosen (HTML, "constructing the entry list").
          if (first.done === true && head.name === null) return
          await reception.take(field, head, resumed(first, chunks))
        },
      },
    ),
  )
  call.input = input
  // Parts are text and are read by the types of their fields (protocol §12.5).
  call.mode = textMode
  call.uploads = reception.uploads
}

/** Turns a broken connection into `bad_request`: it is not a fault of the server. */
export async function refusingAborted(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    throw error instanceof Aborted ? new ApiError('bad_request', { detail: 'the body broke off', cause: error }) : error
  }
}

async function* resumed(
  first: IteratorResult<Uint8Array, unknown>,
  rest: AsyncIterator<Uint8Array, unknown>,
): AsyncGenerator<Uint8Array, void> {
  for (let step = first; step.done !== true; step = await rest.next()) yield step.value
}

function noFile(resource: Resource, fields: readonly ScalarField[], name: string): Issue {
  const at = pointer('#', name)
  const field = resource.field.get(name)
  if (field?.is === 'scalar' && field.def.file && !field.hidden)
    return { code: 'read_only', pointer: at, detail: `${name} may not be set` }
  const those = fields.map(one => one.name).join(', ')
  return { code: 'unknown_field', pointer: at, detail: `is not a file of ${resource.name}: send ${those}` }
}

function refused(issue: Issue): ApiError {
  return new ApiError('validation', { issues: [issue] })
}
