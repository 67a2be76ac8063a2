import { hash } from 'node:crypto'
import { plainShape } from '../../query/predicate.ts'
import { AT, SEQ, type Resource, type Row } from '../../model/model.ts'
import type { Snapshot } from '../../store/store.ts'
import type { Terms } from '../../store/terms.ts'
import type { Work } from '../../store/work.ts'
import type { List } from '../call/call.ts'
import type { ReadEnvironment } from '../call/call-environment.ts'
import { Permissions } from '../rules/permissions.ts'
import { audienceOf, type Audience } from './audience.ts'
import type { ListRead } from './list-read.ts'
import { RelatedLoader } from './related/load-related.ts'
import { resourcesRead } from './resources-read.ts'
import { viewOf, type View } from './view.ts'
import { writeRow } from './write-json.ts'

/** A row's version as the conditions of writes are about it. */
export interface Version {
  /** `epoch.seq`, or what stands for it. */
  readonly tag: string
  /** Milliseconds of its last change; null where that would tell of what the caller cannot see. */
  readonly at: number | null
}

/**
 * The entity tag of a row's representation: its version, and after another dot whatever distinguishes this representation from
 * the default one of the same version. Writes compare only the first two parts, because a write is about the version and not
 * about one representation of it. Callers from whom rules hide something get other tags.
 */
export function itemTag(terms: Terms, view: View, row: Row, snapshot: Snapshot): string {
  const seq = row[SEQ] as number
  const version = terms.position(seq)
  if (view.variant === '') return version
  if (!view.showsRelated) return `${version}.${view.variant}`
  const last = latest(snapshot, view.resources)
  // A row and what it shows of others may have changed in different terms.
  const same = terms.epochAt(seq) === terms.epochAt(last.lasting)
  const newest = same ? `${last.lasting}` : terms.position(last.lasting)
  return `${version}.${view.variant}.${newest}${last.fleeting}`
}

/** The entity tag of a list: the position of the last change to any resource that the list or its rules read. */
export function listTag({ snapshot, view, query, audience, reading: { terms } }: ListRead): string {
  const last = latest(snapshot, resourcesRead(view, query), audience?.reads)
  const version = terms.position(last.lasting) + last.fleeting
  if (audience) return `${version}.${variantFor(view, audience)}`
  return view.variant === '' ? version : `${version}.${view.variant}`
}

function variantFor(view: View, audience: Audience): string {
  return view.variant === '' ? audience.key : `${view.variant}-${audience.key}`
}

/**
 * The newest change of several resources. Ephemeral rows beside the store have counters of their own, so they are a second
 * number: as text, empty if there are none.
 */
function latest(
  snapshot: Snapshot,
  shown: Iterable<Resource>,
  more: Iterable<Resource> = [],
): { readonly lasting: number; readonly fleeting: string } {
  let lasting = 0
  let fleeting = -1
  for (const resources of [shown, more]) {
    for (const resource of resources) {
      const seq = snapshot.changed(resource)
      if (resource.options.ephemeral && snapshot.fleeting !== undefined) fleeting = Math.max(fleeting, seq)
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

const views = new WeakMap<Resource, View>()

/**
 * The representation by which versions are told apart: the default one, without what functions calculate, since that may be
 * another each time.
 */
function versionView(resource: Resource): View {
  let view = views.get(resource)
  if (!view) {
    const isCalculated = resource.fields.some(field => field.is === 'calc')
    const names = resource.fields.filter(field => field.is !== 'calc' && !field.hidden).map(field => field.name)
    views.set(resource, (view = viewOf(resource, isCalculated ? { ...plainShape, fields: names } : plainShape)))
  }
  return view
}

/**
 * Whether the tags of a resource's rows are made of what is shown. Rules may hide something of them from the caller, fields or
 * related rows, and the position of a row's last change would tell of changes that the caller cannot see. And rows of a view in
 * a database of another program change without a record in the log.
 */
export function isMasked(resource: Resource, permissions: Permissions): boolean {
  if (resource.options.foreign?.derived) return true
  if (permissions === Permissions.all) return false
  const view = versionView(resource)
  return view.isRuled && audienceOf(view, null, permissions) !== null
}

/** Whether the tags of a view are made of what it shows: rules hide something of its rows, or of those that it shows with them. */
export function isTaggedByBody(view: View, permissions: Permissions): boolean {
  if (view.resources.some(resource => isMasked(resource, permissions))) return true
  return view.isRuled && audienceOf(view, null, permissions) !== null
}

/** The same of a list. */
export function isListTaggedByBody({ view, query, audience, reading }: ListRead): boolean {
  if (audience !== null) return true
  for (const resource of resourcesRead(view, query)) if (isMasked(resource, reading.permissions)) return true
  return false
}

/** A row and its representation in some view, as JSON text. */
export interface ShownRow {
  readonly row: Row
  readonly body: string
}

/** The versions of rows as a caller sees them from whom something is hidden: `~digest`. `view` is that of the bodies. */
export function* shownVersions(
  snapshot: Snapshot,
  view: View,
  shown: readonly ShownRow[],
  reading: Pick<ReadEnvironment, 'permissions' | 'bounds' | 'visits' | 'ctx'>,
): Work<string[]> {
  const own = versionView(view.resource)
  if (own === view) return shown.map(({ body }) => `~${digest(body)}`)
  const rows = shown.map(({ row }) => row)
  const related = yield* new RelatedLoader(snapshot, reading).load(own, rows)
  return rows.map(row => `~${digest(writeRow(own, row, related, reading.ctx))}`)
}

/** The tag of such a representation. */
export function* shownTag(
  snapshot: Snapshot,
  view: View,
  { row, body }: ShownRow,
  reading: ReadEnvironment,
): Work<string> {
  if (view === versionView(view.resource)) return `~${digest(body)}`
  const { tag } = yield* versionFor(snapshot, view.resource, row, reading)
  return `${tag}.${digest(body)}`
}

/** The tag of a list of which rules decide what the caller is shown. */
export function shownListTag(list: Pick<List, 'body' | 'next' | 'previous' | 'total'>): string {
  const { body, next, previous, total } = list
  return `~${digest(`${body}\n${next}\n${previous}\n${total}`)}`
}

/** The version of a row as the conditions of a write are about it. */
export function* versionFor(snapshot: Snapshot, resource: Resource, row: Row, reading: ReadEnvironment): Work<Version> {
  if (!isMasked(resource, reading.permissions))
    return { tag: reading.terms.position(row[SEQ] as number), at: row[AT] as number }
  const view = versionView(resource)
  const related = yield* new RelatedLoader(snapshot, reading).load(view, [row])
  return { tag: `~${digest(writeRow(view, row, related, reading.ctx))}`, at: null }
}

/** 128 bits: nobody meets two texts with the same digest. */
function digest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22)
}
