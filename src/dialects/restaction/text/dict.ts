import { memberOf } from '../../../schema/read/member-of.ts'
import { FAIL, isFull, noteRefusal, placeWithin, type TextCheck } from './report.ts'
import { dictCode } from './straight-line.ts'

/** A field of a dict, before it is compiled. */
export interface DictStep {
  readonly key: string
  readonly check: TextCheck
  /** See `Validator.fits`. null = only the check can tell. */
  readonly fits: ((value: string) => string) | null
}

/**
 * Makes the check of an object with exactly these fields, in this order. If two steps have the same key, both are checked and
 * the later one wins (merges).
 */
export function compileDict(steps: readonly DictStep[], optional: boolean): TextCheck {
  const count = steps.length
  // Names that every object inherits must be read with care. All others need it only on unusual objects.
  const plainNames = steps.every(step => !(step.key in Object.prototype))

  /** Runs the steps from one on. `out` is null once a step has failed. */
  const take = (
    value: {},
    report: Parameters<TextCheck>[1],
    from: number,
    out: Record<string, unknown> | null,
  ): unknown => {
    const plain = plainNames && isPlain(value)
    let result = out
    for (let i = from; i < count; i++) {
      const { key, check } = steps[i]!
      const known = report.count
      const member = plain ? (value as Record<string, unknown>)[key] : memberOf(value, key)
      const taken = check(member, report)
      if (taken === FAIL) {
        placeWithin(report, known, key)
        if (isFull(report)) return FAIL
        result = null
      } else if (result) result[key] = taken
    }
    return result ?? FAIL
  }
  const slow: TextCheck = (value, report) => {
    if (value === undefined || value === null) return optional ? null : noteRefusal(report, 'required')
    return take(value, report, 0, {})
  }
  if (!plainNames || new Set(steps.map(step => step.key)).size < count) return slow
  return dictCode(steps, {
    isPlain,
    slow,
    failed(value, report, before, at) {
      placeWithin(report, before, steps[at]!.key)
      return isFull(report) ? FAIL : take(value, report, at + 1, null)
    },
  })
}

function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
