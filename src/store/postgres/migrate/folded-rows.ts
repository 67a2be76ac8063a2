import { createHash } from 'node:crypto'
import { conversionOf } from '../../migrate/convert.ts'
import type { ColumnShape, DatabaseShape } from '../../migrate/shape.ts'
import { reverseOf, type ChangeColumn, type CopyLinks, type MigrationStep } from '../../migrate/step.ts'
import type { CustomTypes } from '../../migrate/type-data.ts'
import { Refused } from '../../../schema/read/refused.ts'
import type { Value } from '../../../schema/value.ts'
import type { Bind } from '../../sql/codec.ts'
import type { FoundTables } from './found-tables.ts'
import { decodedNative, nativeColumn } from './native-column.ts'

/** Where the value of a column comes from, before a plan is carried out. */
export interface Source {
  /** The column of the table as it is. null = there is none. */
  readonly column: string | null
  /** What it holds. */
  readonly as: ColumnShape
  /** The value of rows that have none. */
  readonly preset: Value
  readonly changes: readonly ValueChange[]
  /** The links whose first one each is the value. null = it has nothing to do with links. */
  readonly links: CopyLinks | null
  /** The number of the step that first makes other values of those in the column. null = none does. */
  readonly changedBy: number | null
}

/** What a step makes of a value. */
export interface ValueChange {
  readonly isIdentity: boolean
  /** Whether rows without a value get one. */
  readonly isFilling: boolean
  /** The column with the former values, which return. null = there are none. */
  readonly kept: string | null
  readonly make: (value: Value, kept: (column: string) => Bind) => Value | Refused
}

export interface FoldedRowsTable {
  /** The name that the table has now. null = it is not there. */
  readonly actual: string | null
  readonly isJoin: boolean
  readonly columns: Map<string, Source>
}

/** A column that goes, and the number of the step that lets it go. */
export interface GoneColumn {
  readonly actual: string
  readonly column: string
  readonly step: number
  /** Its values become links. */
  readonly isMoved: boolean
}

/** The name under which a table keeps what a step took away, for its reverse. */
export function keptName({ plan, step, way }: SavedStep): string {
  return `_restuary_was_${createHash('sha256').update(`${plan} ${step} ${way}`).digest('hex').slice(0, 20)}`
}

/** Beside a column with former values: whether a row came later, so that it never had one. */
export const laterName = (kept: string): string => `${kept}_later`

/** A step of a plan and its direction, of which something was put aside. */
export interface SavedStep {
  readonly plan: string
  readonly step: number
  readonly way: 'up' | 'down'
}

/** The tables as they are after steps that were not carried out yet: what makes the value of each column of their rows. */
export class FoldedRows {
  readonly tables: Map<string, FoldedRowsTable> = new Map()
  readonly gone: GoneColumn[] = []
  /** Kept tables that return, by the names that they get. */
  readonly returning: Map<string, string> = new Map()
  /** Tables that go, and the number of the step. */
  readonly dropped: { readonly actual: string; readonly step: number; readonly isMoved: boolean }[] = []
  /** Tables from which others get their rows. */
  readonly #copied = new Set<string>()
  readonly #found: FoundTables
  readonly #custom: CustomTypes

  constructor(shape: DatabaseShape, found: FoundTables, custom: CustomTypes) {
    this.#found = found
    this.#custom = custom
    for (const [name, { columns, key }] of Object.entries(shape))
      this.tables.set(name, {
        actual: name,
        isJoin: key.length > 1,
        columns: new Map(Object.entries(columns).map(([column, as]) => [column, sourceAt(column, as)])),
      })
  }

  /** Folds a step. `kept` is what its reverse has kept, if it has. */
  fold(step: MigrationStep, number: number, kept: string | null): void {
    const table = this.tables.get(step.table) ?? { actual: null, isJoin: false, columns: new Map<string, Source>() }
    const { columns, actual, isJoin } = table
    switch (step.do) {
      case 'create table':
        if (kept !== null && this.#found.has(kept)) this.returning.set(step.table, kept)
        this.tables.set(step.table, {
          actual: null,
          isJoin: step.as.key.length > 1,
          columns: new Map(Object.entries(step.as.columns).map(([column, as]) => [column, sourceAt(null, as)])),
        })
        return
      case 'drop table':
        if (actual !== null) this.dropped.push({ actual, step: number, isMoved: this.#copied.has(actual) })
        this.tables.delete(step.table)
        return
      case 'rename table':
        this.tables.delete(step.table)
        this.tables.set(step.to, table)
        return
      case 'rename column': {
        const renamed = [...columns].map(([name, source]) => [name === step.column ? step.to : name, source] as const)
        this.tables.set(step.table, { actual, isJoin, columns: new Map(renamed) })
        return
      }
      case 'drop column': {
        const { column } = columns.get(step.column)!
        if (actual !== null && column !== null)
          this.gone.push({ actual, column, step: number, isMoved: step.moved !== undefined })
        columns.delete(step.column)
        return
      }
      case 'add column':
        columns.set(step.column, { ...sourceAt(this.#has(actual, kept), step.as), preset: step.value ?? null })
        return
      case 'change column': {
        const source = columns.get(step.column)!
        const change = this.change(step, this.#has(actual, kept))
        const changedBy = source.changedBy ?? (change.isIdentity ? null : number)
        columns.set(step.column, { ...source, changes: [...source.changes, change], changedBy })
        return
      }
      case 'copy links':
        if (step.way === 'back') columns.set(step.column, { ...columns.get(step.column)!, links: step })
        return
      case 'copy pairs':
        this.#copied.add(step.way === 'there' ? step.join : step.table)
        return
      case 'add index':
      case 'drop index':
        return
      default:
        return step satisfies never
    }
  }

  #has(actual: string | null, kept: string | null): string | null {
    return kept !== null && actual !== null && this.#found.get(actual)?.columns.has(kept) === true ? kept : null
  }

  /** What a step makes of values. */
  change(step: ChangeColumn, kept: string | null): ValueChange {
    const { convert, isIdentity } = conversionOf(step, this.#custom)
    const missing = step.missing ?? null
    const make = (value: Value): Value | Refused => (value === null ? missing : convert(value))
    const isSame = nativeColumn(step.from, this.#custom).type === nativeColumn(step.to, this.#custom).type
    const isFilling = missing !== null
    if (kept === null) return { kept, isIdentity: isIdentity && isSame && !isFilling, isFilling, make }
    const forth = this.change(reverseOf(step) as ChangeColumn, null)
    const native = nativeColumn(step.to, this.#custom)
    return {
      kept,
      isIdentity: false,
      isFilling,
      make: (value, read) => {
        const was = decodedNative(native, read(kept))
        if (was === null && read(laterName(kept)) === 1) return make(value)
        const became = forth.make(was, read)
        return !(became instanceof Refused) && isEqual(became, value) ? was : make(value)
      },
    }
  }
}

const sourceAt = (column: string | null, as: ColumnShape): Source => ({
  column,
  as,
  preset: null,
  changes: [],
  links: null,
  changedBy: null,
})

const isEqual = (a: Value, b: Value): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)

/** The columns of the table that a source reads. */
export function columnsOf({ column, changes }: Source): string[] {
  const kept = changes.flatMap(change => (change.kept === null ? [] : [change.kept, laterName(change.kept)]))
  return [...(column === null ? [] : [column]), ...kept]
}

/** What makes the value of a source out of a row. `at` is the place of a column in the row; undefined = it is not there. */
export function reading(
  source: Source,
  custom: CustomTypes,
  at: (column: string) => number | undefined,
): (row: readonly Bind[]) => Value | Refused {
  const native = nativeColumn(source.as, custom)
  const place = source.column === null ? undefined : at(source.column)
  return row => {
    const stored = place === undefined ? null : row[place]!
    let value: Value | Refused = decodedNative(native, stored) ?? source.preset
    const kept = (column: string): Bind => row[at(column) ?? -1] ?? null
    for (const change of source.changes) {
      if (value instanceof Refused) return value
      value = change.make(value, kept)
    }
    return value
  }
}
