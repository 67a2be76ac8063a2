import { defaultLimits } from '../../protocol/limits.ts'
import { brokenText } from '../read/broken-text.ts'
import { defineType } from '../define-type.ts'
import type { JsonSchema } from '../json-schema.ts'
import { patternFault } from '../pattern/pattern.ts'
import { Refused } from '../read/refused.ts'
import type { ReadValue, ScalarType, TypeFault } from '../scalar-type.ts'
import { hasLength, lengthRefused } from '../read/text-length.ts'
import { keyword, lengthFaults } from './bounds.ts'

export interface TextTypeOptions {
  /** Bounds of the length in code points, after `trim` and `case`. */
  readonly min?: number
  readonly max?: number
  readonly pattern?: RegExp
  /** Removes white space at both ends, before anything else is checked. */
  readonly trim?: boolean
  /** Changes all letters to small or capital ones. */
  readonly case?: 'lower' | 'upper'
}

export function text(options: TextTypeOptions = {}): ScalarType {
  const { min = 0, max, case: letters } = options
  return textType('text', options, {
    schema: { type: 'string' },
    example: fitted(letters === 'upper' ? 'TEXT' : 'text', min, max),
  })
}

interface TextKind {
  readonly schema: JsonSchema
  /** An example, if there is no pattern. */
  readonly example: string
  /** Checks a text of allowed length, also for broken characters. null = it is fine. */
  readonly format?: (text: string) => Refused | null
  readonly input?: string
  readonly secret?: boolean
}

/** Makes a type of texts. `kind` is what distinguishes it from other texts. */
export function textType(name: string, options: TextTypeOptions, kind: TextKind): ScalarType {
  const { min, max, pattern, trim, case: letters } = options
  const { writeOnly, ...schema } = kind.schema
  const check = checkOf(options, kind.format ?? null)
  return defineType({
    name,
    options,
    check,
    operators: 'text',
    sql: kind.secret
      ? { column: 'TEXT', kind: name, from: ['text'] }
      : { column: 'TEXT', kind: 'text', from: ['date', 'datetime'] },
    schema: {
      ...schema,
      ...keyword('minLength', min),
      ...keyword('maxLength', max),
      ...patternSchema(pattern),
      ...(writeOnly === undefined ? {} : { writeOnly }),
    },
    ...(pattern || check(kind.example) instanceof Refused ? {} : { example: kind.example }),
    ...(kind.input === undefined ? {} : { input: kind.input }),
    ...(kind.secret === undefined ? {} : { secret: kind.secret }),
    // Values in queries are trimmed and changed like the stored ones.
    unbounded: () => text({ ...(trim ? { trim } : {}), ...(letters ? { case: letters } : {}) }),
    limited: limits => textType(name, { ...options, max: max ?? limits.text }, kind),
    faults: () => [...lengthFaults(options), ...patternFaults(options)],
  })
}

/** Transforms a text and checks its length, kind and pattern. It is not normalised: NFC is only used to compare without case. */
function checkOf(options: TextTypeOptions, format: TextKind['format'] | null): ReadValue {
  const { trim = false, case: letters = null, min = 0, max = defaultLimits.text, pattern = null } = options
  return value => {
    if (typeof value !== 'string') return new Refused('type', 'must be text')
    let text = value
    if (trim) text = text.trim()
    if (letters) text = letters === 'lower' ? text.toLowerCase() : text.toUpperCase()
    if (!hasLength(text, min, max)) return lengthRefused(text, min, max)
    const broken = format ? format(text) : brokenText(text)
    if (broken) return broken
    if (pattern && !pattern.test(text)) return new Refused('format', `must match ${pattern}`)
    return text
  }
}

/**
 * The pattern for JSON Schema, which reads patterns with the flag `u` and no other. A pattern that needs other flags is left
 * out, and only the server checks it.
 */
function patternSchema(pattern: RegExp | undefined): JsonSchema {
  if (!pattern || /[ims]/.test(pattern.flags)) return {}
  try {
    return { pattern: new RegExp(pattern.source, 'u').source }
  } catch {
    return {}
  }
}

function patternFaults({ pattern, max = defaultLimits.text }: TextTypeOptions): TypeFault[] {
  if (!pattern) return []
  const flag = pattern.global ? 'g' : pattern.sticky ? 'y' : null
  const slow = patternFault(pattern, max)
  return [
    ...(flag === null
      ? []
      : [
          {
            problem: `has a pattern with the flag "${flag}", which remembers where it stopped`,
            fix: 'take the flag away',
          },
        ]),
    ...(slow ? [{ problem: `has the pattern ${pattern}, ${slow.problem}`, fix: slow.fix }] : []),
  ]
}

/** Repeats or cuts a text so that its length fits. */
export function fitted(text: string, min: number, max: number | undefined): string {
  const long = text.length >= min ? text : text.repeat(Math.ceil(min / text.length)).slice(0, min)
  return max === undefined ? long : long.slice(0, max)
}
