import type { Item, Outcome } from '../../../engine/call/call.ts'
import { checkRead, isUnchanged } from '../../../engine/read/preconditions.ts'
import type { ScalarField } from '../../../model/model.ts'
import { ApiError } from '../../../protocol/error.ts'
import type { FileShown } from '../../../schema/file.ts'
import { readConditions, readDate, readTags, writeDate } from '../request/read-conditions.ts'
import { sendOutcome } from '../response/encode.ts'
import type { Exchange, FieldLines } from '../exchange.ts'
import type { Face } from '../face.ts'
import { complete, finishResponse } from '../response/send.ts'
import type { HttpCall } from '../http-call.ts'
import { passOn } from '../response/stream-bytes.ts'
import { dispositionOf } from './disposition.ts'
import { readRange, type Range } from './range.ts'

/** How many bytes may wait for a slow client before reading stops. */
const MOST_WAITING = 262_144

/**
 * An uploaded file has none of the rights that a page of ours would have: no scripts, no origin, and nothing is loaded except
 * the image or sound itself.
 */
const POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"

/** The file in the outcome of a call that shows its field; null if there is none that the caller may see. */
export function shownFile(item: Item, field: ScalarField): FileShown | null {
  const row = JSON.parse(item.body) as Readonly<Record<string, FileShown | null>>
  return (Object.hasOwn(row, field.name) ? row[field.name] : null) ?? null
}

/** `GET /todo/7/photo`: a caller who may read the field of the row may read the bytes. */
export function download(face: Face, call: HttpCall, field: ScalarField): void | Promise<void> {
  call.operation = 'get'
  return read(face, call, field)
}

async function read(face: Face, call: HttpCall, field: ScalarField, again = true): Promise<void> {
  const outcome: Outcome = await face.engine.handle(call)
  if (outcome.kind !== 'item') return sendOutcome(face, call, outcome)
  const file = shownFile(outcome, field)
  if (!file) throw absent(call, field)
  const { exchange } = call
  const at = Date.parse(file.modified)
  // HTTP dates have a resolution of one second (RFC 9110 §5.6.7), so a file of this second gets no date yet.
  const modified = Math.floor(at / 1000) < Math.floor(face.engine.clock() / 1000) ? at : null
  const conditions = readConditions(exchange)
  checkRead(conditions, file.version, modified)
  const fields = fieldsOf(outcome, file, modified)
  if (isUnchanged(conditions, file.version, modified)) return finishResponse(face, exchange, 304, fields, null)
  const range = exchange.method === 'GET' ? rangeOf(exchange, file, modified) : null
  const length = range ? range.end - range.start + 1 : file.size
  fields.push('content-type', file.type, 'content-length', String(length))
  fields.push('content-disposition', dispositionOf(file.type, file.name), 'content-security-policy', POLICY)
  fields.push('repr-digest', file.digest)
  if (range) fields.push('content-range', `bytes ${range.start}-${range.end}/${file.size}`)
  if (exchange.method === 'HEAD') return finishResponse(face, exchange, 200, fields, null)
  const bytes = await face.engine.files!.read(file, range?.start ?? 0, range?.end ?? file.size - 1)
  // Either the row has got another file in the meantime, or the file store is not the one that it was.
  if (!bytes && again) return read(face, call, field, false)
  if (!bytes) throw new ApiError('unavailable', { detail: 'the bytes of the file are not there; ask again' })
  complete(face, exchange, fields)
  const status = range ? 206 : 200
  face.observe?.(exchange, status, fields)
  await passOn(bytes, exchange.open(status, fields), MOST_WAITING)
}

function absent({ id }: HttpCall, field: ScalarField): ApiError {
  return new ApiError('not_found', { detail: `${field.owner.name} ${id} has no ${field.name}` })
}

function fieldsOf({ resource, headers }: Item, file: FileShown, modified: number | null): FieldLines {
  const fields = ['etag', `"${file.version}"`, 'accept-ranges', 'bytes']
  fields.push('cache-control', resource.options.cache ?? 'private, no-cache')
  if (modified !== null) fields.push('last-modified', writeDate(modified))
  return [...fields, ...(headers ?? []).flat()]
}

/** The requested range, if the client's `If-Range` names the current version (RFC 9110 §13.1.5). */
function rangeOf(exchange: Exchange, file: FileShown, modified: number | null): Range | null {
  const condition = exchange.header('if-range')
  if (condition !== undefined && !holds(condition, file, modified)) return null
  return readRange(exchange.header('range'), file.size)
}

function holds(condition: string, { version }: FileShown, modified: number | null): boolean {
  if (/^(?:W\/)?"/.test(condition)) {
    const tags = readTags('if-range', condition)
    return tags !== '*' && tags.length === 1 && !tags[0]!.weak && tags[0]!.value === version
  }
  const date = readDate(condition)
  return date !== null && modified !== null && Math.floor(modified / 1000) * 1000 === date
}
