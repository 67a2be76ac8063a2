import { ApiError } from '../../protocol/error.ts'
import type { StoredFile } from '../../schema/file.ts'
import type { Row } from '../../model/model.ts'
import type { Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import type { ReadEnvironment } from '../call/call-environment.ts'
import type { Call, CallTarget, CallTerms, Conditions, Tag } from '../call/call.ts'
import { versionFor, type Version } from './entity-tags.ts'
import { RelatedLoader } from './related/load-related.ts'
import { viewOf } from './view.ts'
import { writeRow } from './write-json.ts'

/** Whether a read can be answered with 304 (RFC 9110 §13.2.2, steps 3 and 4; the comparison is the weak one of §13.1.2). */
export function isUnchanged(conditions: Conditions | null, tag: string, modified: number | null): boolean {
  if (!conditions) return false
  if (conditions.ifNoneMatch !== null)
    return conditions.ifNoneMatch === '*' || conditions.ifNoneMatch.some(t => t.value === tag)
  return (
    conditions.ifModifiedSince !== null &&
    modified !== null &&
    Math.floor(modified / 1000) * 1000 <= conditions.ifModifiedSince
  )
}

/** Refuses a read with 412 if its If-Match or If-Unmodified-Since does not hold (RFC 9110 §13.2.2, steps 1 and 2). */
export function checkRead(conditions: Conditions | null, tag: string, modified: number | null): void {
  if (!conditions) return
  if (conditions.ifMatch !== null) {
    if (conditions.ifMatch !== '*' && !conditions.ifMatch.some(t => !t.weak && t.value === tag)) throw stale(tag)
  } else if (
    conditions.ifUnmodifiedSince !== null &&
    modified !== null &&
    Math.floor(modified / 1000) * 1000 > conditions.ifUnmodifiedSince
  )
    throw stale(tag)
}

/**
 * Refuses a write with 412 if its preconditions do not hold for the current version of the row. This is where the If-Match of a
 * PATCH is decided. `row` is null if the write would create it.
 */
export function* checkVersion(
  snapshot: Snapshot,
  call: CallTarget & CallTerms & Pick<Call, 'shape'>,
  row: Row | null,
  reading: ReadEnvironment,
): Work<void> {
  const { resource, conditions } = call
  if (conditions === null) return
  if (row === null) {
    if (holds(conditions, null)) return
    throw stale(null)
  }
  const version = yield* versionFor(snapshot, resource, row, reading)
  if (!holds(conditions, version)) throw stale(version.tag, yield* currentRow(snapshot, call, row, reading))
}

/** Whether preconditions hold for a row with this version, or for none. */
function holds({ ifMatch, ifNoneMatch, ifUnmodifiedSince }: Conditions, version: Version | null): boolean {
  if (ifMatch !== null) {
    if (!version || (ifMatch !== '*' && !ifMatch.some(t => !t.weak && isOf(t, version)))) return false
  } else if (ifUnmodifiedSince !== null && version && version.at !== null) {
    if (Math.floor(version.at / 1000) * 1000 > ifUnmodifiedSince) return false
  }
  return ifNoneMatch === null || !version || (ifNoneMatch !== '*' && !ifNoneMatch.some(t => isOf(t, version)))
}

/** The row as its caller may see it now. A refusal includes it, so that the change can be repeated without another request. */
function* currentRow(
  snapshot: Snapshot,
  { resource, shape }: Pick<Call, 'resource' | 'shape'>,
  row: Row,
  reading: ReadEnvironment,
): Work<unknown> {
  const view = viewOf(resource, shape)
  const related = yield* new RelatedLoader(snapshot, reading).load(view, [row])
  return JSON.parse(writeRow(view, row, related, reading.ctx))
}

/**
 * Refuses a write to a file if the preconditions do not hold for the file, which has its own entity tag. Null = there is no
 * file yet.
 */
export function checkFile(conditions: Conditions | null, file: StoredFile | null): void {
  if (!conditions) return
  const version = file?.version ?? null
  const { ifMatch, ifNoneMatch, ifUnmodifiedSince } = conditions
  if (ifMatch !== null) {
    if (!file || (ifMatch !== '*' && !ifMatch.some(t => !t.weak && t.value === version))) throw stale(version)
  } else if (ifUnmodifiedSince !== null && file) {
    if (Math.floor(Date.parse(file.modified) / 1000) * 1000 > ifUnmodifiedSince) throw stale(version)
  }
  if (ifNoneMatch !== null && file && (ifNoneMatch === '*' || ifNoneMatch.some(t => t.value === version)))
    throw stale(version)
}

/** Whether a tag is of this version, whatever representation it belongs to. */
function isOf({ value }: Tag, { tag }: Version): boolean {
  return value === tag || (value.startsWith(tag) && value.charCodeAt(tag.length) === 46) /* . */
}

/** `current` is the row as its caller sees it; absent where there is none, or none to show. */
function stale(tag: string | null, current?: unknown): ApiError {
  return new ApiError('precondition_failed', {
    detail: 'the precondition names another version; read it again and repeat the change on the present version',
    ...(tag === null ? {} : { headers: { etag: `"${tag}"` } }),
    ...(current !== undefined && { passingMembers: { current, etag: tag } }),
  })
}
