import { brokenText } from '../read/broken-text.ts'
import { defineType } from '../define-type.ts'
import { parseJsonText } from '../read/parse-json.ts'
import { Refused } from '../read/refused.ts'
import type { ScalarType } from '../scalar-type.ts'
import type { Value } from '../value.ts'
import { lengthFaults } from './bounds.ts'

export interface JsonOptions {
  /** With `object` only objects are accepted. */
  readonly shape?: 'object'
  /** Largest size of its text in bytes. Default: `limits.body`. */
  readonly max?: number
}

/** Any JSON value. */
export function json(options: JsonOptions = {}): ScalarType {
  return defineType({
    name: 'json',
    options,
    check: value => checkJson(options, value),
    coercions: { text: parseJsonText },
    operators: 'json',
    sql: {
      column: 'TEXT',
      from: ['list'],
      encode: value => JSON.stringify(value),
      decode: stored => JSON.parse(stored as string) as Value,
      postgres: { type: 'jsonb' },
    },
    schema: options.shape === 'object' ? { type: 'object' } : {},
    example: {},
    merges: true,
    bounds: options.max === undefined ? '' : `at most ${options.max} bytes of JSON`,
    unbounded: () => json(options.shape === undefined ? {} : { shape: options.shape }),
    limited: limits => json({ ...options, max: options.max ?? limits.body }),
    faults: () => lengthFaults(options),
  })
}

/** At this depth a value is probably endless. Requests are refused much earlier, by `limits.jsonDepth`. */
const DEPTH = 512

/** Any JSON value, or an object. Values of application code must be representable in JSON. */
function checkJson({ shape, max }: JsonOptions, value: unknown): Value | Refused {
  if (shape === 'object' && (typeof value !== 'object' || value === null || Array.isArray(value)))
    return new Refused('type', 'must be an object')
  return notJson(value, '', 0) ?? tooLong(value, max) ?? (value as Value)
}

function tooLong(value: unknown, max: number | undefined): Refused | null {
  if (max === undefined || Buffer.byteLength(JSON.stringify(value)) <= max) return null
  return new Refused('length', `must be at most ${max} bytes of JSON`)
}

function notJson(value: unknown, at: string, depth: number): Refused | null {
  switch (typeof value) {
    case 'string': {
      const broken = brokenText(value)
      return broken && new Refused(broken.code, broken.detail, at)
    }
    case 'boolean':
      return null
    case 'number':
      return Number.isFinite(value) ? null : new Refused('type', 'must be a finite number', at)
    case 'object':
      if (value === null) return null
      if (depth === DEPTH) return new Refused('type', 'is nested too deeply', at)
      return Array.isArray(value) ? notList(value, at, depth) : notObject(value, at, depth)
    case 'undefined':
    case 'bigint':
    case 'symbol':
    case 'function':
      return new Refused('type', 'must be a JSON value', at)
  }
}

function notList(list: readonly unknown[], at: string, depth: number): Refused | null {
  for (let i = 0; i < list.length; i++) {
    const refused = notJson(list[i], `${at}/${i}`, depth + 1)
    if (refused) return refused
  }
  return null
}

function notObject(object: object, at: string, depth: number): Refused | null {
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype !== Object.prototype && prototype !== null) return new Refused('type', 'must be a JSON value', at)
  for (const [key, member] of Object.entries(object)) {
    const place = `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    const broken = brokenText(key)
    if (broken) return new Refused(broken.code, broken.detail, place)
    const refused = notJson(member, place, depth + 1)
    if (refused) return refused
  }
  return null
}
