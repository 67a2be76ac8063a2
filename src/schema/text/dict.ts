import { FAIL, isFull, refuse, within, type Check } from './report.ts'
import { memberOf } from './member.ts'

interface Step {
  readonly key: string
  readonly check: Check
}

/**
 * Builds an object of exactly the fields of the schema, in its order; of two steps with one key the later overrides,
 * but both are checked (merges; spec: restaction §1.6).
 */
export function compileDict(steps: readonly Step[], optional: boolean): Check {
  const keys = steps.map(step => step.key)
  const checks = steps.map(step => step.check)
  const count = steps.length
  // A copy of it has all members, which costs less than adding them one by one.
  const template: Readonly<Record<string, unknown>> = Object.fromEntries(keys.map(key => [key, null]))
  // Names that every object inherits must be asked for with care, the others only on unusual objects.
  const plainNames = keys.every(key => !(key in Object.prototype))
  return (value, report) => {
    if (value === undefined || value === null) return optional ? null : refuse(report, 'required')
    const plain = plainNames && isPlain(value)
    const out: Record<string, unknown> = { ...template }
    let known = report.found.length
    const before = known
    for (let i = 0; i < count; i++) {
      const key = keys[i]!
      const member = plain ? (value as Record<string, unknown>)[key] : memberOf(value, key)
      const result = checks[i]!(member, report)
      if (result === FAIL) {
        within(report, known, key)
        if (isFull(report)) return FAIL
        known = report.found.length
      } else out[key] = result
    }
    return known === before ? out : FAIL
  }
}

function isPlain(value: unknown): boolean {
  if (typeof value !== 'object') return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
