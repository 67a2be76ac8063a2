import type { ScalarType, Value } from './field.ts'
import { brokenText } from './check-text.ts'
import { Refused } from './refused.ts'

/** Nesting at which a value is taken for endless; requests are held to `limits.jsonDepth` long before. */
const DEPTH = 512

/** Any JSON value, or an object only. Values of application code are held to what JSON can say. */
export function checkJson(type: ScalarType & { type: 'json' }, value: unknown): Value | Refused {
  if (type.shape === 'object' && !isObject(value)) return new Refused('type', 'must be an object')
  return notJson(value, '', 0) ?? (value as Value)
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
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
