import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import { keepDigits, parseKept } from '../../../protocol/exact-json.ts'
import { AT, ID, SEQ, type Id, type Resource, type Row } from '../../../model/model.ts'
import type { Bind, Codec } from '../../sql/codec.ts'
import { bindsOfKey, hasKey, versionBind } from '../../sql/key.ts'
import { bound, compileStatement, sql, sqliteText } from '../../sql/kysely.ts'
import { codecAt, fieldAt, type Layout, type Layouts } from '../../sql/layout.ts'
import { addPair, removePair } from '../../sql/statements/related.ts'
import { deleteRowById, insertRow, storedValue, updateRow } from '../../sql/statements/rows.ts'
import type { LinkChange, RowChange } from '../../store.ts'
import type { Connection, Statement } from '../connection.ts'
import { sqliteDialect } from '../sqlite-dialect.ts'

/** How rows of a resource are written: where its values go, and the statements. */
interface Writes {
  readonly layout: Layout
  /** What is stored after the id and the version: the slot of each column, and how its values are stored. */
  readonly columns: readonly (readonly [slot: number, codec: Codec])[]
  /** null where each set of given fields has its own. */
  readonly insert: Statement | null
  readonly remove: Statement
  /** Updates of a single column, by slot. */
  readonly updates: (Statement | undefined)[]
  /** The slots of its unique fields, single or composite. */
  readonly unique: ReadonlySet<number>
}

/** Writes rows, versions and links. It knows nothing of transactions and the log. */
export class RowWriter {
  readonly #connection: Connection
  readonly #layouts: Layouts
  readonly #writes = new Map<Resource, Writes>()

  constructor(connection: Connection, layouts: Layouts) {
    this.#connection = connection
    this.#layouts = layouts
  }

  /** Writes one change. The new version is in `after`. */
  write(change: RowChange): void {
    const writes = this.#writes.get(change.resource) ?? this.#prepare(change.resource)
    const { op, id, after } = change
    if (op === 'create' && after) this.#insert(writes, change, after)
    else if (op === 'patch' && after) this.#update(writes, change, after)
    else {
      writes.remove.run(...bindsOfKey(writes.layout, id))
      if (writes.layout.baseline !== null) this.#forget(change)
    }
  }

  /** Writes nothing of a row but its version, which is in `after`. */
  version(change: RowChange): void {
    this.write({ ...change, op: 'patch', changed: [] })
  }

  /** Keeps the version of a row that something else has changed: a trigger, a foreign key, another program. */
  note(change: RowChange): void {
    if (change.after !== null) this.version(change)
    else if (getOrThrow(this.#layouts, change.resource).baseline !== null) this.#forget(change)
  }

  /**
   * Writes several changes and links in an order in which no unique index is violated in between: first what is removed, then
   * unique values are given up, then what is added. Foreign keys are only checked at the commit.
   */
  writeAll(changes: readonly RowChange[], links: readonly LinkChange[]): void {
    // Another program has written them: all, or none.
    if (changes[0]?.isNoted) return changes.forEach(change => this.note(change))
    for (const link of links) if (link.op === 'remove') this.#link(link)
    // Backwards, because a unit has a row before those that are deleted along with it and refer to it.
    for (let i = changes.length - 1; i >= 0; i--) {
      const change = changes[i]
      if (change?.op === 'delete') this.write(change)
    }
    this.#vacate(changes)
    for (const change of changes) if (change.op === 'create') this.write(change)
    for (const change of changes) if (change.op === 'patch') this.write(change)
    for (const link of links) if (link.op === 'add') this.#link(link)
  }

  #insert({ layout, columns, insert }: Writes, change: RowChange, row: Row): void {
    if (insert === null) return this.#insertGiven(layout, change, row)
    const binds: Bind[] = [codecAt(layout, ID).encode(row[ID] as Id)]
    if (layout.baseline === null) binds.push(row[SEQ] as number, row[AT] as number)
    for (const [slot, codec] of columns) binds.push(codec.encode(row[slot] ?? null))
    insert.run(...binds)
    if (layout.baseline !== null) this.#version(layout, row[ID] as Id, row[SEQ] as number, row[AT] as number)
  }

  /** Updates the changed columns only. Naming an indexed column would rewrite its index even if the value is the same. */
  #update(writes: Writes, { id, changed }: RowChange, row: Row): void {
    const { layout } = writes
    const own = layout.baseline === null
    if (own || changed.length > 0) {
      // Most updates change a single field, so these statements are found without a key.
      const only = changed.length === 1 ? (changed[0] ?? -1) : -1
      const statement = writes.updates[only] ?? this.#prepareUpdate(writes, changed)
      const binds: Bind[] = []
      for (const slot of changed) {
        const codec = layout.codecs[slot]
        binds.push(codec === undefined || codec.isPlain ? (row[slot] as Bind) : codec.encode(row[slot] ?? null))
      }
      if (layout.json.size > 0) this.#keepDigits(layout, row, changed, binds)
      if (own) binds.push(row[SEQ] as number, row[AT] as number)
      if (layout.hasPlainId) binds.push(id)
      else binds.push(...bindsOfKey(layout, id))
      statement.run(...binds)
    }
    if (!own) this.#version(layout, id, row[SEQ] as number, row[AT] as number)
  }

  /** A new row of somebody else's table, without what the database fills by itself. */
  #insertGiven(layout: Layout, { resource, id, filled = [] }: RowChange, row: Row): void {
    const fields = resource.columns.filter(
      field =>
        field.filled !== 'computed' && !filled.includes(field.slot) && (field.slot !== ID || layout.key === null),
    )
    const slots = fields.map(field => field.slot)
    const statement = this.#connection.cached(`insert ${resource.name} ${slots.join()}`, () =>
      insertRow(layout, fields),
    )
    statement.run(...slots.map(slot => codecAt(layout, slot).encode(row[slot] ?? null)))
    this.#version(layout, id, row[SEQ] as number, row[AT] as number)
  }

  /** Numbers within JSON that the change did not touch stay as somebody wrote them, longer than JavaScript's or not. */
  #keepDigits(layout: Layout, row: Row, changed: readonly number[], binds: Bind[]): void {
    const key = bindsOfKey(layout, row[ID] as Id)
    changed.forEach((slot, i) => {
      if (!layout.json.has(slot) || row[slot] === null) return
      const name = `stored ${layout.resource.name} ${slot}`
      const stored = this.#connection.cached(name, () => storedValue(layout, slot)).get(...key)?.[0]
      if (typeof stored !== 'string') return
      try {
        binds[i] = JSON.stringify(keepDigits(row[slot], parseKept(stored)))
      } catch {
        // It was no JSON.
      }
    })
  }

  #prepareUpdate({ layout, updates }: Writes, changed: readonly number[]): Statement {
    const key = `update ${layout.resource.name} ${changed.join(' ')}`
    const statement = this.#connection.cached(key, () => updateRow(layout, changed))
    if (changed.length === 1) for (const slot of changed) updates[slot] = statement
    return statement
  }

  #version(layout: Layout, id: Id, seq: number, at: number): void {
    const { resource } = layout
    this.#connection
      .cached('version', () =>
        compileStatement(
          sql`insert into _restuary_version(resource, id, seq, at)
          values (${bound(0)}, ${bound(1)}, ${bound(2)}, ${bound(3)})
          on conflict(resource, id) do update set seq = excluded.seq, at = excluded.at`,
          sqliteText,
        ),
      )
      .run(resource.name, versionBind(layout, id), seq, at)
  }

  #forget({ resource, id }: RowChange): void {
    this.#connection
      .cached('forget', () =>
        compileStatement(
          sql`delete from _restuary_version where resource = ${bound(0)} and id = ${bound(1)}`,
          sqliteText,
        ),
      )
      .run(resource.name, versionBind(getOrThrow(this.#layouts, resource), id))
  }

  #link({ join, a, b, op }: LinkChange): void {
    this.#connection
      .cached(`${op} ${join.table}`, () => (op === 'add' ? addPair : removePair)(join, sqliteDialect))
      .run(a, b)
  }

  /** Takes unique values away from rows that will get other ones, if another row of the same unit may get them first. */
  #vacate(changes: readonly RowChange[]): void {
    const wanting = new Map<Resource, number>()
    for (const { resource, op, changed } of changes) {
      const { unique } = this.#writes.get(resource) ?? this.#prepare(resource)
      const wants = op === 'create' ? unique.size > 0 : op === 'patch' && changed.some(slot => unique.has(slot))
      if (wants) wanting.set(resource, (wanting.get(resource) ?? 0) + 1)
    }
    changes.forEach((change, i) => {
      if (change.op !== 'patch' || (wanting.get(change.resource) ?? 0) < 2) return
      const { layout, unique } = getOrThrow(this.#writes, change.resource)
      const slots = change.changed.filter(slot => unique.has(slot) && change.before?.[slot] !== null)
      for (const slot of slots) this.#give(layout, change, slot, i)
    })
  }

  /** Replaces a unique value for the moment: by null or, if the column is required, by a value that no row has. */
  #give(layout: Layout, { resource, id }: RowChange, slot: number, nth: number): void {
    const field = fieldAt(layout, slot)
    const { column } = codecAt(layout, slot)
    const nowhere = column === 'TEXT' ? `\u{10FFFF}${nth}` : column === 'BLOB' ? Buffer.from(`\0${nth}`) : nth - 9e15
    const statement = this.#connection.cached(`give ${resource.name} ${slot}`, () =>
      compileStatement(
        sql`update ${sql.id(resource.table)} set ${sql.id(field.column)} = ${bound(0)} where ${hasKey(layout, name => sql.id(name), 1)}`,
        sqliteText,
      ),
    )
    statement.run(field.nullable ? null : nowhere, ...bindsOfKey(layout, id))
  }

  #prepare(resource: Resource): Writes {
    const layout = getOrThrow(this.#layouts, resource)
    const composite = new Set(resource.unique.flat())
    const unique = resource.columns.filter(
      field => field.unique || composite.has(field.name) || (field.is === 'one' && field.single),
    )
    const writes: Writes = {
      layout,
      columns: resource.columns.filter(({ slot }) => slot !== ID).map(({ slot }) => [slot, codecAt(layout, slot)]),
      insert: isGiven(layout) ? null : this.#connection.prepare(insertRow(layout)),
      remove: this.#connection.prepare(deleteRowById(layout)),
      updates: [],
      unique: new Set(unique.map(field => field.slot)),
    }
    this.#writes.set(resource, writes)
    return writes
  }
}

/** Not every column of a new row is given. */
const isGiven = ({ filled, key }: Layout): boolean => filled.size > 0 || key !== null
