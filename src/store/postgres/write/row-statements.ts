import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import { AT, ID, SEQ, type Id, type Resource, type Row } from '../../../model/model.ts'
import { hasKey } from '../../sql/key.ts'
import { bound, compileStatement, sql, type Compiled } from '../../sql/kysely.ts'
import { codecAt, fieldAt, type Layout, type Layouts } from '../../sql/layout.ts'
import { addPair, deleteRowById, insertRow, removePair, updateRow } from '../../sql/statements.ts'
import type { LinkChange, RowChange } from '../../store.ts'
import type { BoundValue } from '../connection.ts'
import { postgresDialect } from '../postgres-dialect.ts'
import type { NamedStatement, Statements } from '../statements.ts'

/** A statement with its values. */
export type Execution = readonly [statement: NamedStatement, ...values: BoundValue[]]

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
  of(changes: readonly RowChange[], links: readonly LinkChange[]): Execution[] {
    const all: Execution[] = []
    for (const link of links) if (link.op === 'remove') all.push(this.link(link))
    // Backwards, because a unit has a row before those that are deleted along with it and refer to it.
    for (const change of changes.toReversed()) if (change.op === 'delete') all.push(this.#delete(change))
    this.#vacate(changes, all)
    for (const change of changes) if (change.op === 'create') all.push(this.insert(change.resource, change.after!))
    for (const change of changes) if (change.op === 'patch') all.push(this.#update(change, change.after!))
    for (const link of links) if (link.op === 'add') all.push(this.link(link))
    return all
  }

  insert(resource: Resource, row: Row): Execution {
    const layout = this.#layout(resource)
    const values: BoundValue[] = [codecAt(layout, ID).encode(row[ID] as Id), row[SEQ] as number, row[AT] as number]
    for (const { slot } of resource.columns)
      if (slot !== ID) values.push(codecAt(layout, slot).encode(row[slot] ?? null))
    return [this.#statement(`insert ${resource.name}`, () => insertRow(layout)), ...values]
  }

  /** Updates the changed columns only. Naming an indexed column would cost its index an entry. */
  #update({ resource, id, changed }: RowChange, row: Row): Execution {
    const layout = this.#layout(resource)
    const values: BoundValue[] = changed.map(slot => codecAt(layout, slot).encode(row[slot] ?? null))
    values.push(row[SEQ] as number, row[AT] as number, codecAt(layout, ID).encode(id))
    return [
      this.#statement(`update ${resource.name} ${changed.join(' ')}`, () => updateRow(layout, changed)),
      ...values,
    ]
  }

  #delete({ resource, id }: RowChange): Execution {
    const layout = this.#layout(resource)
    return [this.#statement(`delete ${resource.name}`, () => deleteRowById(layout)), codecAt(layout, ID).encode(id)]
  }

  link({ join, a, b, op }: LinkChange): Execution {
    const make = (): Compiled => (op === 'add' ? addPair : removePair)(join, postgresDialect)
    return [this.#statement(`${op} ${join.table}`, make), a, b]
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
    const { column } = codecAt(layout, slot)
    const nowhere = column === 'TEXT' ? `\u{10FFFF}${nth}` : column === 'BLOB' ? Buffer.from(`\0${nth}`) : nth - 9e15
    const make = (): Compiled =>
      compileStatement(
        sql`update ${sql.id(resource.table)} set ${sql.id(field.column)} = ${bound(0)} where ${hasKey(layout, name => sql.id(name), 1)}`,
        postgresDialect.text,
      )
    const value = field.nullable ? null : nowhere
    return [this.#statement(`give ${resource.name} ${slot}`, make), value, codecAt(layout, ID).encode(id)]
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
