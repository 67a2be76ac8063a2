import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import { AT, ID, SEQ, type Id, type Resource, type Row } from '../../../model/model.ts'
import type { Codec } from '../../sql/codec.ts'
import { bindsOfKey, hasKey, versionBind } from '../../sql/key.ts'
import { bound, compileStatement, sql, type Compiled } from '../../sql/kysely.ts'
import { codecAt, fieldAt, type Layout, type Layouts } from '../../sql/layout.ts'
import { addPair, removePair } from '../../sql/statements/related.ts'
import { tableOf } from '../../sql/tables/table-name.ts'
import { deleteRowById, insertRow, updateRow } from '../../sql/statements/rows.ts'
import type { LinkChange, RowChange } from '../../store.ts'
import type { BoundValue } from '../connection.ts'
import { postgresDialect } from '../postgres-dialect.ts'
import { deleteSeveral, insertSeveral, updateSeveral } from './several-rows.ts'
import type { NamedStatement, Statements } from '../statements.ts'

const VERSION = `insert into _restuary_version(resource, id, seq, at) values ($1, $2, $3, $4)
  on conflict (resource, id) do update set seq = excluded.seq, at = excluded.at`
const GONE = 'delete from _restuary_version where resource = $1 and id = $2'

/** A statement with its values. */
export interface Execution {
  readonly statement: NamedStatement
  readonly values: readonly BoundValue[]
  /** The same for several rows at once: binds an array for each value. null = there is no such statement. */
  readonly forSeveral: (() => NamedStatement) | null
  /** What tells the row, so that no statement for several has it twice. */
  readonly row: Id | null
}

/** The statements that write rows and links. It knows nothing of transactions and the log. */
export class RowStatements {
  readonly #statements: Statements
  readonly #layouts: Layouts
  readonly #unique = new Map<Resource, ReadonlySet<number>>()

  constructor(statements: Statements, layouts: Layouts) {
    this.#statements = statements
    this.#layouts = layouts
  }

  /**
   * Writes changes and links in an order in which no unique index is violated in between: first what is removed, then unique
   * values are given up, then what is added. Foreign keys are checked at the end of the unit.
   */
  of(given: readonly RowChange[], links: readonly LinkChange[]): Execution[] {
    const all: Execution[] = []
    for (const change of given) if (change.isNoted) all.push(...this.#note(change))
    const changes = given.filter(change => !change.isNoted)
    for (const link of links) if (link.op === 'remove') all.push(this.link(link))
    // Backwards, because a unit has a row before those that are deleted along with it and refer to it.
    for (const change of changes.toReversed()) if (change.op === 'delete') all.push(...this.#delete(change))
    this.#vacate(changes, all)
    const created = changes.filter(({ op }) => op === 'create')
    for (const change of inOrder(created)) all.push(...this.#create(change, change.after!))
    for (const change of changes) if (change.op === 'patch') all.push(...this.#update(change, change.after!))
    for (const link of links) if (link.op === 'add') all.push(this.link(link))
    return all
  }

  /** Keeps the version of a row that another program has written. */
  #note({ resource, id, after }: RowChange): Execution[] {
    if (after !== null) return this.#update({ resource, id, changed: [] }, after)
    return this.#layout(resource).baseline === null ? [] : [this.#forget(resource, id)]
  }

  #create({ resource, id, filled = [] }: RowChange, row: Row): Execution[] {
    const layout = this.#layout(resource)
    if (layout.baseline === null) return [this.insert(resource, row)]
    // What the database fills by itself is left out.
    const fields = resource.columns.filter(
      field =>
        field.filled !== 'computed' && !filled.includes(field.slot) && (field.slot !== ID || layout.key === null),
    )
    const slots = fields.map(({ slot }) => slot)
    const insert: Execution = {
      statement: this.#statement(`insert ${resource.name} ${slots.join()}`, () => insertRow(layout, fields)),
      values: slots.map(slot => codecAt(layout, slot).encode(row[slot] ?? null)),
      forSeveral: null,
      row: null,
    }
    return [insert, this.#version(layout, id, row)]
  }

  /** Keeps the version of a row of another program's table, beside it. */
  #version(layout: Layout, id: Id, row: Row): Execution {
    const values = [layout.resource.name, String(versionBind(layout, id)), row[SEQ] as number, row[AT] as number]
    return { statement: this.#statements.of(VERSION), values, forSeveral: null, row: null }
  }

  #forget(resource: Resource, id: Id): Execution {
    const values = [resource.name, String(versionBind(this.#layout(resource), id))]
    return { statement: this.#statements.of(GONE), values, forSeveral: null, row: null }
  }

  insert(resource: Resource, row: Row): Execution {
    const layout = this.#layout(resource)
    const values: BoundValue[] = [codecAt(layout, ID).encode(row[ID] as Id), row[SEQ] as number, row[AT] as number]
    for (const { slot } of resource.columns)
      if (slot !== ID) values.push(codecAt(layout, slot).encode(row[slot] ?? null))
    return {
      statement: this.#statement(`insert ${resource.name}`, () => insertRow(layout)),
      values,
      forSeveral: () => this.#statement(`inserts ${resource.name}`, () => insertSeveral(layout)),
      row: row[ID] as Id,
    }
  }

  /** Updates the changed columns only. Naming an indexed column would cost its index an entry. */
  #update({ resource, id, changed }: Pick<RowChange, 'resource' | 'id' | 'changed'>, row: Row): Execution[] {
    const layout = this.#layout(resource)
    const values: BoundValue[] = changed.map(slot => codecAt(layout, slot).encode(row[slot] ?? null))
    const which = `${resource.name} ${changed.join(' ')}`
    if (layout.baseline !== null) {
      const version = this.#version(layout, id, row)
      if (changed.length === 0) return [version]
      const statement = this.#statement(`update ${which}`, () => updateRow(layout, changed))
      return [{ statement, values: [...values, ...bindsOfKey(layout, id)], forSeveral: null, row: null }, version]
    }
    values.push(row[SEQ] as number, row[AT] as number, codecAt(layout, ID).encode(id))
    const update: Execution = {
      statement: this.#statement(`update ${which}`, () => updateRow(layout, changed)),
      values,
      forSeveral: () => this.#statement(`updates ${which}`, () => updateSeveral(layout, changed)),
      row: id,
    }
    return [update]
  }

  #delete({ resource, id }: RowChange): Execution[] {
    const layout = this.#layout(resource)
    const statement = this.#statement(`delete ${resource.name}`, () => deleteRowById(layout))
    if (layout.baseline !== null) {
      return [{ statement, values: bindsOfKey(layout, id), forSeveral: null, row: null }, this.#forget(resource, id)]
    }
    const remove: Execution = {
      statement,
      values: [codecAt(layout, ID).encode(id)],
      forSeveral: () => this.#statement(`deletes ${resource.name}`, () => deleteSeveral(layout)),
      row: id,
    }
    return [remove]
  }

  link({ join, a, b, op }: LinkChange): Execution {
    const make = (): Compiled => (op === 'add' ? addPair : removePair)(join, postgresDialect)
    return { statement: this.#statement(`${op} ${join.table}`, make), values: [a, b], forSeveral: null, row: null }
  }

  /** Takes unique values away from rows that will get other ones, if another row of the same unit may get them first. */
  #vacate(changes: readonly RowChange[], all: Execution[]): void {
    const wanting = new Map<Resource, number>()
    for (const { resource, op, changed } of changes) {
      const unique = this.#uniqueOf(resource)
      const wants = op === 'create' ? unique.size > 0 : op === 'patch' && changed.some(slot => unique.has(slot))
      if (wants) wanting.set(resource, (wanting.get(resource) ?? 0) + 1)
    }
    changes.forEach((change, i) => {
      if (change.op !== 'patch' || (wanting.get(change.resource) ?? 0) < 2) return
      const unique = this.#uniqueOf(change.resource)
      const slots = change.changed.filter(slot => unique.has(slot) && change.before?.[slot] !== null)
      for (const slot of slots) all.push(this.#give(change, slot, i))
    })
  }

  /** Replaces a unique value for the moment: by null or, if the column is required, by a value that no row has. */
  #give({ resource, id }: RowChange, slot: number, nth: number): Execution {
    const layout = this.#layout(resource)
    const field = fieldAt(layout, slot)
    const make = (): Compiled =>
      compileStatement(
        sql`update ${tableOf(resource)} set ${sql.id(field.column)} = ${bound(0)} where ${hasKey(layout, name => sql.id(name), 1)}`,
        postgresDialect.text,
      )
    const value = field.nullable ? null : unusedValue(codecAt(layout, slot), nth)
    const values = [value, ...bindsOfKey(layout, id)]
    return { statement: this.#statement(`give ${resource.name} ${slot}`, make), values, forSeveral: null, row: null }
  }

  /** The slots of unique fields, single or composite. */
  #uniqueOf(resource: Resource): ReadonlySet<number> {
    let slots = this.#unique.get(resource)
    if (slots === undefined) {
      const composite = new Set(resource.unique.flat())
      const unique = resource.columns.filter(
        field => field.unique || composite.has(field.name) || (field.is === 'one' && field.single),
      )
      this.#unique.set(resource, (slots = new Set(unique.map(field => field.slot))))
    }
    return slots
  }

  #layout(resource: Resource): Layout {
    return getOrThrow(this.#layouts, resource)
  }

  #statement(key: string, make: () => Compiled): NamedStatement {
    return this.#statements.get(key, make)
  }
}

/** New rows, each after those that it refers to: tables of other programs check foreign keys at once. */
function inOrder(created: readonly RowChange[]): readonly RowChange[] {
  if (created.length < 2 || created.every(({ resource }) => resource.options.foreign === null)) return created
  const waiting = new Set(created)
  const ordered = new Set<RowChange>()
  const place = (change: RowChange): void => {
    if (!waiting.delete(change)) return
    for (const { is, slot, target } of change.resource.columns)
      if (is === 'one')
        for (const other of waiting) if (other.resource === target && other.id === change.after![slot]) place(other)
    ordered.add(change)
  }
  for (const change of created) place(change)
  return [...ordered]
}

/** A value that no row has, for the moment between two statements of a unit. */
function unusedValue(column: Codec, nth: number): BoundValue {
  const [, type, places = '0'] = /^(\w+)(?:.*,(\d+))?/.exec(postgresDialect.typeName(column))!
  switch (type) {
    case 'text':
      return `\u{10FFFF}${nth}`
    case 'bytea':
      return Buffer.from(`\0${nth}`)
    case 'uuid':
      return `ffffffff-ffff-ffff-ffff-${nth.toString(16).padStart(12, '0')}`
    case 'date':
    case 'timestamp':
      return `${100_000 + nth}-01-01 00:00:00Z`
    case 'numeric':
      return BigInt(nth) + 1n - 10n ** BigInt(18 - Number(places))
    default:
      return nth - 9e15
  }
}
