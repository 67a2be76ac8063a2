import { randomUUID } from 'node:crypto'
import { MigrationRefused, noSuchResource } from '../../../migrate/migrations.ts'
import { isVersion, type ColumnShape, type DatabaseShape, type TableShape } from '../../../migrate/shape.ts'
import type { CustomTypes } from '../../../migrate/type-data.ts'
import type { Id } from '../../../../schema/field.ts'
import { Refused } from '../../../../schema/read/refused.ts'
import type { Value } from '../../../../schema/value.ts'
import type { Bind } from '../../../sql/codec.ts'
import type { BoundValue, PostgresConnection } from '../../connection.ts'
import { identifier, quoted } from '../../schema/identifier.ts'
import { decodedNative, encodedNative, nativeColumn, type NativeColumn } from '../native-column.ts'

type Values = Readonly<Record<string, Value>>

/** A row by the names of its fields, and its version. */
export interface RecordedRow {
  readonly id: Id
  readonly values: Values
}

/** What tables are written with. */
export interface RecordedTablesOptions {
  readonly connection: PostgresConnection
  readonly shape: DatabaseShape
  readonly custom: CustomTypes
  readonly clock: () => number
}

interface Statement {
  readonly sql: string
  readonly values: readonly BoundValue[]
}

/** Thrown if a new row needs an id, and none are left of those that were asked for. */
export class NeedsIds extends Error {
  readonly resource: string

  constructor(resource: string) {
    super(`${resource} needs ids`)
    this.resource = resource
  }
}

/** Ids that are asked for at a time. */
const IDS = 500

/** The tables of a schema as their shape says, whatever is declared now. Each change is recorded in the log. */
export class RecordedTables {
  readonly options: RecordedTablesOptions
  readonly #tables = new Map<string, RecordedTable>()
  #written: Statement[] = []
  readonly #changed = new Map<string, number>()
  #tx = 0
  #seq = 0
  /** The time of the open commit. */
  at = 0
  /** Whether rows were written that refer to others, or deleted. */
  hasRelated = false

  constructor(options: RecordedTablesOptions) {
    this.options = options
  }

  /** @throws {MigrationRefused} if there is no such resource. */
  of(resource: string): RecordedTable {
    const known = this.#tables.get(resource)
    if (known !== undefined) return known
    const [name, as] = Object.entries(this.options.shape).find(([, table]) => table.resource === resource) ?? []
    if (name === undefined || as === undefined) throw noSuchResource(resource)
    const table = new RecordedTable(this, name, as)
    this.#tables.set(resource, table)
    return table
  }

  all(sql: string, ...values: readonly BoundValue[]): Promise<Bind[][]> {
    return this.options.connection.all({ name: undefined, sql, slots: null }, ...values) as unknown as Promise<Bind[][]>
  }

  /** Begins a commit of the log, within the open transaction. Other nodes commit after it. */
  async begin(): Promise<void> {
    const [row] = await this.all('select pos from _restuary_head where k = 1 for update')
    this.#seq = row![0] as number
    this.#tx = this.#seq + 1
    this.at = this.options.clock()
    this.#written = []
    this.#changed.clear()
  }

  /** What was written so far, to go back to. */
  get state(): readonly [written: number, seq: number] {
    return [this.#written.length, this.#seq]
  }

  reset([written, seq]: RecordedTables['state']): void {
    this.#written.length = written
    this.#seq = seq
  }

  /** Writes everything, and moves the head of the log. */
  async write(): Promise<void> {
    if (this.#seq < this.#tx) return
    await Promise.all(this.#written.map(({ sql, values }) => this.all(sql, ...values)))
    const [resources, seqs] = [[...this.#changed.keys()], [...this.#changed.values()]]
    await this.all(
      `insert into _restuary_changed select * from unnest($1::text[], $2::bigint[])
       on conflict (resource) do update set seq = excluded.seq`,
      resources,
      seqs,
    )
    await this.all('update _restuary_head set pos = $1, nonce = null where k = 1', this.#seq)
  }

  /** The position of the next change. */
  next(): number {
    return ++this.#seq
  }

  later(sql: string, ...values: readonly BoundValue[]): void {
    this.#written.push({ sql, values })
  }

  record(seq: number, resource: string, id: Id, op: string, before: Values | null, after: Values | null): void {
    const text = (values: Values | null): string | null => (values === null ? null : JSON.stringify(values))
    this.#changed.set(resource, seq)
    this.later(
      'insert into _restuary_log(seq, tx, at, resource, id, op, before, after) values ($1, $2, $3, $4, $5, $6, $7, $8)',
      seq,
      this.#tx,
      this.at,
      resource,
      String(id),
      op,
      text(before),
      text(after),
    )
  }
}

interface RecordedColumn {
  readonly column: string
  /** The field; the column itself if it has none. */
  readonly name: string
  readonly as: ColumnShape
  readonly native: NativeColumn
}

class RecordedTable {
  readonly #tables: RecordedTables
  readonly #name: string
  readonly #resource: string
  readonly #columns: readonly RecordedColumn[]
  readonly #id: RecordedColumn
  readonly #ids: Id[] = []

  constructor(tables: RecordedTables, name: string, { columns, key, resource }: TableShape) {
    this.#tables = tables
    this.#name = name
    this.#resource = resource!
    const { custom } = tables.options
    this.#columns = Object.entries(columns)
      .filter(([column]) => !isVersion(column))
      .map(([column, as]) => ({ column, name: as.field ?? column, as, native: nativeColumn(as, custom) }))
    this.#id = this.#columns.find(({ column }) => column === key[0])!
  }

  async count(): Promise<number> {
    const [row] = await this.#tables.all(`select count(*) from ${quoted(this.#name)}`)
    return row![0] as number
  }

  /** The next rows in the order of their ids. */
  async after(last: Id | null, limit: number): Promise<RecordedRow[]> {
    const id = quoted(this.#id.column)
    const list = this.#columns.map(({ column }) => quoted(column)).join()
    const bound = last === null ? '' : `where ${id} > $1::${this.#id.native.type}`
    const rows = await this.#tables.all(
      `select _seq, _at, ${list} from ${quoted(this.#name)} ${bound} order by ${id} limit ${limit}`,
      ...(last === null ? [] : [encodedNative(this.#id.native, last)]),
    )
    return rows.map(row => this.#row(row))
  }

  #row([seq, at, ...stored]: Bind[]): RecordedRow {
    const values: Record<string, Value> = { _seq: Number(seq), _at: Number(at) }
    this.#columns.forEach(({ name, native }, i) => (values[name] = decodedNative(native, stored[i]!)))
    return { id: values[this.#id.name] as Id, values }
  }

  #stored({ name, as, native }: RecordedColumn, value: Value): Bind {
    if (as.references !== null) this.#tables.hasRelated = true
    if (value === null) return null
    const read = native.scalar.check(value)
    if (read instanceof Refused)
      throw new MigrationRefused(
        `${this.#resource}.${name} ${read.detail}, but the step gives ${JSON.stringify(value)}`,
      )
    return native.codec.encode(read)
  }

  #column(name: string): RecordedColumn {
    const column = this.#columns.find(one => one.name === name)
    if (column === undefined)
      throw new MigrationRefused(
        `${this.#resource} has no field ${name} in the database: add it by a plan before this step`,
      )
    return column
  }

  change({ id, values }: RecordedRow, changes: Values): void {
    const changed = Object.entries(changes).filter(
      ([name, value]) => value !== undefined && JSON.stringify(value) !== JSON.stringify(values[name]),
    )
    if (changed.length === 0) return
    const seq = this.#tables.next()
    const columns = changed.map(([name]) => this.#column(name))
    const sets = columns.map(({ column }, i) => `${quoted(column)} = $${i + 4}`)
    this.#tables.later(
      `update ${quoted(this.#name)} set ${['_seq = $1', '_at = $2', ...sets].join()} where ${quoted(this.#id.column)} = $3`,
      seq,
      this.#tables.at,
      encodedNative(this.#id.native, id),
      ...changed.map(([, value], i) => this.#stored(columns[i]!, value)),
    )
    const was = Object.fromEntries(changed.map(([name]) => [name, values[name]!]))
    const before = { _seq: values['_seq']!, _at: values['_at']!, ...was }
    const after = { ...values, ...Object.fromEntries(changed), _seq: seq, _at: this.#tables.at }
    this.#tables.record(seq, this.#resource, id, 'patch', before, after)
  }

  remove({ id, values }: RecordedRow): void {
    const seq = this.#tables.next()
    this.#tables.hasRelated = true
    this.#tables.later(
      `delete from ${quoted(this.#name)} where ${quoted(this.#id.column)} = $1`,
      encodedNative(this.#id.native, id),
    )
    this.#tables.record(seq, this.#resource, id, 'delete', values, null)
  }

  /** Adds a row, and returns its id. @throws {NeedsIds} if there are none left. */
  add(given: Values): Id {
    const id = (given[this.#id.name] ?? this.#nextId()) as Id
    const seq = this.#tables.next()
    const values: Record<string, Value> = { _seq: seq, _at: this.#tables.at }
    for (const { name } of this.#columns) values[name] = given[name] ?? null
    values[this.#id.name] = id
    for (const name of Object.keys(given)) this.#column(name)
    const places = ['_seq', '_at', ...this.#columns.map(({ column }) => quoted(column))]
    this.#tables.later(
      `insert into ${quoted(this.#name)}(${places.join()}) values (${places.map((_, i) => `$${i + 1}`).join()})`,
      seq,
      this.#tables.at,
      ...this.#columns.map(column => this.#stored(column, values[column.name]!)),
    )
    this.#tables.record(seq, this.#resource, id, 'create', null, values)
    return id
  }

  #nextId(): Id {
    if (this.#id.as.storage === 'INTEGER') {
      const id = this.#ids.shift()
      if (id === undefined) throw new NeedsIds(this.#resource)
      return id
    }
    const read = this.#id.native.scalar.readText(randomUUID())
    if (read instanceof Refused) throw new MigrationRefused(`A row of ${this.#resource} needs an id: ${read.detail}`)
    return read as Id
  }

  /** Asks for more ids. The sequence is there if an application has opened the schema with this resource. */
  async fetchIds(): Promise<void> {
    const sequence = quoted(identifier(`_restuary_id_${this.#name}`))
    const id = quoted(this.#id.column)
    await this.#tables.options.connection.exec(`create sequence if not exists ${sequence}`)
    await this.#tables.all(
      `select setval('${sequence.replaceAll("'", "''")}', top) from (select max(${id}) as top from ${quoted(this.#name)}) as t, ${sequence}
       where top > last_value or (top = last_value and not is_called)`,
    )
    const rows = await this.#tables.all(
      `select nextval('${sequence.replaceAll("'", "''")}') from generate_series(1, ${IDS})`,
    )
    this.#ids.push(...rows.map(([next]) => next as number))
  }
}
