import { randomUUID } from 'node:crypto'
import { MigrationRefused, noSuchResource } from '../../migrate/migrations.ts'
import { isVersion, type ColumnShape, type DatabaseShape, type TableShape } from '../../migrate/shape.ts'
import { columnTypeOf, type CustomTypes } from '../../migrate/type-data.ts'
import type { Id } from '../../../schema/field.ts'
import { Refused } from '../../../schema/read/refused.ts'
import type { ScalarType } from '../../../schema/scalar-type.ts'
import type { Value } from '../../../schema/value.ts'
import type { Bind } from '../../sql/codec.ts'
import type { Connection, Statement } from '../connection.ts'
import type { MetaTable } from '../log/meta.ts'
import { decodedValue } from './folded-tables.ts'
import { quote } from './table-sql.ts'

type Values = Readonly<Record<string, Value>>

/** A row by the names of its fields, and its version. */
export interface LoggedRow {
  readonly id: Id
  readonly values: Values
}

/** What tables are written with. */
export interface LoggedTablesOptions {
  readonly connection: Connection
  readonly meta: MetaTable
  readonly shape: DatabaseShape
  readonly custom: CustomTypes
  readonly clock: () => number
}

/** The tables of a file as their shape says, whatever is declared now. Each change that is written is recorded in the log. */
export class LoggedTables {
  readonly options: LoggedTablesOptions
  readonly #tables = new Map<string, LoggedTable>()
  readonly #append: Statement
  readonly #head: Statement
  #tx = 0
  #seq = 0
  /** The time of the open commit. */
  at = 0
  /** Whether rows were written that refer to others, or deleted. */
  hasRelated = false

  constructor(options: LoggedTablesOptions) {
    this.options = options
    const { connection } = options
    this.#head = connection.prepare('SELECT max(seq) FROM _restuary_log')
    this.#append = connection.prepare(
      'INSERT INTO _restuary_log(seq, tx, at, resource, id, op, before, after) VALUES (?,?,?,?,?,?,?,?)',
    )
  }

  /** @throws {MigrationRefused} if there is no such resource. */
  of(resource: string): LoggedTable {
    const known = this.#tables.get(resource)
    if (known !== undefined) return known
    const [name, as] = Object.entries(this.options.shape).find(([, table]) => table.resource === resource) ?? []
    if (name === undefined || as === undefined) throw noSuchResource(resource)
    const table = new LoggedTable(this, name, as)
    this.#tables.set(resource, table)
    return table
  }

  /** Begins a commit of the log, within the open transaction. */
  begin(): void {
    this.#seq = (this.#head.get()?.[0] as number | null) ?? 0
    this.#tx = this.#seq + 1
    this.at = this.options.clock()
  }

  /** The position of the next change. */
  next(): number {
    return ++this.#seq
  }

  record(seq: number, resource: string, id: Id, op: string, before: Values | null, after: Values | null): void {
    const text = (values: Values | null): string | null => (values === null ? null : JSON.stringify(values))
    this.#append.run(seq, this.#tx, this.at, resource, id, op, text(before), text(after))
  }
}

interface LoggedColumn {
  readonly column: string
  /** The field; the column itself if it has none. */
  readonly name: string
  readonly as: ColumnShape
  readonly type: ScalarType
}

class LoggedTable {
  readonly #tables: LoggedTables
  readonly #name: string
  readonly #resource: string
  readonly #columns: readonly LoggedColumn[]
  readonly #id: LoggedColumn
  readonly #select: string

  constructor(tables: LoggedTables, name: string, { columns, key, resource }: TableShape) {
    this.#tables = tables
    this.#name = name
    this.#resource = resource!
    this.#columns = Object.entries(columns)
      .filter(([column]) => !isVersion(column))
      .map(([column, as]) => ({ column, name: as.field ?? column, as, type: columnTypeOf(as, tables.options.custom) }))
    this.#id = this.#columns.find(({ column }) => column === key[0])!
    this.#select = `SELECT _seq, _at, ${this.#columns.map(({ column }) => quote(column)).join()} FROM ${quote(name)}`
  }

  count(): number {
    return this.#tables.options.connection.prepare(`SELECT count(*) FROM ${quote(this.#name)}`).get()?.[0] as number
  }

  /** The next rows in the order of their ids. */
  after(last: Id | null, limit: number): LoggedRow[] {
    const id = quote(this.#id.column)
    const rows = this.#tables.options.connection.db.prepare(
      `${this.#select} ${last === null ? '' : `WHERE ${id} > ?`} ORDER BY ${id} LIMIT ${limit}`,
    )
    rows.setReadBigInts(true)
    rows.setReturnArrays(true)
    const from = last === null ? [] : [this.#stored(this.#id, last)]
    return (rows.all(...from) as unknown as Bind[][]).map(row => this.#row(row))
  }

  #row([seq, at, ...stored]: Bind[]): LoggedRow {
    const values: Record<string, Value> = { _seq: Number(seq), _at: Number(at) }
    this.#columns.forEach(({ name, type }, i) => (values[name] = decodedValue(type, stored[i]!)))
    return { id: values[this.#id.name] as Id, values }
  }

  #stored({ name, as, type }: LoggedColumn, value: Value): Bind {
    if (as.references !== null) this.#tables.hasRelated = true
    if (value === null) return null
    const read = type.check(value)
    if (read instanceof Refused)
      throw new MigrationRefused(
        `${this.#resource}.${name} ${read.detail}, but the step gives ${JSON.stringify(value)}`,
      )
    const stored = type.sql.encode(read)
    return as.storage === 'INTEGER' && typeof stored === 'number' ? BigInt(stored) : stored
  }

  #column(name: string): LoggedColumn {
    const column = this.#columns.find(one => one.name === name)
    if (column === undefined)
      throw new MigrationRefused(
        `${this.#resource} has no field ${name} in the database: add it by a plan before this step`,
      )
    return column
  }

  change({ id, values }: LoggedRow, changes: Values): void {
    const changed = Object.entries(changes).filter(
      ([name, value]) => value !== undefined && JSON.stringify(value) !== JSON.stringify(values[name]),
    )
    if (changed.length === 0) return
    const seq = this.#tables.next()
    const columns = changed.map(([name]) => this.#column(name))
    const sets = ['_seq = ?', '_at = ?', ...columns.map(({ column }) => `${quote(column)} = ?`)]
    const { connection } = this.#tables.options
    connection
      .cached(`migrate ${this.#name} ${sets.join()}`, () => ({
        sql: `UPDATE ${quote(this.#name)} SET ${sets.join(', ')} WHERE ${quote(this.#id.column)} = ?`,
        slots: null,
      }))
      .run(
        seq,
        this.#tables.at,
        ...changed.map(([, value], i) => this.#stored(columns[i]!, value)),
        this.#stored(this.#id, id),
      )
    const was = Object.fromEntries(changed.map(([name]) => [name, values[name]!]))
    const before = { _seq: values['_seq']!, _at: values['_at']!, ...was }
    const after = { ...values, ...Object.fromEntries(changed), _seq: seq, _at: this.#tables.at }
    this.#tables.record(seq, this.#resource, id, 'patch', before, after)
  }

  remove({ id, values }: LoggedRow): void {
    const seq = this.#tables.next()
    this.#tables.hasRelated = true
    const { connection, meta } = this.#tables.options
    if (typeof id === 'number') meta.set(`id:${this.#resource}`, String(this.#top()))
    connection
      .prepare(`DELETE FROM ${quote(this.#name)} WHERE ${quote(this.#id.column)} = ?`)
      .run(this.#stored(this.#id, id))
    this.#tables.record(seq, this.#resource, id, 'delete', values, null)
  }

  #top(): number {
    const { connection, meta } = this.#tables.options
    const stored = connection.prepare(`SELECT max(${quote(this.#id.column)}) FROM ${quote(this.#name)}`).get()?.[0]
    return Math.max(Number(stored ?? 0), Number(meta.get(`id:${this.#resource}`) ?? 0), 0)
  }

  /** Adds a row, and returns its id. */
  add(given: Values): Id {
    const seq = this.#tables.next()
    const id = (given[this.#id.name] ?? this.#nextId()) as Id
    const values: Record<string, Value> = { _seq: seq, _at: this.#tables.at }
    for (const { name } of this.#columns) values[name] = given[name] ?? null
    values[this.#id.name] = id
    for (const name of Object.keys(given)) this.#column(name)
    const places = ['_seq', '_at', ...this.#columns.map(({ column }) => quote(column))]
    this.#tables.options.connection
      .cached(`migrate add ${this.#name}`, () => ({
        sql: `INSERT INTO ${quote(this.#name)}(${places.join()}) VALUES (${places.map(() => '?').join()})`,
        slots: null,
      }))
      .run(seq, this.#tables.at, ...this.#columns.map(column => this.#stored(column, values[column.name]!)))
    this.#tables.record(seq, this.#resource, id, 'create', null, values)
    return id
  }

  #nextId(): Id {
    if (this.#id.as.storage === 'INTEGER') return this.#top() + 1
    const read = this.#id.type.readText(randomUUID())
    if (read instanceof Refused) throw new MigrationRefused(`A row of ${this.#resource} needs an id: ${read.detail}`)
    return read as Id
  }
}
