import { conversionOf, type Conversion } from '../../migrate/convert.ts'
import { columnTypeOf, type CustomTypes } from '../../migrate/type-data.ts'
import type { DatabaseShape } from '../../migrate/shape.ts'
import { reverseOf, type ChangeColumn, type CopyLinks, type MigrationStep } from '../../migrate/step.ts'
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
  /** Several columns are its key. What is put aside of it is found by the value itself. */
  readonly isJoin: boolean
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
    for (const [name, { columns, key }] of Object.entries(shape))
      this.#tables.set(name, asIs(name, Object.keys(columns), key.length > 1))
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
    this.#tables.set(table, asIs(table, columns, this.#tables.get(table)?.isJoin ?? false))
  }

  /** Folds a step. `restored` is what its reverse has put aside; null = nothing. */
  fold(step: MigrationStep, restored: Saved | null): void {
    const { columns, actual, isJoin } = this.#tables.get(step.table) ?? asIs(null, [], false)
    switch (step.do) {
      case 'create table':
        this.#tables.set(step.table, asIs(null, [], step.as.key.length > 1))
        return
      case 'drop table':
        this.#tables.delete(step.table)
        return
      case 'rename table':
        this.#tables.delete(step.table)
        this.#tables.set(step.to, { actual, columns, isJoin })
        return
      case 'rename column': {
        const renamed = [...columns].map(([name, sql]) => [name === step.column ? step.to : name, sql] as const)
        this.#tables.set(step.table, { actual, columns: new Map(renamed), isJoin })
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
        columns.set(step.column, this.becoming(step, columns.get(step.column)!, restored))
        return
      }
      case 'copy links':
        if (step.way === 'back') columns.set(step.column, this.#linked(step, columns.get(step.column)!))
        return
      case 'copy pairs':
      case 'add index':
      case 'drop index':
        return
      default:
        return step satisfies never
    }
  }

  /** The reference that a row has after its links: the former one if there is still such a link, else the one that it keeps. */
  #linked({ table, join, owner, other, keep }: CopyLinks, here: string): string {
    const links = this.#tables.get(join)!
    const column = (name: string): string => links.columns.get(name)!.replace(/^t\./, 'l.')
    const of = `FROM ${quote(links.actual!)} l WHERE ${column(owner)} = ${this.#id(table)}`
    const isLinked = `EXISTS (SELECT 1 ${of} AND ${column(other)} = ${here})`
    return `CASE WHEN ${isLinked} THEN ${here} ELSE (SELECT ${keep === 'last' ? 'max' : 'min'}(${column(other)}) ${of}) END`
  }

  /** The condition of rows that have several links. */
  severalLinks({ table, join, owner }: CopyLinks): string {
    const links = this.#tables.get(join)!
    if (links.actual === null) return 'FALSE'
    const column = links.columns.get(owner)!.replace(/^t\./, 'l.')
    return `(SELECT count(*) FROM ${quote(links.actual)} l WHERE ${column} = ${this.#id(table)}) > 1`
  }

  #id(table: string): string {
    return this.#tables.get(table)!.columns.values().next().value!
  }

  /** The SQL of what a value becomes: what was put aside for the row, or the value of the new type. */
  becoming(step: ChangeColumn, here: string, restored: Saved | null): string {
    const { isJoin } = this.#tables.get(step.table)!
    return taken(restored, isJoin ? here : this.#id(step.table), here, this.changed(step, here))
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

const asIs = (actual: string | null, columns: Iterable<string>, isJoin: boolean): FoldedTable => ({
  actual,
  columns: new Map([...columns].map(column => [column, `t.${quote(column)}`])),
  isJoin,
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
