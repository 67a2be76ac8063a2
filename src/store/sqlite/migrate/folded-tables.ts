import { conversionOf, type Conversion } from '../../migrate/convert.ts'
import { columnTypeOf, type CustomTypes } from '../../migrate/type-data.ts'
import type { DatabaseShape } from '../../migrate/shape.ts'
import { reverseOf, type ChangeColumn, type MigrationStep } from '../../migrate/step.ts'
import { Refused } from '../../../schema/read/refused.ts'
import type { ScalarType } from '../../../schema/scalar-type.ts'
import type { Value } from '../../../schema/value.ts'
import type { Bind } from '../../sql/codec.ts'
import type { Connection } from '../connection.ts'
import { literal, quote } from './table-sql.ts'

/** A table between the steps of a plan: where its rows are, and what makes the value of each column of them. */
export interface FoldedTable {
  /** The name that the table has in the file; null = it is not there. */
  readonly actual: string | null
  readonly columns: Map<string, string>
}

/** Values that a step put aside, which its reverse takes up again. */
export interface Saved {
  readonly plan: string
  readonly step: number
  readonly way: 'up' | 'down'
}

export const WAS = `
  CREATE TABLE IF NOT EXISTS _restuary_was(
    plan TEXT NOT NULL, step INTEGER NOT NULL, way TEXT NOT NULL, id ANY NOT NULL, old ANY, new ANY,
    PRIMARY KEY(plan, step, way, id)) STRICT, WITHOUT ROWID`

/**
 * The tables of a file as they are after steps that were not carried out yet: each column is an SQL expression over the rows
 * that are there. So several steps cost one pass over the rows, and can be asked about before anything is changed.
 */
export class FoldedTables {
  readonly #tables = new Map<string, FoldedTable>()
  readonly #connection: Connection
  readonly custom: CustomTypes
  #conversions = 0

  constructor(connection: Connection, shape: DatabaseShape, custom: CustomTypes) {
    this.#connection = connection
    this.custom = custom
    for (const [name, { columns }] of Object.entries(shape)) this.#tables.set(name, asIs(name, Object.keys(columns)))
  }

  at(table: string): FoldedTable | undefined {
    return this.#tables.get(table)
  }

  /** The SQL of a column, as it is after the steps so far. */
  column(table: string, column: string): string | undefined {
    return this.#tables.get(table)?.columns.get(column)
  }

  /** A table is in the file as its shape says. */
  settle(table: string, columns: Iterable<string>): void {
    this.#tables.set(table, asIs(table, columns))
  }

  /** Folds a step. `restored` is what its reverse has put aside; null = nothing. */
  fold(step: MigrationStep, restored: Saved | null): void {
    const { columns, actual } = this.#tables.get(step.table) ?? { columns: new Map<string, string>(), actual: null }
    switch (step.do) {
      case 'create table':
        this.#tables.set(step.table, { actual: null, columns: new Map() })
        return
      case 'drop table':
        this.#tables.delete(step.table)
        return
      case 'rename table':
        this.#tables.delete(step.table)
        this.#tables.set(step.to, { actual, columns })
        return
      case 'rename column': {
        const renamed = [...columns].map(([name, sql]) => [name === step.column ? step.to : name, sql] as const)
        this.#tables.set(step.table, { actual, columns: new Map(renamed) })
        return
      }
      case 'drop column':
        columns.delete(step.column)
        return
      case 'add column': {
        const value = step.value === undefined ? null : columnTypeOf(step.as, this.custom).sql.encode(step.value)
        columns.set(step.column, taken(restored, this.#id(step.table), null, literal(value)))
        return
      }
      case 'change column': {
        const here = columns.get(step.column)!
        const changed = this.changed(step, here)
        columns.set(step.column, taken(restored, this.#id(step.table), here, changed))
        return
      }
      case 'add index':
      case 'drop index':
        return
      default:
        return step satisfies never
    }
  }

  #id(table: string): string {
    return this.#tables.get(table)!.columns.values().next().value!
  }

  /** The SQL of the new value of a column. */
  changed(step: ChangeColumn, here: string): string {
    const conversion = conversionOf(step, this.custom)
    if (conversion.isIdentity && step.missing === undefined) return here
    return `${this.#define(conversion, step.missing)}(${here})`
  }

  /** The SQL of the value that the reverse of a step would make of a new value. */
  changedBack(step: ChangeColumn, changed: string): string {
    return this.changed(reverseOf(step) as ChangeColumn, changed)
  }

  #define({ from, to, convert }: Conversion, missing: Value = null): string {
    const name = `restuary_convert_${this.#conversions++}`
    this.#connection.db.function(name, { deterministic: true, useBigIntArguments: true }, stored => {
      const value = decodedValue(from, stored)
      const becomes = value === null ? missing : convert(value)
      return becomes instanceof Refused ? null : storedOf(to, becomes)
    })
    return name
  }
}

const asIs = (actual: string, columns: Iterable<string>): FoldedTable => ({
  actual,
  columns: new Map([...columns].map(column => [column, `t.${quote(column)}`])),
})

/** The value that was put aside for the row, if it has not changed since; else the other. */
function taken(saved: Saved | null, id: string, here: string | null, otherwise: string): string {
  if (saved === null) return otherwise
  const row = savedRow(saved, id, here)
  return `CASE WHEN EXISTS (SELECT 1 ${row}) THEN (SELECT w.old ${row}) ELSE ${otherwise} END`
}

/**
 * The `FROM` clause of the value that was put aside for a row. The plus takes the affinity of the id away, without which SQLite
 * would convert the ids of the other side and not use their index (https://sqlite.org/datatype3.html §4.2).
 */
export function savedRow({ plan, step, way }: Saved, id: string, here: string | null): string {
  const same = here === null ? '' : ` AND w.new IS ${here}`
  return `FROM _restuary_was w WHERE w.plan = ${literal(plan)} AND w.step = ${step} AND w.way = '${way}' AND w.id = +${id}${same}`
}

/** A stored value as JSON shows it. */
export function decodedValue({ sql }: ScalarType, stored: Bind): Value {
  if (stored === null) return null
  const read: Bind =
    typeof stored !== 'bigint'
      ? stored
      : sql.select === 'text' || !Number.isSafeInteger(Number(stored))
        ? String(stored)
        : Number(stored)
  return sql.decode ? sql.decode(read) : (read as Value)
}

/** JavaScript's integers would come back as reals. */
function storedOf({ sql }: ScalarType, value: Value): Bind {
  const stored = sql.encode(value)
  return Number.isSafeInteger(stored) ? BigInt(stored as number) : stored
}
