import { MigrationRefused } from '../../migrate/migrations.ts'
import type { CustomTypes } from '../../migrate/type-data.ts'
import { Refused } from '../../../schema/read/refused.ts'
import type { Value } from '../../../schema/value.ts'
import type { Bind } from '../../sql/codec.ts'
import type { PostgresConnection } from '../connection.ts'
import { quoted } from '../schema/identifier.ts'
import type { FoundTable } from './found-tables.ts'
import { columnsOf, reading } from './folded-rows.ts'
import { encodedNative, nativeColumn, type NativeColumn } from './native-column.ts'
import type { ChangedTable, Shadow } from './table-changes.ts'

/** Fills the new columns of a table from what its rows hold, some rows at a time. */
export class RowConverter {
  readonly table: ChangedTable
  readonly #connection: PostgresConnection
  readonly #columns: string[]
  readonly #keyTypes: readonly string[]
  readonly #made: readonly {
    readonly shadow: Shadow
    readonly native: NativeColumn
    readonly read: (row: readonly Bind[]) => Value | Refused
  }[]
  readonly #update: string

  constructor(connection: PostgresConnection, table: ChangedTable, found: FoundTable, custom: CustomTypes) {
    this.#connection = connection
    this.table = table
    const { key, actual } = table
    this.#keyTypes = key.map(column => found.columns.get(column)!.type)
    const shadows = table.shadows.filter(({ source }) => source !== null && source.links === null)
    const needed = shadows.flatMap(({ source }) => columnsOf(source!)).filter(column => found.columns.has(column))
    this.#columns = [...new Set([...key, ...needed])]
    const at = (column: string): number | undefined => {
      const place = this.#columns.indexOf(column)
      return place < 0 ? undefined : place
    }
    this.#made = shadows.map(shadow => ({
      shadow,
      native: nativeColumn(shadow.as, custom),
      read: reading(shadow.source!, custom, at),
    }))
    const types = [...this.#keyTypes, ...this.#made.map(({ native }) => native.type)]
    const sets = this.#made.map(({ shadow }, i) => `${quoted(shadow.name)} = u.v${i}`)
    this.#update = `update ${quoted(actual)} as t set ${sets.join()}
      from unnest(${types.map((type, i) => `$${i + 1}::${type}[]`).join()})
        as u(${[...key.map((_, i) => `k${i}`), ...this.#made.map((_, i) => `v${i}`)].join()})
      where ${key.map((column, i) => `t.${quoted(column)} = u.k${i}`).join(' and ')}`
  }

  get hasWork(): boolean {
    return this.#made.length > 0
  }

  /** Converts the rows that come next in the order of their keys. Returns the last key; null = there are no more. */
  async next(last: readonly Bind[] | null, limit: number): Promise<readonly Bind[] | null> {
    const list = this.table.key.map(quoted).join()
    const bounds = this.#keyTypes.map((type, i) => `$${i + 1}::${type}`).join()
    const after = last === null ? '' : `where (${list}) > (${bounds})`
    const rows = await this.#select(`${after} order by ${list} limit ${limit}`, last ?? [])
    await this.#write(rows)
    return rows.at(-1)?.slice(0, this.table.key.length) ?? null
  }

  /** Converts the rows with these ids, as the log has them, again. */
  async again(ids: readonly string[]): Promise<void> {
    const [id] = this.table.key
    const rows = await this.#select(`where ${quoted(id!)} = any($1::text[]::${this.#keyTypes[0]!}[])`, [ids])
    // Rows may exchange values that are unique.
    const sets = this.#made.map(({ shadow }) => `${quoted(shadow.name)} = default`).join()
    await this.#connection.all(
      {
        name: undefined,
        sql: `update ${quoted(this.table.actual)} set ${sets} where ${quoted(id!)} = any($1::text[]::${this.#keyTypes[0]!}[])`,
        slots: null,
      },
      ids,
    )
    await this.#write(rows)
  }

  async #select(rest: string, values: readonly (Bind | readonly Bind[])[]): Promise<Bind[][]> {
    const sql = `select ${this.#columns.map(quoted).join()} from ${quoted(this.table.actual)} ${rest}`
    return (await this.#connection.all({ name: undefined, sql, slots: null }, ...values)) as unknown as Bind[][]
  }

  async #write(rows: readonly Bind[][]): Promise<void> {
    if (rows.length === 0) return
    const keys = this.table.key.map((_, i) => rows.map(row => row[i]!))
    const values = this.#made.map(({ shadow, native, read }) =>
      rows.map(row => {
        const value = read(row)
        if (value instanceof Refused || (value === null && shadow.as.required))
          throw new MigrationRefused(
            `A row that came in the meantime stands against it: ${this.table.name}.${shadow.column} of ${String(row[0])} ${value === null ? 'has no value' : value.detail}. Plan again`,
          )
        return encodedNative(native, value)
      }),
    )
    await this.#connection.all({ name: undefined, sql: this.#update, slots: null }, ...keys, ...values)
  }
}
