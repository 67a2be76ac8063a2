import { FAIL, type TextCheck, type Report } from './report.ts'

/** See `Validator.fits`: makes the source of an expression that is true if a variable's value would be returned unchanged. */
export type Fits = (value: string) => string

/** What straight-line code leaves to ordinary code. */
interface Rest {
  /** Handles values that are no plain objects, and arrays of unusual length. */
  readonly slow: TextCheck
  /** Continues after the item at an index was refused. `before` is the number of faults at that time. */
  readonly failed: (value: {}, report: Report, before: number, at: number) => unknown
}

/**
 * Compiles the check of a dict into one function without a loop, which is several times as fast. Its source contains the keys
 * of the application's schema, quoted as JSON. Nothing from a request ever becomes part of it. If the platform forbids code
 * from strings (a content security policy), `slow` does everything.
 */
export function dictCode(
  steps: readonly { readonly key: string; readonly check: TextCheck; readonly fits: Fits | null }[],
  rest: Rest & { readonly isPlain: (value: unknown) => boolean },
): TextCheck {
  return whenNeeded(() => {
    const lines = steps.map(({ key, fits }, i) => {
      return `let v${i} = value[${JSON.stringify(key)}]; ${checked(`v${i}`, `checks[${i}]`, fits, String(i))}`
    })
    const members = steps.map(({ key }, i) => `${JSON.stringify(key)}: v${i}`)
    const checks = steps.map(step => step.check)
    return made({ ...rest, checks }, 'isPlain(value)', `${lines.join('\n')}\nreturn { ${members.join(', ')} }`)
  })
}

/** Compiles the check of a list. The expression for its items is part of the loop. */
export function listCode(check: TextCheck, fits: Fits | null, minlen: number, maxlen: number, rest: Rest): TextCheck {
  return whenNeeded(() => {
    const good = `Array.isArray(value) && value.length >= ${minlen} && value.length <= ${maxlen}`
    const loop = `for (let i = 0; i < value.length; i++) { let v = value[i]; ${checked('v', 'check', fits, 'i')}; out.push(v) }`
    return made({ ...rest, check }, good, `const out = []\n${loop}\nreturn out`)
  })
}

/** Compiles the code when the first value comes. A program declares many schemas and may use only a few of them. */
function whenNeeded(make: () => TextCheck): TextCheck {
  let run: TextCheck | null = null
  return (value, report) => (run ??= make())(value, report)
}

function checked(variable: string, check: string, fits: Fits | null, at: string): string {
  const call = `${variable} = ${check}(${variable}, report); if (${variable} === FAIL) return failed(value, report, before, ${at})`
  return fits ? `if (!(${fits(variable)})) { ${call} }` : call
}

function made(parts: Rest & Readonly<Record<string, unknown>>, condition: string, body: string): TextCheck {
  const code = `'use strict'
    return (value, report) => {
      if (!(${condition})) return slow(value, report)
      const before = report.count
      ${body}
    }`
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- keys are quoted, bounds are numbers: see above
    const make = new Function('FAIL', ...Object.keys(parts), code) as (...parts: unknown[]) => TextCheck
    return make(FAIL, ...Object.values(parts))
  } catch {
    return parts.slow
  }
}
