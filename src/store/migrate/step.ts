import type { Value } from '../../schema/value.ts'
import type { ColumnShape, IndexShape, TableShape } from './shape.ts'

/** A change of the tables, as data. A plan is a list of them; each has a reverse. */
export type MigrationStep =
  | { readonly do: 'create table'; readonly table: string; readonly as: TableShape }
  | {
      readonly do: 'drop table'
      readonly table: string
      readonly as: TableShape
      /** What has got its rows: the place of a relation. Absent = they go. */
      readonly moved?: string
    }
  | {
      readonly do: 'rename table'
      readonly table: string
      readonly to: string
      /** The names of its resource before and after. null = it is a join table. */
      readonly resource: readonly [string, string] | null
    }
  | AddColumn
  | {
      readonly do: 'drop column'
      readonly table: string
      readonly column: string
      readonly as: ColumnShape
      /** The join table that has got its values. Absent = they go. */
      readonly moved?: string
    }
  | CopyLinks
  | CopyPairs
  | {
      readonly do: 'rename column'
      readonly table: string
      readonly column: string
      readonly to: string
      /** The names of its field before and after. null = it has none. */
      readonly field: readonly [string, string] | null
    }
  | ChangeColumn
  | ({ readonly do: 'add index'; readonly table: string; readonly index: string } & IndexShape)
  | ({ readonly do: 'drop index'; readonly table: string; readonly index: string } & IndexShape)

/** Makes links of the references in a column (`there`), or references of links (`back`), of which a row then has only one. */
export interface CopyLinks {
  readonly do: 'copy links'
  readonly table: string
  readonly column: string
  readonly join: string
  /** The columns of the join table: of the rows of the table, and of those that the column refers to. */
  readonly owner: string
  readonly other: string
  readonly way: 'there' | 'back'
  /** Which of several links a row keeps, in the order of the ids that they lead to. Absent = it was not decided. */
  readonly keep?: 'first' | 'last'
}

/** Makes rows of the pairs in a join table (`there`), or pairs of rows (`back`). A row that has its pair stays as it is. */
export interface CopyPairs {
  readonly do: 'copy pairs'
  readonly table: string
  readonly join: string
  /** The columns of the join table, each with that of the rows. */
  readonly columns: readonly [CopiedColumn, CopiedColumn]
  readonly way: 'there' | 'back'
  /** What the other columns of new rows hold. */
  readonly values: Readonly<Record<string, Value>>
  /** Columns for which new rows would need a value. */
  readonly lacking: readonly string[]
}

type CopiedColumn = readonly [of: string, to: string]

export interface AddColumn {
  readonly do: 'add column'
  readonly table: string
  readonly column: string
  readonly as: ColumnShape
  /** The value of the rows that are there. */
  readonly value?: Value
}

export interface ChangeColumn extends Mapping {
  readonly do: 'change column'
  readonly table: string
  readonly column: string
  readonly from: ColumnShape
  readonly to: ColumnShape
  /** The mapping of the way back. */
  readonly back?: Mapping
}

/** What becomes of values that do not fit the new type by themselves. */
export interface Mapping {
  /** Pairs of a value and what it becomes. */
  readonly values?: readonly (readonly [from: Value, to: Value])[]
  /** What all others become: a value, `cut` = the beginning of the text, `keep` = they stay as they are. */
  readonly otherwise?: 'cut' | 'keep' | { readonly value: Value }
  /** What rows without a value get. */
  readonly missing?: Value
}

/** The step that takes a step back. */
export function reverseOf(step: MigrationStep): MigrationStep {
  switch (step.do) {
    case 'create table':
      return { ...step, do: 'drop table' }
    case 'drop table':
      return { do: 'create table', table: step.table, as: step.as }
    case 'rename table': {
      const { table, to, resource } = step
      return { do: 'rename table', table: to, to: table, resource: resource && [resource[1], resource[0]] }
    }
    case 'add column':
      return { do: 'drop column', table: step.table, column: step.column, as: step.as }
    case 'drop column':
      return { do: 'add column', table: step.table, column: step.column, as: step.as }
    case 'copy links':
      return step.way === 'there' ? { ...step, way: 'back', keep: step.keep ?? 'first' } : { ...step, way: 'there' }
    case 'copy pairs':
      return { ...step, way: step.way === 'there' ? 'back' : 'there' }
    case 'rename column': {
      const { table, column, to, field } = step
      return { do: 'rename column', table, column: to, to: column, field: field && [field[1], field[0]] }
    }
    case 'change column': {
      const { from, to, back, values, otherwise, missing, ...place } = step
      const inverse = values && inverted(values)
      const there: Mapping = {
        ...(values && { values }),
        ...(otherwise !== undefined && { otherwise }),
        ...(missing !== undefined && { missing }),
      }
      return { ...place, from: to, to: from, ...(inverse && { values: inverse }), ...back, back: there }
    }
    case 'add index':
      return { ...step, do: 'drop index' }
    case 'drop index':
      return { ...step, do: 'add index' }
    default:
      return step satisfies never
  }
}

/** Whether the table itself changes, and not only what is known of it. */
export function changesTable(step: MigrationStep): boolean {
  if (step.do === 'copy links') return step.way === 'back'
  if (step.do !== 'change column') return true
  const { from, to, values, otherwise } = step
  return (
    from.kind !== to.kind ||
    from.storage !== to.storage ||
    from.required !== to.required ||
    JSON.stringify(from.references) !== JSON.stringify(to.references) ||
    values !== undefined ||
    (otherwise !== undefined && otherwise !== 'keep')
  )
}

/** The pairs the other way round, without those that would be ambiguous. */
function inverted(values: NonNullable<Mapping['values']>): NonNullable<Mapping['values']> {
  const targets = values.map(([, to]) => JSON.stringify(to))
  return values
    .filter(([, to], i) => to !== null && targets.indexOf(targets[i]!) === targets.lastIndexOf(targets[i]!))
    .map(([from, to]) => [to, from])
}
