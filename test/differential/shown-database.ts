// What a file holds, as it is to be shown, in tables that SQL can ask without regard to affinities and collations.
import { DatabaseSync } from 'node:sqlite'
import { composeKey, keyForm, NTH } from '../../src/model/key-text.ts'
import type { AnyResource, ResourceDef } from '../../src/model/declare/declaration.ts'
import type { FieldDef } from '../../src/schema/field.ts'
import { spelledId } from '../../src/schema/read/spelled-id.ts'
import { readTables, shownAs, type Stored } from '../odd/tables.ts'

export type Body = Readonly<Record<string, unknown>>

/** A value as JSON shows it, and as SQL compares it. */
export interface Operand {
  readonly shown: unknown
  readonly compared: Stored
}

/** A row: what a body shows of its own columns, and what SQL compares. */
export interface ShownRow {
  readonly id: unknown
  readonly values: ReadonlyMap<string, Operand>
}

/** How the parts of a query are named in SQL. */
export const tableOf = (resource: string): string => quote(resource)
export const columnOf = (field: string): string => quote(`_${field}`)
export const pairsOf = (resource: string, field: string): string => quote(`${resource} ${field}`)

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

export class ShownDatabase {
  readonly #file: string
  readonly #resources: Readonly<Record<string, AnyResource>>
  readonly #rows = new Map<string, ShownRow[]>()
  readonly #byId = new Map<string, Map<unknown, ShownRow>>()
  #db: DatabaseSync

  constructor(file: string, resources: Readonly<Record<string, AnyResource>>) {
    this.#file = file
    this.#resources = resources
    this.#db = this.#read()
  }

  /** Reads the file anew. */
  refresh(): void {
    this.#db.close()
    this.#db = this.#read()
  }

  close(): void {
    this.#db.close()
  }

  defOf(resource: string): ResourceDef {
    return this.#resources[resource]!['~resource']
  }

  rows(resource: string): readonly ShownRow[] {
    return this.#rows.get(resource)!
  }

  /** The rows of a statement that selects `n`. */
  select(resource: string, sql: string, ...values: readonly Stored[]): ShownRow[] {
    const rows = this.rows(resource)
    return this.#db
      .prepare(sql)
      .all(...values)
      .map(row => rows[Number(row['n'])]!)
  }

  /** The body of a row, whose related rows are shown down to a depth. */
  body(resource: string, row: ShownRow, depth: number): unknown {
    if (depth === 0) return row.id
    const members: [string, unknown][] = []
    for (const [name, def] of Object.entries(this.defOf(resource).fields)) {
      if (def.is === 'scalar') members.push([name, name === 'id' ? row.id : row.values.get(name)!.shown])
      else if (def.is === 'one') {
        const { shown } = row.values.get(name)!
        const target = this.#byId.get(def.to)!.get(shown)
        members.push([name, target === undefined ? shown : this.body(def.to, target, depth - 1)])
      } else if (def.is === 'back' && def.one === true) {
        const [child] = this.related(resource, name, row)
        members.push([name, child === undefined ? null : this.body(def.to, child, depth - 1)])
      } else if ((def.is === 'back' || def.is === 'many') && depth > 1) {
        const children = this.related(resource, name, row).slice(0, 100)
        members.push([name, children.map(child => this.body(def.to, child, depth - 1))])
      }
    }
    return Object.fromEntries(members)
  }

  /** The rows at the other end of a relation to many, or to one that holds the key. */
  related(resource: string, field: string, row: ShownRow): ShownRow[] {
    const def = this.defOf(resource).fields[field]!
    const key = row.values.get('id')!.compared
    if (def.is === 'many') {
      const sql = `SELECT r.n FROM ${pairsOf(resource, field)} p JOIN ${tableOf(def.to)} r ON r._id = p.far WHERE p.near IS ? ORDER BY r._id`
      return this.select(def.to, sql, key)
    }
    if (def.is !== 'back') throw new Error(`${resource}.${field} leads to no list`)
    const sql = `SELECT n FROM ${tableOf(def.to)} WHERE ${columnOf(def.via)} IS ? ORDER BY _id`
    return this.select(def.to, sql, key)
  }

  #read(): DatabaseSync {
    const db = new DatabaseSync(':memory:')
    db.function('spelled', { deterministic: true }, text => (typeof text === 'string' ? spelledId(text) : text))
    db.function('folded', { deterministic: true }, text =>
      text === null ? null : String(text).normalize('NFC').toLowerCase(),
    )
    const tables = readTables(this.#file)
    const ids = new Map<string, (raw: Stored) => unknown>()
    for (const [name, { '~resource': def }] of Object.entries(this.#resources)) {
      const id = def.fields['id']!
      ids.set(name, raw => shownId(id, raw))
    }
    db.exec('BEGIN')
    for (const [name, { '~resource': def }] of Object.entries(this.#resources)) {
      const key = def.foreign!.key.filter(column => column !== NTH)
      const rows = rowsOf(def, tables.rows(def.table!, key), ids)
      this.#rows.set(name, rows)
      this.#byId.set(name, new Map(rows.map(row => [row.id, row])))
      const columns = [...columnsOf(def)].map(([field]) => field)
      db.exec(`CREATE TABLE ${tableOf(name)} (n, ${columns.map(columnOf).join()})`)
      const insert = db.prepare(`INSERT INTO ${tableOf(name)} VALUES (?, ${columns.map(() => '?').join()})`)
      rows.forEach((row, n) => insert.run(n, ...columns.map(field => row.values.get(field)!.compared)))
      for (const field of columns) {
        if (field === 'id' || def.fields[field]!.is === 'one')
          db.exec(`CREATE INDEX ${quote(`${name} ${field} index`)} ON ${tableOf(name)} (${columnOf(field)})`)
      }
      for (const [field, many] of Object.entries(def.fields)) {
        if (many.is !== 'many') continue
        const { table, from, to } = many.through!
        db.exec(`CREATE TABLE ${pairsOf(name, field)} (near, far, PRIMARY KEY (near, far)) WITHOUT ROWID`)
        const pair = db.prepare(`INSERT INTO ${pairsOf(name, field)} VALUES (?, ?)`)
        for (const row of tables.rows(table)) pair.run(row[from]!, row[to]!)
      }
    }
    db.exec('COMMIT')
    tables.close()
    return db
  }
}

/** The fields that have a column of their own, the id first. */
export function* columnsOf(def: ResourceDef): Iterable<readonly [name: string, def: FieldDef]> {
  for (const [name, field] of Object.entries(def.fields)) {
    if (field.is === 'scalar' || field.is === 'one') yield [name, field]
  }
}

function rowsOf(
  def: ResourceDef,
  stored: readonly Readonly<Record<string, Stored>>[],
  ids: ReadonlyMap<string, (raw: Stored) => unknown>,
): ShownRow[] {
  const { key, composed, mixed = [] } = def.foreign!
  const isComposed = key.length > 1 || composed === true
  const form = keyForm(def.foreign!)
  const equal = new Map<string, number>()
  return stored.map(row => {
    const nth = (): bigint => {
      const text = composeKey(
        '',
        key.slice(0, -1).map(column => row[column]!),
      )
      const count = (equal.get(text) ?? 0) + 1
      equal.set(text, count)
      return BigInt(count)
    }
    const values = new Map<string, Operand>()
    for (const [name, field] of columnsOf(def)) {
      const column = field.column ?? name
      if (name === 'id') {
        const parts = (): Stored[] => key.map(one => (one === NTH ? nth() : row[one]!))
        const compared = isComposed ? composeKey(form, parts()) : row[key[0]!]!
        values.set(name, { shown: isComposed ? compared : shownId(field, compared), compared })
      } else if (field.is === 'one') {
        values.set(name, { shown: ids.get(field.to)!(row[column]!), compared: row[column]! })
      } else {
        const shown = shownAs(field, row[column]!)
        const isShown = mixed.includes(column) || (field.is === 'scalar' && field.type.name === 'text')
        values.set(name, { shown, compared: shown === null || isShown ? asSql(shown) : row[column]! })
      }
    }
    return { id: values.get('id')!.shown, values }
  })
}

function shownId(field: FieldDef, raw: Stored): unknown {
  if (raw instanceof Uint8Array) return Buffer.from(raw).toString('hex')
  const shown = shownAs(field, raw)
  return typeof shown === 'string' ? spelledId(shown) : shown
}

const asSql = (shown: unknown): Stored =>
  typeof shown === 'boolean'
    ? Number(shown)
    : typeof shown === 'object' && shown !== null
      ? JSON.stringify(shown)
      : (shown as Stored)
