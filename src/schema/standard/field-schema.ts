import { pointer, type Issue } from '../../protocol/error.ts'
import { jsonMode, type InputMode } from '../read/input-mode.ts'
import { Refused } from '../read/refused.ts'
import type { FieldCheck, Ctx, FieldOptions, Value } from '../field.ts'
import type { ReadValue, ScalarType } from '../scalar-type.ts'
import { Rejected, type Schema } from '../schema.ts'

/** What one field builder says about a value: its type, whether it may be missing, and its checks. */
export interface FieldRule extends Pick<FieldOptions, 'nullable' | 'default' | 'checks'> {
  readonly type: ScalarType
}

/** The schema of one field builder. A missing value becomes its default, else null if that is allowed. */
export function fieldSchema(declared: unknown, rule: FieldRule): Schema {
  const checks = rule.checks ?? none
  const { check, fits, fromDate, show } = rule.type
  const take = (value: unknown, mode: InputMode, ctx: Ctx): unknown => {
    if (value === undefined || value === null) return absent(rule, value, ctx)
    const result = mode.read(rule.type, value)
    if (result instanceof Refused)
      return new Rejected([{ code: result.code, pointer: `#${result.at}`, detail: result.detail }])
    for (const own of checks) {
      const verdict = own(result as never, ctx)
      if (verdict !== true) return new Rejected([{ code: 'check', pointer: '#', detail: verdict }])
    }
    return result
  }
  return {
    kind: 'field',
    declared,
    exact: checks.length === 0 ? { input: check, output: shown(check, show) } : null,
    fits: show === null ? fits : null,
    input: take,
    output: (value, ctx) => {
      const taken = take(value instanceof Date ? dated(value, fromDate) : value, jsonMode, ctx)
      return show === null || taken === null || taken instanceof Rejected ? taken : show(taken as Value)
    },
  }
}

const none: readonly FieldCheck[] = Object.freeze([])

function absent(rule: FieldRule, value: null | undefined, ctx: Ctx): unknown {
  if (value === null && rule.nullable) return null
  const standard = rule.default === undefined ? undefined : defaultOf(rule.default, ctx)
  if (standard !== undefined) return standard
  if (rule.nullable) return null
  return new Rejected([{ code: 'required', pointer: '#', detail: value === null ? 'may not be null' : 'is required' }])
}

function defaultOf(standard: NonNullable<FieldRule['default']>, ctx: Ctx): Value | undefined {
  return ('from' in standard ? standard.from(ctx) : standard.value) as Value | undefined
}

/** The check of an output if JSON shows something else than the canonical value. */
function shown(check: ReadValue, show: ScalarType['show']): ReadValue {
  if (show === null) return check
  return value => {
    const taken = check(value)
    return taken instanceof Refused ? taken : show(taken)
  }
}

/** A date of the application as a value of the type. An invalid date counts as missing. */
function dated(date: Date, fromDate: ScalarType['fromDate']): unknown {
  if (Number.isNaN(date.getTime())) return null
  return fromDate ? fromDate(date) : date.toISOString()
}

/** Moves issues of a part to its place in the whole. */
export function moved(issues: readonly Issue[], segment: string | number): Issue[] {
  return issues.map(issue => ({ ...issue, pointer: pointer('#', segment) + (issue.pointer ?? '#').slice(1) }))
}
