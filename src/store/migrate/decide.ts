import { Refused } from '../../schema/read/refused.ts'
import type { Value } from '../../schema/value.ts'
import type { ColumnShape, DatabaseShape } from './shape.ts'
import type { ChangeColumn, CopyLinks, CopyPairs, Mapping, MigrationStep } from './step.ts'
import { columnTypeOf, type CustomTypes } from './type-data.ts'

/** What somebody has decided about rows, as text: pairs of a place (`todo.title`) and what they said. */
export interface Decisions {
  /** The value of rows that have none. */
  readonly set: readonly (readonly [place: string, value: string])[]
  readonly map: readonly (readonly [place: string, from: string, to: string])[]
  /** `cut`, `keep`, or a value; of several links, `first` or `last`. */
  readonly otherwise: readonly (readonly [place: string, what: string])[]
}

/** Thrown if something was decided about a column that is not there, or with a value that it does not take. */
export class DecisionFault extends Error {
  override readonly name = 'DecisionFault'
}

/** The steps with what was decided about them. A decision about a column that does not change is a step of its own. */
export function decide(
  steps: readonly MigrationStep[],
  shape: DatabaseShape,
  decisions: Decisions,
  custom: CustomTypes,
): MigrationStep[] {
  const decided = [...steps]
  const change = (place: string, make: (step: ChangeColumn) => Mapping): void => {
    const at = decided.findIndex(step => step.do === 'change column' && `${step.table}.${step.column}` === place)
    const step = at < 0 ? unchanged(place, shape) : (decided[at] as ChangeColumn)
    if (step === null) throw new DecisionFault(`the plan does not change ${place}, and there is no such column`)
    decided[at < 0 ? decided.length : at] = { ...step, ...make(step) }
  }
  for (const [place, text] of decisions.set) {
    const is = (word: MigrationStep['do']): number =>
      decided.findIndex(step => step.do === word && 'column' in step && `${step.table}.${step.column}` === place)
    // A column that is made of links is added without a value, and changed when it has them.
    const at = is('change column') < 0 ? is('add column') : -1
    const added = decided[at]
    const filled = decided.findIndex(step => step.do === 'copy pairs' && place.startsWith(`${step.table}.`))
    if (filled >= 0) {
      decided[filled] = withValue(decided[filled] as CopyPairs, decided, place, text, custom)
      continue
    }
    if (added?.do === 'add column') decided[at] = { ...added, value: read(place, added.as, text, custom) }
    else change(place, ({ to }) => ({ missing: read(place, to, text, custom) }))
  }
  for (const [place, from, to] of decisions.map)
    change(place, step => ({
      values: [...(step.values ?? []), [read(place, step.from, from, custom), read(place, step.to, to, custom)]],
    }))
  for (const [place, what] of decisions.otherwise) {
    const linked = decided.findIndex(step => step.do === 'copy links' && `${step.table}.${step.column}` === place)
    if (linked >= 0) {
      if (what !== 'first' && what !== 'last')
        throw new DecisionFault(`${place} keeps its first or last link, but "${what}" was given`)
      decided[linked] = { ...(decided[linked] as CopyLinks), keep: what }
      continue
    }
    change(place, ({ to }) => ({
      otherwise: what === 'cut' || what === 'keep' ? what : { value: read(place, to, what, custom) },
    }))
  }
  return decided
}

/** Rows that are made of links have a value as well. */
function withValue(
  step: CopyPairs,
  steps: readonly MigrationStep[],
  place: string,
  text: string,
  custom: CustomTypes,
): CopyPairs {
  const column = place.slice(step.table.length + 1)
  const made = steps.find(one => one.do === 'create table' && one.table === step.table)
  const as = made?.do === 'create table' ? made.as.columns[column] : undefined
  if (as === undefined) throw new DecisionFault(`the plan does not make ${place}`)
  const values = { ...step.values, [column]: read(place, as, text, custom) }
  return { ...step, values, lacking: step.lacking.filter(name => name !== column) }
}

function unchanged(place: string, shape: DatabaseShape): ChangeColumn | null {
  for (const [table, { columns }] of Object.entries(shape))
    for (const [column, is] of Object.entries(columns))
      if (`${table}.${column}` === place) return { do: 'change column', table, column, from: is, to: is }
  return null
}

/** A value of the column. What it does not take by its bounds may still be a value that is there. */
function read(place: string, column: ColumnShape, text: string, custom: CustomTypes): Value {
  if (text === 'null') return null
  const value = columnTypeOf(column, custom).readText(text)
  if (value instanceof Refused) throw new DecisionFault(`${place} ${value.detail}, but "${text}" was given`)
  return value
}
