import { ApiError } from '../../protocol/error.ts'
import type { Query } from '../../query/predicate.ts'
import { AT, SEQ, type Resource, type Row } from '../../model/model.ts'
import type { StoredFile } from '../../schema/file.ts'
import type { Snapshot } from '../../store/store.ts'
import type { Terms } from '../../store/terms.ts'
import { audienceOf, type Audience } from './audience.ts'
import type { Conditions, Tag } from '../call/call.ts'
import type { Permissions } from '../rules/permissions.ts'
import { touchesOf } from './resources-read.ts'
import type { View } from './view.ts'

/**
 * The entity tag of a row's representation: its version, and after another dot whatever distinguishes this representation from
 * the default one of the same version. Writes compare only the first two parts, because a write is about the version and not
 * about one representation of it.
 */
export function itemTag(terms: Terms, view: View, row: Row, snapshot: Snapshot, permissions: Permissions): string {
  const seq = row[SEQ] as number
  const version = terms.position(seq)
  const audience = view.isRuled ? audienceOf(view, null, permissions) : null
  if (!audience && view.variant === '') return version
  if (!audience && view.touches.length === 1) return `${version}.${view.variant}`
  const last = latest(snapshot, view.touches, audience?.reads)
  // A row and what it shows of others may have changed in different terms.
  const same = terms.epochAt(seq) === terms.epochAt(last.lasting)
  const newest = same ? `${last.lasting}` : terms.position(last.lasting)
  return `${version}.${audience ? variantFor(view, audience) : view.variant}.${newest}${last.fleeting}`
}

/** The entity tag of a list: the position of the last change to any resource that the list or its rules read. */
export function listTag(terms: Terms, view: View, query: Query, snapshot: Snapshot, audience: Audience | null): string {
  const last = latest(snapshot, touchesOf(view, query), audience?.reads)
  const version = terms.position(last.lasting) + last.fleeting
  if (audience) return `${version}.${variantFor(view, audience)}`
  return view.variant === '' ? version : `${version}.${view.variant}`
}

function variantFor(view: View, audience: Audience): string {
  return view.variant === '' ? audience.key : `${view.variant}-${audience.key}`
}

/**
 * The newest change of several resources. Ephemeral rows have counters of their own, so they are a second number: as text,
 * empty if there are none.
 */
function latest(
  snapshot: Snapshot,
  touches: Iterable<Resource>,
  more: Iterable<Resource> = [],
): { readonly lasting: number; readonly fleeting: string } {
  let lasting = 0
  let fleeting = -1
  for (const resources of [touches, more]) {
    for (const resource of resources) {
      const seq = snapshot.changed(resource)
      if (resource.options.ephemeral) fleeting = Math.max(fleeting, seq)
      else lasting = Math.max(lasting, seq)
    }
  }
  return { lasting, fleeting: fleeting < 0 ? '' : `~${fleeting}` }
}

/**
 * The time of the last change in milliseconds, or null until its second is over. HTTP dates have a resolution of one second
 * (RFC 9110 §5.6.7), so a later change in the same second would look the same.
 */
export function modifiedOf(row: Row, now: number): number | null {
  const at = row[AT] as number
  return at > 0 && Math.floor(at / 1000) < Math.floor(now / 1000) ? at : null
}

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
 * Refuses a write with 412 if its preconditions do not hold for the current row. This is where the If-Match of a PATCH is
 * decided. `row` is null if the write would create the row.
 */
export function checkWrite(conditions: Conditions | null, terms: Terms, row: Row | null): void {
  if (!conditions) return
  const version = row && terms.position(row[SEQ] as number)
  if (conditions.ifMatch !== null) {
    if (!row || (conditions.ifMatch !== '*' && !conditions.ifMatch.some(t => !t.weak && sameVersion(t, version!))))
      throw stale(version)
  } else if (conditions.ifUnmodifiedSince !== null && row) {
    if (Math.floor((row[AT] as number) / 1000) * 1000 > conditions.ifUnmodifiedSince) throw stale(version)
  }
  if (conditions.ifNoneMatch !== null && row) {
    if (conditions.ifNoneMatch === '*' || conditions.ifNoneMatch.some(t => sameVersion(t, version!)))
      throw stale(version)
  }
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

/** Whether a tag names this version, whatever representation it belongs to. */
function sameVersion(tag: Tag, version: string): boolean {
  return tag.value === version || (tag.value.startsWith(version) && tag.value.charCodeAt(version.length) === 46) /* . */
}

function stale(tag: string | null): ApiError {
  return new ApiError('precondition_failed', {
    detail: 'it is not the version that the precondition names; read it again and repeat the change on what it is now',
    ...(tag === null ? {} : { headers: { etag: `"${tag}"` } }),
  })
}
