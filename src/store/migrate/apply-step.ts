import type { ColumnShape, DatabaseShape, TableShape } from './shape.ts'
import type { MigrationStep } from './step.ts'

/** Thrown if a step does not begin where the database is: it was planned for another one. */
export class StepMisfit extends Error {
  override readonly name = 'StepMisfit'
}

/** The shape of a database after a step. @throws {StepMisfit} if the step does not begin at this shape. */
export function applyStep(shape: DatabaseShape, step: MigrationStep): DatabaseShape {
  if (step.do === 'create table') {
    if (shape[step.table] !== undefined) throw new StepMisfit(`there is a table ${step.table} already`)
    return { ...shape, [step.table]: step.as }
  }
  const table = shape[step.table]
  if (table === undefined) throw new StepMisfit(`there is no table ${step.table}`)
  const having = (changed: Partial<TableShape>): DatabaseShape => ({ ...shape, [step.table]: { ...table, ...changed } })
  switch (step.do) {
    case 'drop table':
      return without(shape, step.table)
    case 'rename table': {
      if (shape[step.to] !== undefined) throw new StepMisfit(`there is a table ${step.to} already`)
      const resource = step.resource === null ? table.resource : step.resource[1]
      const renamed = { ...without(shape, step.table), [step.to]: { ...table, resource } }
      return pointing(renamed, step.table, { table: step.to })
    }
    case 'add column':
      if (table.columns[step.column]) throw new StepMisfit(`${step.table} has a column ${step.column} already`)
      return having({ columns: { ...table.columns, [step.column]: step.as } })
    case 'drop column':
      columnAt(shape, step)
      return having({ columns: without(table.columns, step.column) })
    case 'copy links':
      columnAt(shape, step)
      for (const column of [step.owner, step.other]) columnAt(shape, { table: step.join, column })
      return shape
    case 'copy pairs':
      for (const [of, to] of step.columns) {
        columnAt(shape, { table: step.join, column: of })
        columnAt(shape, { table: step.table, column: to })
      }
      return shape
    case 'rename column': {
      const column = columnAt(shape, step)
      if (table.columns[step.to]) throw new StepMisfit(`${step.table} has a column ${step.to} already`)
      const rename = (name: string): string => (name === step.column ? step.to : name)
      const as = { ...column, field: step.field === null ? column.field : step.field[1] }
      const columns = Object.entries(table.columns).map(([name, one]): [string, ColumnShape] =>
        name === step.column ? [step.to, as] : [name, one],
      )
      const indexes = Object.entries(table.indexes).map(([name, index]): [string, typeof index] => [
        name,
        { ...index, columns: index.columns.map(rename) },
      ])
      const renamed = having({
        key: table.key.map(rename),
        columns: Object.fromEntries(columns),
        indexes: Object.fromEntries(indexes),
      })
      return table.key.includes(step.column) ? pointing(renamed, step.table, { column: step.to }) : renamed
    }
    case 'change column': {
      const { field, kind, default: preset } = columnAt(shape, step)
      const { default: _, ...to } = step.to
      const kept = preset !== undefined && kind === to.kind ? { default: preset } : {}
      return having({ columns: { ...table.columns, [step.column]: { ...to, field, ...kept } } })
    }
    case 'add index': {
      if (table.indexes[step.index]) throw new StepMisfit(`${step.table} has an index ${step.index} already`)
      const { columns, unique } = step
      return having({ indexes: { ...table.indexes, [step.index]: { columns, unique } } })
    }
    case 'drop index':
      if (!table.indexes[step.index]) throw new StepMisfit(`${step.table} has no index ${step.index}`)
      return having({ indexes: without(table.indexes, step.index) })
    default:
      return step satisfies never
  }
}

/** Whether the tables look as they do after a plan: they were made by a later declaration. */
export function isReached(shape: DatabaseShape, steps: readonly MigrationStep[]): boolean {
  try {
    let after = shape
    for (const step of steps) after = applyStep(after, step)
    return false
  } catch {
    return steps.every(step => isDone(shape, step))
  }
}

/** Whether a database has already what a step would do, so that it came about in another way. */
function isDone(shape: DatabaseShape, step: MigrationStep): boolean {
  const table = shape[step.table]
  switch (step.do) {
    case 'create table':
      return table !== undefined
    case 'drop table':
      return table === undefined
    case 'rename table':
      return table === undefined && shape[step.to] !== undefined
    case 'add column':
      return table?.columns[step.column] !== undefined
    case 'drop column':
      return table !== undefined && table.columns[step.column] === undefined
    case 'copy links':
      if (step.way === 'back') return table?.columns[step.column] !== undefined && shape[step.join] === undefined
      return table?.columns[step.column] === undefined && shape[step.join] !== undefined
    case 'copy pairs':
      return (
        (table !== undefined) === (step.way === 'there') && (shape[step.join] !== undefined) === (step.way === 'back')
      )
    case 'rename column':
      return table !== undefined && !table.columns[step.column] && table.columns[step.to] !== undefined
    case 'change column': {
      const is = table?.columns[step.column]
      return is !== undefined && is.kind === step.to.kind && is.required === step.to.required
    }
    case 'add index':
      return table?.indexes[step.index] !== undefined
    case 'drop index':
      return table !== undefined && table.indexes[step.index] === undefined
    default:
      return step satisfies never
  }
}

function columnAt(
  shape: DatabaseShape,
  { table, column }: { readonly table: string; readonly column: string },
): ColumnShape {
  const found = shape[table]?.columns[column]
  if (found === undefined) throw new StepMisfit(`${table} has no column ${column}`)
  return found
}

function without<T>(map: Readonly<Record<string, T>>, name: string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(map).filter(([key]) => key !== name))
}

/** References to a table lead to its new name, or to the new name of its key. */
function pointing(
  shape: DatabaseShape,
  table: string,
  to: { readonly table?: string; readonly column?: string },
): DatabaseShape {
  const led = (column: ColumnShape): ColumnShape =>
    column.references?.table === table ? { ...column, references: { ...column.references, ...to } } : column
  return Object.fromEntries(
    Object.entries(shape).map(([name, one]) => [
      name,
      {
        ...one,
        columns: Object.fromEntries(Object.entries(one.columns).map(([column, is]) => [column, led(is)])),
      },
    ]),
  )
}
