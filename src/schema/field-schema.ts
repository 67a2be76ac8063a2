import { pointer, type Issue } from '../protocol/error.ts'
import { checkerOf, coerce, Refused, type Mode } from './coerce.ts'
import type { Check, Ctx, FieldOptions, ScalarType, Value } from './field.ts'
import { Rejected, type Schema } from './schema.ts'

/** What one field builder says of a value: its type, what may be absent, and its own checks. */
export interface FieldRule extends Pick<FieldOptions, 'nullable' | 'default' | 'checks'> {
  readonly type: ScalarType
}

/** The schema of one field builder. Absent is null where that is allowed, after its default. */
export function fieldSchema(declared: unknown, rule: FieldRule): Schema {
  const checks = rule.checks ?? none
  const check = checkerOf(rule.type)
  const take = (value: unknown, mode: Mode, ctx: Ctx): unknown => {
    if (value === undefined || value === null) return absent(rule, value, ctx)
    const result = mode === 'json' ? check(value) : coerce(mode, rule.type, value)
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
    exact: checks.length === 0 ? check : null,
    fits: fitsOf(rule.type),
    input: take,
    output: (value, ctx) => take(value instanceof Date ? isoOf(rule.type, value) : value, 'json', ctx),
  }
}

/** Of types that code can ask for without a call; 0 is left to the check, which knows -0. */
function fitsOf(type: ScalarType): ((variable: string) => string) | null {
  switch (type.type) {
    case 'bool':
      return v => `typeof ${v} === 'boolean'`
    case 'integer':
      return v => `Number.isSafeInteger(${v}) && ${v} !== 0${boundsOf(v, type)}`
    case 'number':
      return v => `Number.isFinite(${v}) && ${v} !== 0${boundsOf(v, type)}`
    default:
      return null
  }
}

function boundsOf(v: string, { min, max }: { readonly min?: number; readonly max?: number }): string {
  return (min === undefined ? '' : ` && ${v} >= ${min}`) + (max === undefined ? '' : ` && ${v} <= ${max}`)
}

const none: readonly Check[] = Object.freeze([])

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

function isoOf(type: ScalarType, date: Date): unknown {
  if (Number.isNaN(date.getTime())) return null
  return type.type === 'date' ? date.toISOString().slice(0, 10) : date.toISOString()
}

/** Puts issues of a part under its place in the whole. */
export function moved(issues: readonly Issue[], segment: string | number): Issue[] {
  return issues.map(issue => ({ ...issue, pointer: pointer('#', segment) + (issue.pointer ?? '#').slice(1) }))
}
