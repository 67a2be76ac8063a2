import { castValue } from './coerce-cast.ts'
import { drfValue } from './coerce-drf.ts'
import { textValue } from './coerce-text.ts'
import { checkJson } from './check-json.ts'
import { checkTextId, textChecker } from './check-text.ts'
import { canonicalDecimal, compareDecimals } from './decimal.ts'
import type { ScalarType, TextType, Value } from './field.ts'
import { canonicalDate, canonicalDatetime } from './moment.ts'
import { Refused } from './refused.ts'

export { Refused }

/**
 * Where a value comes from decides how it is read (DECISIONS A1): `json` takes exact JSON types, `text` is parsed by the
 * declared type from its one canonical spelling, `cast` is blargh's reversible cast, `drf` is Django REST framework's.
 */
export type Mode = 'json' | 'text' | 'cast' | 'drf'

/**
 * The canonical value, or why there is none. Null is for the caller to judge, who knows whether the field may be null:
 * here only `json` takes it. Never throws, and gives back the value itself where it is canonical already.
 */
export function coerce(mode: Mode, type: ScalarType, value: unknown): Value | Refused {
  switch (mode) {
    case 'json':
      return checkerOf(type)(value)
    case 'text':
      return follow(mode, type, textValue(type, value))
    case 'cast':
      return follow(mode, type, castValue(type, value))
    case 'drf':
      return follow(mode, type, drfValue(type, value))
  }
}

/** Each mode only changes the JSON type of a value; whether it fits is judged in one place. */
function follow(mode: Mode, type: ScalarType, value: unknown): Value | Refused {
  if (value instanceof Refused) return value
  return type.type === 'list' ? checkList(mode, type, value) : checkerOf(type)(value)
}

type ListType = ScalarType & { readonly type: 'list' }
type Checker = (value: unknown) => Value | Refused

const checkers = new WeakMap<ScalarType, Checker>()

/**
 * The check of exact JSON values, made once per type: types say different things, and looking for what one does not say
 * costs more than the check.
 */
export function checkerOf(type: ScalarType): Checker {
  let checker = checkers.get(type)
  if (checker === undefined) checkers.set(type, (checker = makeChecker(type)))
  return checker
}

function makeChecker(type: ScalarType): Checker {
  switch (type.type) {
    case 'text':
    case 'email':
    case 'url':
    case 'password':
      return textChecker(type)
    case 'integer': {
      const { min, max } = type
      return value => checkInteger(value, min, max)
    }
    case 'number': {
      const { min, max } = type
      return value => checkNumber(value, min, max)
    }
    case 'bool':
      return checkBool
    case 'list': {
      const { min = 0, max = Infinity, unique = false } = type
      const item = checkerOf(type.item ?? ANY)
      return value => checkItems(value, item, min, max, unique)
    }
    default:
      return value => check(type, value)
  }
}

function checkBool(value: unknown): Value | Refused {
  return typeof value === 'boolean' ? value : new Refused('type', 'must be true or false')
}

function check(
  type: Exclude<ScalarType, TextType | { readonly type: 'integer' | 'number' | 'bool' | 'list' }>,
  value: unknown,
): Value | Refused {
  switch (type.type) {
    case 'id':
      if (type.of === 'integer') return checkInteger(value, undefined, undefined)
      return type.of === 'uuid' ? checkUuid(value) : checkTextId(value)
    case 'decimal':
      return checkDecimal(type, value)
    case 'date':
      return checkMoment(type, canonicalDate(value), canonicalDate)
    case 'datetime':
      return checkMoment(type, canonicalDatetime(value), canonicalDatetime)
    case 'enum':
      if (typeof value !== 'string') return new Refused('type', 'must be text')
      return type.values.includes(value) ? value : new Refused('enum', `must be one of ${type.values.join(', ')}`)
    case 'json':
      return checkJson(type, value)
    case 'bytes':
      return checkBytes(value, type.max)
  }
}

function checkInteger(value: unknown, min: number | undefined, max: number | undefined): Value | Refused {
  if (typeof value !== 'number' || !Number.isInteger(value)) return new Refused('type', 'must be an integer')
  // Beyond 2^53 neighbours are the same number (RFC 7493 §2.2).
  if (!Number.isSafeInteger(value))
    return new Refused('range', 'must be between -9007199254740991 and 9007199254740991')
  return checkNumber(value, min, max)
}

function checkNumber(value: unknown, min: number | undefined, max: number | undefined): Value | Refused {
  if (typeof value !== 'number' || !Number.isFinite(value)) return new Refused('type', 'must be a number')
  if (min !== undefined && value < min) return new Refused('range', `must be at least ${min}`)
  if (max !== undefined && value > max) return new Refused('range', `must be at most ${max}`)
  // -0 would be stored as 0 by some and as -0 by others.
  return value === 0 ? 0 : value
}

function checkDecimal(type: ScalarType & { type: 'decimal' }, value: unknown): Value | Refused {
  const text = canonicalDecimal(value, type.digits, type.places)
  if (text instanceof Refused) return text
  if (type.min !== undefined && compareDecimals(text, type.min) < 0)
    return new Refused('range', `must be at least ${type.min}`)
  if (type.max !== undefined && compareDecimals(text, type.max) > 0)
    return new Refused('range', `must be at most ${type.max}`)
  return text
}

/** `after` and `before` themselves are outside. Canonical moments of one type compare as texts. */
function checkMoment(
  type: { readonly after?: string; readonly before?: string },
  text: string | Refused,
  canonical: (bound: string) => string | Refused,
): Value | Refused {
  if (text instanceof Refused) return text
  if (type.after !== undefined && text <= (canonical(type.after) as string))
    return new Refused('range', `must be after ${type.after}`)
  if (type.before !== undefined && text >= (canonical(type.before) as string))
    return new Refused('range', `must be before ${type.before}`)
  return text
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Written small (RFC 9562 §4), so that one id has one spelling. */
function checkUuid(value: unknown): Value | Refused {
  if (typeof value !== 'string') return new Refused('type', 'must be a UUID in text')
  const text = value.toLowerCase()
  return UUID.test(text) ? text : new Refused('format', 'must be a UUID')
}

/** Base64 of RFC 4648 §4 with its padding; bits that say nothing are zero, so that equal bytes are equal texts. */
function checkBytes(value: unknown, max: number | undefined): Value | Refused {
  if (typeof value !== 'string') return new Refused('type', 'must be base64 text')
  if (value.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return new Refused('format', 'must be base64')
  const padding = value.endsWith('==') ? 2 : value.endsWith('=') ? 1 : 0
  if (padding && !/(?:[AQgw]==|[AEIMQUYcgkosw048]=)$/.test(value))
    return new Refused('format', 'must be canonical base64')
  const length = (value.length / 4) * 3 - padding
  return max !== undefined && length > max ? new Refused('length', `must have at most ${max} bytes`) : value
}

function checkList(mode: Mode, type: ListType, value: unknown): Value | Refused {
  const item = type.item ?? ANY
  const { min = 0, max = Infinity, unique = false } = type
  return checkItems(value, one => coerce(mode, item, one), min, max, unique)
}

function checkItems(value: unknown, check: Checker, min: number, max: number, unique: boolean): Value | Refused {
  if (!Array.isArray(value)) return new Refused('type', 'must be a list')
  const list: readonly unknown[] = value
  if (list.length < min) return new Refused('length', `must have at least ${counted(min)}`)
  if (list.length > max) return new Refused('length', `must have at most ${counted(max)}`)
  let result = list as readonly Value[]
  for (let i = 0; i < list.length; i++) {
    const canonical = check(list[i])
    if (canonical instanceof Refused) return new Refused(canonical.code, canonical.detail, `/${i}${canonical.at}`)
    if (Object.is(canonical, list[i])) continue
    // The caller's list stays as it is.
    if (result === list) result = [...result]
    ;(result as Value[])[i] = canonical
  }
  return unique ? checkUnique(result) : result
}

function counted(items: number): string {
  return `${items} item${items === 1 ? '' : 's'}`
}

const ANY: ScalarType = Object.freeze({ type: 'json' })

function checkUnique(list: readonly Value[]): Value | Refused {
  const seen = new Map<Value, number>()
  for (let i = 0; i < list.length; i++) {
    const value = list[i]!
    const key = typeof value === 'object' && value !== null ? sorted(value) : value
    const first = seen.get(key)
    if (first !== undefined) return new Refused('duplicate', `is the same as item ${first}`, `/${i}`)
    seen.set(key, i)
  }
  return list
}

/** Equal text for equal values: members in the order of their names. The NUL in front keeps it apart from texts. */
function sorted(value: Value): string {
  return `\0${JSON.stringify(value, (_, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  )}`
}
