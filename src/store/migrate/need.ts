import { becomesUuid } from './convert.ts'
import { isVersion, type ColumnShape } from './shape.ts'
import type { ChangeColumn, CopyPairs, MigrationStep } from './step.ts'

/** What the rows of a database say of a step. */
export interface Concerned {
  /** Rows that the step puts at risk or cannot take along. */
  readonly rows: number
  /** Some of their values, as JSON shows them. Empty = they say nothing, or are secret. */
  readonly samples: readonly string[]
  /** Rows that have no value where one is required. */
  readonly missing: number
  /** Rows whose values mean the same only after a conversion. */
  readonly converted: number
}

export const nobody: Concerned = { rows: 0, samples: [], missing: 0, converted: 0 }

/** What somebody has to decide before a step can be taken, and how: one sentence. null = nothing. */
export function needOf(step: MigrationStep, concerned: Concerned): string | null {
  const { rows, samples } = concerned
  const place = placeOf(step)
  switch (step.do) {
    case 'add column':
      if (!step.as.required || (step.value ?? null) !== null || rows === 0) return null
      return `${place} is new and required, and ${counted(rows)} without it: give it a default, make it nullable, or say --set ${place}=VALUE`
    case 'drop column':
      return rows === 0 || step.moved !== undefined
        ? null
        : `${place} is not declared any more, but ${holds(rows)} a value: let it go by --drop ${place}, or name the field that it is now, by .was('${step.as.field ?? step.column}') there or by --rename ${place}=NAME`
    case 'drop table':
      return rows === 0 || step.moved !== undefined
        ? null
        : `${place} is not declared any more, but has ${rowsOf(rows)}: let it go by --drop ${place}`
    case 'add index':
      if (!step.unique || rows === 0) return null
      return `${place} must be unique now, but ${rowsOf(rows)} share a value with another${shown(samples)}: change them first`
    case 'change column':
      return changeNeed(step, concerned)
    case 'copy pairs':
      return step.way === 'back' || rows === 0 ? null : lackingInWords(step, rows)
    case 'create table':
    case 'rename table':
    case 'rename column':
    case 'drop index':
      return null
    case 'copy links':
      if (step.way === 'there' || step.keep !== undefined || rows === 0) return null
      return `${place} is one row now, but ${rowsOf(rows)} ${rows === 1 ? 'has' : 'have'} several in ${step.join}: say which one stays, by --otherwise ${place}=first or --otherwise ${place}=last, in the order of their ids`
    default:
      return step satisfies never
  }
}

function lackingInWords({ table, join, lacking }: CopyPairs, rows: number): string | null {
  const needs = lacking.map(
    column =>
      `${table}.${column} is required, and the ${rows === 1 ? 'link' : `${rows} links`} in ${join} that become rows have none: give it a default, make it nullable, or say --set ${table}.${column}=VALUE`,
  )
  return needs.length === 0 ? null : needs.join('; ')
}

function changeNeed(step: ChangeColumn, { rows, samples, missing }: Concerned): string | null {
  const place = placeOf(step)
  const needs: string[] = []
  if (rows > 0) {
    const problem =
      step.from.kind === step.to.kind
        ? `${holds(rows)} a value that ${place} no longer takes${shown(samples)}`
        : `${place} cannot become ${step.to.kind} in ${rowsOf(rows)}${shown(samples)}`
    needs.push(`${problem}: say what becomes of their values, by --map ${place}:OLD=NEW or --otherwise ${place}=VALUE`)
  }
  if (missing > 0 && step.missing === undefined)
    needs.push(
      `${place} is required now, but ${counted(missing)} without it: give it a default, leave it nullable, or say --set ${place}=VALUE`,
    )
  return needs.length === 0 ? null : needs.join('; ')
}

/** Why a step is not taken at start without being asked for. null = it is. Values that are merely not taken any more stay. */
export function startNeedOf(step: MigrationStep, concerned: Concerned): string | null {
  if (step.do !== 'change column') return needOf(step, concerned)
  const { from, to } = step
  if (from.kind === to.kind && isSamePlace(step)) return changeNeed(step, { ...concerned, rows: 0 })
  const need = changeNeed(step, concerned)
  if (need !== null || concerned.converted === 0) return need
  return `${placeOf(step)} changes from ${from.kind} to ${to.kind}, and ${holds(concerned.converted)} a value that has to be converted`
}

/** What a start tells of values that stay, though they are not taken any more. null = there are none. */
export function unfitInWords(step: MigrationStep, { rows, samples }: Concerned): string | null {
  return step.do !== 'change column' || rows === 0 ? null : unfitValues(placeOf(step), rows, samples)
}

/** Tells of values that stay in a column, though it does not take them any more. */
export function unfitValues(place: string, rows: number, samples: readonly string[]): string {
  const which = rows === 1 ? '1 row holds a value' : `${rows} rows hold values`
  return `${place}: ${which} that it no longer takes${shown(samples)}; change them, or allow these values again`
}

const isSamePlace = ({ from, to }: ChangeColumn): boolean => from.references?.table === to.references?.table

/** A step in words, with the number of rows that it concerns. */
export function inWords(step: MigrationStep, { rows }: Concerned): string {
  const place = placeOf(step)
  switch (step.do) {
    case 'create table':
      return `table ${place}: made`
    case 'drop table':
      if (step.moved !== undefined) return `table ${place}: dropped; its links are in ${step.moved}`
      return `table ${place}: dropped${rows > 0 ? ` with ${rowsOf(rows)}, which are kept for the way back` : ''}`
    case 'rename table':
      return `table ${place}: renamed to ${step.to}; its rows, links and log stay`
    case 'add column':
      return `${place}: added${step.value === undefined ? '' : `, rows have ${JSON.stringify(step.value)}`}`
    case 'copy links':
      return step.way === 'there'
        ? `${place}: its values become links in ${step.join}; ${ENDS}`
        : `${place}: has the ${step.keep ?? 'first'} link of each row in ${step.join}${several(rows)}; ${ENDS}`
    case 'copy pairs':
      if (step.way === 'back')
        return `table ${step.join}: has the links that the rows of ${step.table} stand for; ${ENDS}`
      return `table ${place}: has a row for each of the ${rows === 1 ? '1 link' : `${rows} links`} in ${step.join}; ${ENDS}`
    case 'drop column':
      if (step.moved !== undefined) return `${place}: dropped; its values are in ${step.moved}`
      return `${place}: dropped${rows > 0 ? ` with the values of ${rowsOf(rows)}, which are kept for the way back` : ''}`
    case 'rename column':
      return `${place}: renamed to ${step.to}; its values stay`
    case 'change column':
      return `${place}: ${changeInWords(step)}`
    case 'add index':
      return `table ${step.table}: index ${step.index} made`
    case 'drop index':
      return `table ${step.table}: index ${step.index} dropped`
    default:
      return step satisfies never
  }
}

function changeInWords({ from, to, values, otherwise, missing }: ChangeColumn): string {
  const [was, is] = [from.references, to.references].map(one => (one === null ? null : `${one.table}.${one.column}`))
  const parts = [
    ...(from.kind === to.kind && from.storage === to.storage ? [] : [nowInWords(from, to)]),
    ...(from.required === to.required ? [] : [to.required ? 'now required' : 'now nullable']),
    ...(was === is ? [] : [is === null ? 'refers to nothing now' : `refers to ${is} now`]),
    ...(values ?? []).map(([old, becomes]) => `${JSON.stringify(old)} becomes ${JSON.stringify(becomes)}`),
    ...(otherwise === undefined ? [] : [`what does not fit ${otherwiseInWords(otherwise)}`]),
    ...(missing === undefined ? [] : [`rows without a value get ${JSON.stringify(missing)}`]),
  ]
  return parts.length === 0 ? 'takes other values now' : parts.join(', ')
}

const nowInWords = (from: ColumnShape, to: ColumnShape): string =>
  becomesUuid(from, to)
    ? 'now UUIDs, which are made of the former ids; positions, tags and addresses of before end'
    : `now ${to.kind}`

function otherwiseInWords(otherwise: NonNullable<ChangeColumn['otherwise']>): string {
  if (otherwise === 'cut') return 'is cut'
  return otherwise === 'keep' ? 'stays' : `becomes ${JSON.stringify(otherwise.value)}`
}

/** The place of a step as options name it: `todo` or `todo.title`. */
export function placeOf(step: MigrationStep): string {
  if (step.do === 'add index') return `${step.table}.${step.columns.filter(column => !isVersion(column)).join('+')}`
  return 'column' in step ? `${step.table}.${step.column}` : step.table
}

/** What a relation or an id that becomes another means for clients: a new epoch begins. */
const ENDS = 'positions and tags of before end'
const several = (rows: number): string =>
  rows === 0 ? '' : `; ${rowsOf(rows)} had several, which are kept for the way back`
const rowsOf = (rows: number): string => (rows === 1 ? '1 row' : `${rows} rows`)
const counted = (rows: number): string => (rows === 1 ? '1 row is there' : `${rows} rows are there`)
const holds = (rows: number): string => (rows === 1 ? '1 row holds' : `${rows} rows hold`)
const shown = (samples: readonly string[]): string => (samples.length === 0 ? '' : `, such as ${samples.join(', ')}`)
