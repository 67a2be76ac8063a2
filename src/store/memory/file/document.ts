import {
  AT,
  FIRST,
  ID,
  SEQ,
  type Id,
  type Join,
  type ManyField,
  type Model,
  type Resource,
} from '../../../model/model.ts'
import type { Row, StoredField, Value } from '../../../model/model.ts'
import { keepDigits, shownOf } from '../../../protocol/exact-json.ts'
import { brokenText } from '../../../schema/read/broken-text.ts'
import { Refused } from '../../../schema/read/refused.ts'
import { spelledId, storedId } from '../../../schema/read/spelled-id.ts'
import { absentValue } from '../adapt.ts'
import { keptDocument, keptFrom } from '../kept.ts'
import { layers } from '../layers.ts'
import { paired } from '../load.ts'
import { emptyState, othersIn, rowIn, rowsIn, newTable, type MemoryState } from '../state.ts'

/** A document in the form of json-server: `{ "posts": [{ "id": 1, … }] }`, with the stored names of tables and columns. */
export type JsonDocument = Readonly<Record<string, unknown>>

/** The member that holds texts which are stored beside the rows, such as answers to idempotency keys. */
const KEPT = '_restuary_kept'

/** How many faults are reported. A file that fits nothing would have thousands. */
const TOLD = 20

/**
 * The document of a state. What of the former one the model does not know stays as it was, and so do members whose value
 * is the same: numbers in their digits, and what was absent is not written as null.
 */
export function documentFrom(model: Model, state: MemoryState, former: JsonDocument): JsonDocument {
  const tables = [...model.resources.values()].map((resource): [string, unknown] => {
    const items = former[resource.table]
    const known = new Map(
      (Array.isArray(items) ? items : []).map((item: JsonDocument) => [
        idAsRead(resource.id, shownOf(item[resource.id.column])),
        item,
      ]),
    )
    return [
      resource.table,
      rowsIn(state, resource).map(row => {
        const item = itemOf(model, state, resource, row)
        const before = known.get(row[ID])
        return before === undefined ? item : updated(resource, before, item)
      }),
    ]
  })
  const { [KEPT]: _, ...rest } = former
  const kept = keptDocument(state)
  return { ...rest, ...Object.fromEntries(tables), ...(kept.length > 0 ? { [KEPT]: kept } : {}) }
}

function itemOf(model: Model, state: MemoryState, resource: Resource, row: Row): Readonly<Record<string, unknown>> {
  const members = resource.columns.map((field): [string, unknown] => [
    field.column,
    idAsWritten(field, row[field.slot]),
  ])
  for (const join of model.joins) {
    const shown = shownBy(join)
    if (shown.owner !== resource) continue
    const others = othersIn(state, join, shown.side, row[ID] as Id)
    members.push([shown.name, others.map(id => idAsWritten(shown.target.id, id))])
  }
  return Object.fromEntries(members)
}

/** No URL has the segments `.`, `..` or an empty one: such ids have another spelling than in the file. */
function idAsRead({ type }: Pick<StoredField, 'type'>, value: unknown): unknown {
  return type.key === 'text' && typeof value === 'string' ? spelledId(value) : value
}

function idAsWritten({ type }: Pick<StoredField, 'type'>, value: unknown): unknown {
  return type.key === 'text' && typeof value === 'string' ? storedId(value) : value
}

function updated(resource: Resource, before: JsonDocument, item: JsonDocument): JsonDocument {
  const implied = new Map(resource.columns.map(field => [field.column, absentValue(field) ?? null]))
  const isImplied = ([name, value]: [string, unknown]): boolean =>
    implied.has(name) ? value === implied.get(name) : Array.isArray(value) && value.length === 0
  const added = Object.entries(item).filter(one => !Object.hasOwn(before, one[0]) && !isImplied(one))
  const kept = Object.entries(before).map(([name, value]): [string, unknown] => [
    name,
    Object.hasOwn(item, name) ? keepDigits(item[name], value) : value,
  ])
  return Object.fromEntries([...kept, ...added])
}

/** The relation under whose name links are written: that of side `a` if it is shown, otherwise that of side `b`. */
function shownBy(join: Join): ManyField {
  const fields = [...join.a.resource.joins, ...join.b.resource.joins].filter(field => field.join === join)
  return fields.find(field => field.side === 'a') ?? fields[0]!
}

/** Reads the state from a document, at position 1, and lists everything that is wrong with it. */
export function stateFrom(
  model: Model,
  document: unknown,
  at: number,
): { readonly state: MemoryState; readonly faults: readonly string[] } {
  const faults: string[] = []
  const note = (fault: string): void => {
    if (faults.length < TOLD) faults.push(fault)
    else if (faults.length === TOLD) faults.push('… and more')
  }
  const state: MemoryState = { ...emptyState(model), position: 1 }
  if (!isObject(document)) return { state, faults: ['It is not a JSON object with a list for each table'] }
  const tables = new Map(state.tables)
  for (const resource of model.resources.values()) {
    const items = document[resource.table] ?? []
    if (!Array.isArray(items)) note(`${resource.table}: it must be a list of objects`)
    else tables.set(resource, newTable(layers(rowsOf(resource, items, at, note)), 1))
  }
  let read: MemoryState = { ...state, tables, kept: keptFrom(document[KEPT]) }
  for (const resource of model.resources.values()) checkReferences(read, resource, note)
  for (const join of model.joins) {
    const field = shownBy(join)
    const items = document[field.owner.table]
    if (Array.isArray(items)) read = { ...paired(read, join, pairsOf(read, field, items, note)).state, position: 1 }
  }
  return { state: read, faults }
}

type Note = (fault: string) => void

function rowsOf(resource: Resource, items: readonly unknown[], at: number, note: Note): Map<Id, Row> {
  const rows = new Map<Id, Row>()
  for (const [i, item] of items.entries()) {
    const place = `${resource.table}[${i}]`
    if (!isObject(item)) {
      note(`${place}: it must be an object`)
      continue
    }
    const row: Row = Array.from({ length: FIRST + resource.columns.length - 1 }, () => null)
    row[SEQ] = 1
    row[AT] = at
    for (const field of resource.columns)
      row[field.slot] = valueOf(field, item[field.column], `${place}.${field.column}`, note)
    if (rows.has(row[ID] as Id)) note(`${place}: another row has the id ${row[ID] as Id}`)
    rows.set(row[ID] as Id, Object.freeze(row) as Row)
  }
  return rows
}

function valueOf(field: StoredField, value: unknown, place: string, note: Note): Value {
  if (value === undefined || value === null) {
    const absent = value === null && field.nullable ? null : absentValue(field)
    if (absent === undefined) note(`${place}: it must have a value`)
    return absent ?? null
  }
  const read = field.type.check(idAsRead(field, value))
  if (!(read instanceof Refused)) return read
  // Text that SQLite could not hold is shown as it is; a request could not bring it.
  if (typeof value === 'string' && field.type.operators === 'text' && brokenText(value)) return value
  note(`${place}${read.at}: ${read.detail}`)
  return null
}

function checkReferences(state: MemoryState, resource: Resource, note: Note): void {
  for (const field of resource.columns) {
    if (field.is !== 'one') continue
    for (const row of rowsIn(state, resource)) {
      const id = row[field.slot]
      if (id != null && !rowIn(state, field.target, id as Id)) {
        note(
          `${resource.table} ${row[ID] as Id}: its ${field.column} ${id as Id} is not a row of ${field.target.table}`,
        )
      }
    }
  }
}

function* pairsOf(
  state: MemoryState,
  field: ManyField,
  items: readonly unknown[],
  note: Note,
): Generator<readonly [Id, Id]> {
  for (const item of items.filter(isObject)) {
    const owner = idAsRead(field.owner.id, item[field.owner.id.column]) as Id
    const others = item[field.name] ?? []
    if (!Array.isArray(others)) {
      note(`${field.owner.table} ${owner}: ${field.name} must be a list of ids`)
      continue
    }
    for (const other of others.map(id => idAsRead(field.target.id, id) as Id)) {
      if (!rowIn(state, field.target, other))
        note(`${field.owner.table} ${owner}: ${field.name} has ${other}, which is not a row`)
      else yield field.side === 'a' ? [owner, other] : [other, owner]
    }
  }
}

function isObject(value: unknown): value is JsonDocument {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
