import { hash } from 'node:crypto'
import { AT, SEQ, type Resource, type Row } from '../../model/model.ts'
import { plainShape, type Query } from '../../query/predicate.ts'
import type { Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import type { List } from '../call/call.ts'
import type { ReadEnvironment } from '../call/call-environment.ts'
import { Permissions } from '../rules/permissions.ts'
import { audienceOf, type Audience } from './audience.ts'
import { resourcesRead } from './resources-read.ts'
import type { Version } from './entity-tags.ts'
import { Budget, loadRelated } from './load-related.ts'
import { viewOf, type View } from './view.ts'
import { writeRow } from './write-json.ts'

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
 * Whether rules hide something of a resource's rows from the caller: fields, or related rows. The position of a row's last
 * change would then tell of changes that the caller cannot see, so that its tags are made of what is shown instead.
 */
export function isMasked(resource: Resource, permissions: Permissions): boolean {
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
export function isListTaggedByBody(
  view: View,
  query: Query,
  audience: Audience | null,
  permissions: Permissions,
): boolean {
  if (audience !== null) return true
  for (const resource of resourcesRead(view, query)) if (isMasked(resource, permissions)) return true
  return false
}

/** The version of a row that a caller from whom something is hidden sees: `~digest`. */
function* shownVersion(snapshot: Snapshot, resource: Resource, row: Row, reading: ReadEnvironment): Work<string> {
  const view = versionView(resource)
  const related = yield* loadRelated(snapshot, view, [row], new Budget(reading.bounds, reading.permissions))
  return `~${digest(writeRow(view, row, related, reading.ctx))}`
}

/** The tag of such a representation; `body` is its text. */
export function* shownTag(
  snapshot: Snapshot,
  view: View,
  row: Row,
  body: string,
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
  const seq = reading.terms.position(row[SEQ] as number)
  if (!isMasked(resource, reading.permissions)) return { tag: seq, seq: null, at: row[AT] as number }
  return { tag: yield* shownVersion(snapshot, resource, row, reading), seq, at: null }
}

/** 128 bits: nobody meets two texts with the same digest. */
function digest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22)
}
