import type { Id, Resource, Row, StoredField } from '../../model/model.ts'
import type { Recorded, Snapshot, Store } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'
import type { HistoryRange } from '../call/call.ts'
import { allowedImages } from './image-rules.ts'
import { allowedIds, allowedRows, type Permissions } from '../rules/permissions.ts'
import { rowNotFound } from '../read/read.ts'
import type { RowName } from '../write/references.ts'
import type { ReadEnvironment } from '../call/call-environment.ts'
import { unknownIn } from './unknown-fields.ts'
import { seqOfParameter } from './position-parameter.ts'

/** One change of a row, as the row's history shows it. */
export interface HistoryRecord {
  /** `epoch.seq`. */
  readonly position: string
  /** RFC 3339. */
  readonly at: string
  readonly operation: 'create' | 'patch' | 'delete'
  /** The row's own stored fields after the change. Null after a deletion, or if the caller may not see the row in that state. */
  readonly data: Readonly<Record<string, unknown>> | null
  /**
   * The old values of the fields that changed, or all fields of a deleted row. Null if there are none that the caller may see.
   */
  readonly before: Readonly<Record<string, unknown>> | null
  /**
   * Fields that are null above because their value is not known: they were declared later, must have a value now and had none, or
   * their former value has no equivalent in their present type. Absent if there are none.
   */
  readonly unknown?: readonly string[]
  /** Ids that were added to, or removed from, its to-many relations. */
  readonly lists?: Readonly<Record<string, { readonly added: readonly Id[]; readonly removed: readonly Id[] }>>
}

/** A page of a row's history, newest first. */
export interface History {
  readonly records: readonly HistoryRecord[]
  /** The position to pass as `before` for the next page; null at the end. */
  readonly next: string | null
}

/** Where the past is read from: the present state, and the store with its log. */
export interface PastSource {
  readonly store: Store
  readonly now: Snapshot
  readonly reading: ReadEnvironment
}

/** The most records that are read at a time. They may be large, so each step is only twice as long as the one before. */
const STEP = 10
/** The records of a page may take so many times its bytes. */
const LOADED = 4

/** How many records one request inspects at most, including those that the caller may not see. */
const MOST = 1_000

/**
 * The history of a row from the log. Each state is shown as far as today's rules let the caller see it. Deleted rows have a
 * history too, for callers who could have seen them.
 */
export function* historyOf(
  { store, now: snapshot, reading }: PastSource,
  { resource, id }: RowName,
  { before, limit }: HistoryRange,
): Work<History> {
  const { permissions, pageBytes } = reading
  const past: RecordedPast = { store, snapshot, resource, permissions }
  const records: HistoryRecord[] = []
  let from = Math.min(before ? seqOfParameter(store, before, { parameter: 'before' }) : Infinity, snapshot.position + 1)
  let read = 0
  let isMore = true
  let isFull = false
  let bytes = 0
  let loaded = 0
  while (isMore && !isFull && read < MOST && bytes < pageBytes && loaded < LOADED * pageBytes) {
    // One more than needed tells whether there is a next page.
    const step = Math.min(limit - records.length + 1, STEP, read + 1)
    const found = yield* wait(store.history(resource, id, from, step))
    read += found.length
    for (const record of found) loaded += record.bytes ?? 0
    isMore = found.length === step
    for (const { seq, record } of yield* shownRecords(past, found)) {
      isFull = records.length === limit || bytes >= pageBytes
      if (isFull) {
        isMore = true
        break
      }
      from = seq
      if (!record) continue
      records.push(record)
      bytes += JSON.stringify(record).length
    }
  }
  // An empty history must not reveal that a hidden row exists.
  if (records.length === 0 && before === null) yield* mustBeVisible(past, id)
  return { records, next: isMore ? store.terms.position(from) : null }
}

/** What the records of one resource are read with. */
interface RecordedPast {
  readonly store: Store
  readonly snapshot: Snapshot
  readonly resource: Resource
  readonly permissions: Permissions
}

function* mustBeVisible({ snapshot, resource, permissions }: RecordedPast, id: Id): Work<void> {
  const row = yield* wait(snapshot.get(resource, id))
  const seen = row ? yield* allowedRows(snapshot, resource, [row], permissions.read(resource)) : []
  if (seen.length === 0) throw rowNotFound(resource, id)
}

/** The records in their order; null for a record of which the caller may see nothing. */
function* shownRecords(
  past: RecordedPast,
  records: readonly Recorded[],
): Work<{ readonly seq: number; readonly record: HistoryRecord | null }[]> {
  const { snapshot, resource, permissions } = past
  const images = records.flatMap(({ before, after }) => [before, after]).filter(row => row !== null)
  const seen = new Set(yield* allowedImages(snapshot, resource, images, permissions.read(resource)))
  const fields = yield* readableFields(past, images)
  const ids = yield* readableIds(past, records)
  const visible: Visible = { past, seen, fields, ids }
  return records.map(record => ({ seq: record.seq, record: shownRecord(visible, record) }))
}

/** What the caller may see of some records. */
interface Visible {
  readonly past: RecordedPast
  /** The states that the caller may see. */
  readonly seen: ReadonlySet<Row>
  readonly fields: readonly Readable[]
  /** Related ids, by field. */
  readonly ids: ReadonlyMap<string, ReadonlySet<Id>>
}

function shownRecord({ past, seen, fields, ids }: Visible, record: Recorded): HistoryRecord | null {
  const { seq, at, op, changed } = record
  const after = record.after && seen.has(record.after) ? record.after : null
  const before = record.before && seen.has(record.before) ? record.before : null
  if (!after && !before) return null
  // A patch shows only the old values of what it changed; a deletion shows all of them.
  const slots = op === 'patch' && after ? new Set(changed) : null
  const lists = after ? listsOf(past, after, record.lists, ids) : null
  const replaced = before && valuesOf(fields, before, slots)
  // Of a change of what the caller may not see nothing is told, not even that there was one.
  const isHidden = replaced !== null && isEmpty(replaced) && after !== null && isEmpty(valuesOf(fields, after, slots))
  if (slots && before && !lists && isHidden) return null
  const unknown = unknownNames(fields, record, { after, before, slots })
  return {
    position: past.store.terms.position(seq),
    at: new Date(at).toISOString(),
    operation: op,
    data: after && valuesOf(fields, after, null),
    before: replaced,
    ...(unknown.length > 0 ? { unknown } : {}),
    ...(lists ? { lists } : {}),
  }
}

/** The unknown fields among those that are shown of a record. */
function unknownNames(
  fields: readonly Readable[],
  record: Recorded,
  { after, before, slots }: { after: Row | null; before: Row | null; slots: ReadonlySet<number> | null },
): string[] {
  const unknown = new Set([
    ...(after ? unknownIn(record, 'after') : []),
    ...(before ? unknownIn(record, 'before').filter(({ slot }) => slots?.has(slot) ?? true) : []),
  ])
  const isRead = ({ of }: Readable): boolean => !of || [after, before].some(row => row !== null && of.has(row))
  return fields.filter(one => unknown.has(one.field) && isRead(one)).map(({ field }) => field.name)
}

const isEmpty = (values: Readonly<Record<string, unknown>>): boolean => Object.keys(values).length === 0

interface Readable {
  readonly field: StoredField
  /** The row states in which the caller may read the field; null = all. */
  readonly of: ReadonlySet<Row> | null
}

function* readableFields({ snapshot, resource, permissions }: RecordedPast, images: readonly Row[]): Work<Readable[]> {
  const fields: Readable[] = []
  for (const field of resource.columns) {
    if (field.hidden) continue
    const guard = permissions.field(resource, field.name, 'read')
    fields.push({
      field,
      of: guard.open ? null : new Set(yield* allowedImages(snapshot, resource, images, guard)),
    })
  }
  return fields
}

function valuesOf(
  fields: readonly Readable[],
  row: Row,
  slots: ReadonlySet<number> | null,
): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {}
  for (const { field, of } of fields) {
    if ((slots && !slots.has(field.slot)) || (of && !of.has(row))) continue
    const value = row[field.slot] ?? null
    const show = field.owner.options.foreign === null ? field.type.show : null
    values[field.name] = show && value !== null ? show(value) : value
  }
  return values
}

/** Of the ids that were added or removed, those whose rows the caller may see. */
function* readableIds(
  { snapshot, resource, permissions }: RecordedPast,
  records: readonly Recorded[],
): Work<ReadonlyMap<string, ReadonlySet<Id>>> {
  const named = new Map<string, Set<Id>>()
  for (const { lists } of records)
    for (const { field, added, removed } of lists) {
      let ids = named.get(field)
      if (!ids) named.set(field, (ids = new Set()))
      for (const id of [...added, ...removed]) ids.add(id)
    }
  const seen = new Map<string, ReadonlySet<Id>>()
  for (const [name, ids] of named) {
    const target = resource.field.get(name)?.target as Resource | undefined
    if (!target) continue
    const guard = permissions.read(target)
    seen.set(name, guard.open ? ids : yield* allowedIds(snapshot, target, [...ids], guard))
  }
  return seen
}

/** The changes of to-many relations that the caller may see; null if there are none. `after` is the row after them. */
function listsOf(
  { resource, permissions }: RecordedPast,
  after: Row,
  lists: Recorded['lists'],
  ids: ReadonlyMap<string, ReadonlySet<Id>>,
): HistoryRecord['lists'] | null {
  const shown: Record<string, { added: Id[]; removed: Id[] }> = {}
  for (const list of lists) {
    const field = resource.field.get(list.field)
    if (!field || field.hidden || (field.is !== 'back' && field.is !== 'many') || !field.ids) continue
    const guard = permissions.field(resource, field.name, 'read')
    if (!guard.open && !guard.test?.(after)) continue
    const seen = ids.get(list.field)
    const added = list.added.filter(id => seen?.has(id))
    const removed = list.removed.filter(id => seen?.has(id))
    if (added.length + removed.length > 0) shown[list.field] = { added, removed }
  }
  return Object.keys(shown).length > 0 ? shown : null
}
