import { mediaTypeFor, fileTooLarge } from '../../../engine/files/reception.ts'
import type { Item, Outcome } from '../../../engine/call/call.ts'
import type { ScalarField } from '../../../model/model.ts'
import { ApiError } from '../../../protocol/error.ts'
import { readConditions } from '../request/read-conditions.ts'
import { readKey } from '../request/decode.ts'
import { sendOutcome } from '../response/encode.ts'
import type { Exchange, FieldLines } from '../exchange.ts'
import type { Face } from '../face.ts'
import { finishResponse } from '../response/send.ts'
import type { HttpCall } from '../http-call.ts'
import type { RowPart } from '../endpoint.ts'
import { readPreferences } from '../request/prefer.ts'
import { nameIn } from './disposition.ts'
import { download, shownFile } from './download.ts'
import { refusingAborted, refuseCoding } from './form.ts'
import { jsonMode } from '../../../schema/read/input-mode.ts'

/** A file of a row, which has a URI of its own, `/todo/7/photo`, with conditions and ranges. */
export function filePart(field: ScalarField): RowPart {
  const fixed = field.readonly || field.owner.options.readOnly
  return {
    name: field.name,
    methods: ['GET', 'HEAD', ...(fixed ? [] : ['PUT', 'DELETE'])],
    serve: (face, call) => serve(face, call, field),
  }
}

function serve(face: Face, call: HttpCall, field: ScalarField): void | Promise<void> {
  const { exchange } = call
  if (exchange.query !== '') throw new ApiError('unknown_param', { detail: 'a file takes no parameters' })
  call.shape = { depth: 1, include: [], fields: [field.name] }
  switch (exchange.method) {
    case 'PUT':
      return upload(face, call, field)
    case 'DELETE':
      return remove(face, call, field)
    default:
      return download(face, call, field)
  }
}

function begin(call: HttpCall, field: ScalarField): void {
  const { exchange } = call
  call.operation = 'patch'
  call.input = {}
  call.mode = jsonMode
  call.file = field
  call.conditions = readConditions(exchange)
  call.prefer(readPreferences(exchange.prefer))
  if (exchange.idempotencyKey !== undefined) call.idempotencyKey = readKey(exchange.idempotencyKey)
}

/** PUT: the body is the file. Everything that can be checked without the bytes is checked before they are requested. */
async function upload(face: Face, call: HttpCall, field: ScalarField): Promise<void> {
  const { exchange } = call
  if (exchange.contentRange !== undefined)
    throw new ApiError('bad_request', { detail: 'Content-Range is not understood in PUT' })
  if (/^multipart\/form-data\b/i.test(exchange.contentType ?? ''))
    throw new ApiError('unsupported_media_type', {
      detail: 'PUT takes the bytes of the file; a form goes to the row, by PATCH',
    })
  refuseCoding(call)
  begin(call, field)
  const type = mediaTypeFor(field, exchange.contentType ?? null)
  if (exchange.contentLength !== undefined && Number(exchange.contentLength) > field.def.file!.max)
    throw fileTooLarge(field)
  const name = nameIn(exchange.header('content-disposition'))
  call.receive = reception =>
    refusingAborted(async () => {
      const { digest } = await reception.take(field, { name, type }, exchange.stream())
      checkDigest(exchange, digest)
      call.uploads = reception.uploads
    })
  const outcome = await face.engine.handle(call)
  if (outcome.kind !== 'item') return sendOutcome(face, call, outcome)
  const fields = fieldsOf(outcome)
  const file = shownFile(outcome, field)
  if (file) fields.push('etag', `"${file.version}"`)
  if (outcome.created)
    fields.push('location', `${face.routes.item(field.owner, call.id!)}/${encodeURIComponent(field.name)}`)
  const status = outcome.created ? 201 : 200
  if (!file || call.prefers.return === 'minimal') {
    if (status === 201) fields.push('content-length', '0')
    return finishResponse(face, exchange, status === 201 ? 201 : 204, fields, status === 201 ? '' : null)
  }
  const text = JSON.stringify(file)
  fields.push('content-type', 'application/json', 'content-length', String(Buffer.byteLength(text)))
  finishResponse(face, exchange, status, fields, text)
}

/** Refuses bytes that differ from the digest that the client stated (RFC 9530 §3). Digests of other algorithms are ignored. */
function checkDigest(exchange: Exchange, digest: string): void {
  for (const header of ['repr-digest', 'content-digest']) {
    const said = /(?:^|[\s,])(sha-256=:[A-Za-z0-9+/=]*:)/.exec(exchange.header(header) ?? '')?.[1]
    if (said === undefined || said === digest) continue
    const detail = `the bytes that came are ${digest}`
    throw new ApiError('validation', { issues: [{ code: 'check', header, detail }] })
  }
}

function remove(face: Face, call: HttpCall, field: ScalarField): void | Promise<void> {
  begin(call, field)
  call.uploads = [{ field, value: null }]
  const outcome = face.engine.handle(call)
  return outcome instanceof Promise
    ? outcome.then(settled => sendRemoved(face, call, settled))
    : sendRemoved(face, call, outcome)
}

function sendRemoved(face: Face, call: HttpCall, outcome: Outcome): void | Promise<void> {
  if (outcome.kind !== 'item') return sendOutcome(face, call, outcome)
  finishResponse(face, call.exchange, 204, fieldsOf(outcome), null)
}

function fieldsOf({ position, headers, replayed }: Item): FieldLines {
  return [
    'cache-control',
    'no-store',
    'position',
    position,
    ...(replayed === true ? ['idempotency-replayed', 'true'] : []),
    ...(headers ?? []).flat(),
  ]
}
