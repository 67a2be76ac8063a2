import { FAIL, type TextCheck, type Report } from './report.ts'

/** See `Validator.fits`: an expression that tells by a variable's name whether its value stands for itself. */
export type Fits = (value: string) => string

/** What straight-line code leaves to ordinary code. */
interface Rest {
  /** Values that are no plain objects, no arrays of a good length. */
  readonly slow: TextCheck
  /** What follows after the item at an index was refused; `before` = how many refusals were told by then. */
  readonly failed: (value: {}, report: Report, before: number, at: number) => unknown
}

/**
 * A dict's check as one function without a loop, as validators that are compiled ahead have it: several times as fast.
 * It is made of the schema's own text, which is the application's; keys are quoted as JSON and nothing that comes with a
 * request is ever part of it. Where the platform forbids code from strings (a content security policy), all is `slow`.
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

/** A list's check, its items' expression in the loop. */
export function listCode(check: TextCheck, fits: Fits | null, minlen: number, maxlen: number, rest: Rest): TextCheck {
  return whenNeeded(() => {
    const good = `Array.isArray(value) && value.length >= ${minlen} && value.length <= ${maxlen}`
    const loop = `for (let i = 0; i < value.length; i++) { let v = value[i]; ${checked('v', 'check', fits, 'i')}; out.push(v) }`
    return made({ ...rest, check }, good, `const out = []\n${loop}\nreturn out`)
  })
}

/** Code is made for the first value: a program declares many schemas, and uses few in a short life. */
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
