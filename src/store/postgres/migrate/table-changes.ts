import { createHash } from 'node:crypto'
import { applyStep } from '../../migrate/apply-step.ts'
import { MigrationRefused } from '../../migrate/migrations.ts'
import type { ColumnShape, DatabaseShape, IndexShape } from '../../migrate/shape.ts'
import type { CopyLinks, CopyPairs, MigrationStep } from '../../migrate/step.ts'
import type { CustomTypes } from '../../migrate/type-data.ts'
import { Refused } from '../../../schema/read/refused.ts'
import type { Value } from '../../../schema/value.ts'
import { INDEX_PREFIX } from '../../sql/tables/schema.ts'
import { identifier } from '../schema/identifier.ts'
import type { FoundTable, FoundTables } from './found-tables.ts'
import { FoldedRows, keptName, laterName, reading, type SavedStep, type Source } from './folded-rows.ts'
import { nativeColumn } from './native-column.ts'

/** Under which names the steps of a plan put values aside. null = what goes is lost. */
export interface ColumnKeeping {
  readonly saves: (step: number) => SavedStep
  /** What the reverse of a step has put aside, if it has. */
  readonly restores: (step: number) => SavedStep
}

/** What is to be done to the tables, compared as a whole. */
export interface TableChanges {
  readonly shape: DatabaseShape
  readonly after: DatabaseShape
  readonly steps: readonly MigrationStep[]
  readonly changed: readonly ChangedTable[]
  /** New tables. `from` = the kept one that returns. */
  readonly created: readonly { readonly name: string; readonly from: string | null }[]
  /** Tables that go. `to` = the name under which they are kept. */
  readonly dropped: readonly { readonly name: string; readonly to: string | null }[]
  readonly links: readonly CopyLinks[]
  readonly pairs: readonly CopyPairs[]
}

/** A table that stays. Its columns and indexes become others beside the present ones, until they take their places. */
export interface ChangedTable {
  readonly actual: string
  readonly name: string
  /** The resource as the log names it before; null for a join table. */
  readonly resource: string | null
  readonly key: readonly string[]
  readonly shadows: readonly Shadow[]
  /** Columns that stay under another name. */
  readonly renames: readonly (readonly [from: string, to: string])[]
  /** Columns that go. `to` = the name under which they are kept; `marks` = rows that come later are told apart. */
  readonly gone: readonly { readonly column: string; readonly to: string | null; readonly marks: boolean }[]
  readonly indexes: readonly ChangedIndex[]
  /** Columns that must have a value from now on. */
  readonly required: readonly string[]
  /** Whether its primary key is made of other columns. */
  readonly isKeyed: boolean
  readonly isJoin: boolean
}

/** A column that is made beside the others, and gets its place at the end. */
export interface Shadow {
  readonly name: string
  readonly column: string
  readonly as: ColumnShape
  /** What makes its values. null = all rows have `constant`. */
  readonly source: Source | null
  readonly constant: Value
}

export interface ChangedIndex extends IndexShape {
  readonly name: string
  /** The one that is there already, under this name. null = it has to be built. */
  readonly from: string | null
}

/** A name for what is made beside what is there, until it takes its place. */
export const shadowName = (of: string): string =>
  `_restuary_new_${createHash('sha256').update(of).digest('hex').slice(0, 20)}`

/** Whether something is there only until a plan was carried out. */
export const isPassing = (name: string): boolean => name.startsWith('_restuary_new_')

export const isOurIndex = (name: string): boolean => name.startsWith(INDEX_PREFIX) || isPassing(name)

/** Compares the tables before and after a plan. Nothing is changed. @throws {StepMisfit} if a step does not fit the shape. */
export function tableChanges(
  shape: DatabaseShape,
  found: FoundTables,
  steps: readonly MigrationStep[],
  { custom, keeping }: { readonly custom: CustomTypes; readonly keeping: ColumnKeeping | null },
): TableChanges {
  const folded = new FoldedRows(shape, found, custom)
  let after = shape
  for (const [number, step] of steps.entries()) {
    const applied = applyStep(after, step)
    folded.fold(step, number, keeping === null ? null : keptName(keeping.restores(number)))
    after = applied
  }
  const keptAs = (step: number): string | null => (keeping === null ? null : keptName(keeping.saves(step)))
  return {
    shape,
    after,
    steps,
    changed: [...folded.tables].flatMap(([name, { actual }]) =>
      actual === null ? [] : (new Comparison({ shape, after, found, folded, custom, keptAs }).of(name, actual) ?? []),
    ),
    created: [...folded.tables].flatMap(([name, { actual }]) =>
      actual === null ? [{ name, from: folded.returning.get(name) ?? null }] : [],
    ),
    dropped: folded.dropped.map(({ actual, step, isMoved }) => ({
      name: actual,
      to: keptAs(step) ?? (isMoved ? shadowName(`moved ${actual}`) : null),
    })),
    pairs: steps.filter(step => step.do === 'copy pairs'),
    links: steps.filter(step => step.do === 'copy links').filter(({ way }) => way === 'there'),
  }
}

interface ComparisonOptions {
  readonly shape: DatabaseShape
  readonly after: DatabaseShape
  readonly found: FoundTables
  readonly folded: FoldedRows
  readonly custom: CustomTypes
  readonly keptAs: (step: number) => string | null
}

class Comparison {
  readonly #its: ComparisonOptions

  constructor(options: ComparisonOptions) {
    this.#its = options
  }

  /** What becomes of a table; null = nothing. */
  of(name: string, actual: string): ChangedTable | null {
    const { shape, after, found, folded } = this.#its
    const { columns, isJoin } = folded.tables.get(name)!
    const is = found.get(actual)!
    const wanted = after[name]!
    const shadows: Shadow[] = []
    const renames: [string, string][] = []
    const gone: ChangedTable['gone'][number][] = []
    const required: string[] = []
    for (const [column, source] of columns) {
      const as = wanted.columns[column]!
      const shadow = this.#shadow(name, column, source, as, is)
      if (shadow !== null) shadows.push(shadow)
      else if (source.column !== column) renames.push([source.column!, column])
      if (shadow !== null && source.column !== null) gone.push(this.#replaced(source))
      for (const { kept } of source.changes)
        if (kept !== null) gone.push({ column: kept, to: null, marks: is.columns.has(laterName(kept)) })
      const isRequired = shadow === null && is.columns.get(source.column!)!.required
      if (as.required && !isRequired) required.push(column)
    }
    for (const one of folded.gone) {
      if (one.actual !== actual) continue
      const moved = one.isMoved ? shadowName(`moved ${actual}.${one.column}`) : null
      gone.push({ column: one.column, to: this.#its.keptAs(one.step) ?? moved, marks: false })
    }
    const before = shape[actual]!
    const physical = (column: string): string =>
      shadows.find(shadow => shadow.column === column)?.name ?? columns.get(column)!.column!
    const indexes = Object.entries(wanted.indexes).map(([index, as]) => indexFrom(index, as, physical, is))
    const isSame =
      name === actual &&
      shadows.length + renames.length + gone.length + required.length === 0 &&
      isSameShape(before, wanted)
    return isSame
      ? null
      : {
          actual,
          name,
          resource: before.resource,
          key: before.key,
          shadows,
          renames,
          gone,
          indexes,
          required,
          isJoin,
          isKeyed: wanted.key.some(column => shadows.some(shadow => shadow.column === column)),
        }
  }

  /** The column that replaces what is there; null = what is there stays. */
  #shadow(table: string, column: string, source: Source, as: ColumnShape, is: FoundTable): Shadow | null {
    const { custom } = this.#its
    const isSame = source.column !== null && nativeColumn(source.as, custom).type === nativeColumn(as, custom).type
    const isFilled = source.column !== null && source.preset !== null && !is.columns.get(source.column)!.required
    if (isSame && !isFilled && source.links === null && source.changes.every(change => change.isIdentity)) return null
    const name = shadowName(`${table}.${column}`)
    if (source.column !== null || source.links !== null) return { name, column, as, source, constant: null }
    const constant = reading(source, custom, () => undefined)([])
    if (constant instanceof Refused) throw new MigrationRefused(`${table}.${column} ${constant.detail}`)
    return { name, column, as, source: null, constant }
  }

  #replaced({ column, changedBy, changes }: Source): ChangedTable['gone'][number] {
    // What returns from the way back, or is made of links, is not kept again.
    const to = changedBy === null ? null : this.#its.keptAs(changedBy)
    const marks = to !== null && changes.some(({ isFilling }) => isFilling)
    return { column: column!, to, marks }
  }
}

function indexFrom(name: string, as: IndexShape, physical: (column: string) => string, is: FoundTable): ChangedIndex {
  const columns = as.columns.map(physical)
  const there = [...is.indexes].find(
    ([index, one]) =>
      isOurIndex(index) && one.isValid && one.unique === as.unique && one.columns.join('\n') === columns.join('\n'),
  )
  return { name: identifier(name), columns, unique: as.unique, from: there?.[0] ?? null }
}

const isSameShape = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b)
