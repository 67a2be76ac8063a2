import { isObject } from '../object.ts'
import { Unknown } from '../result.ts'

/** Header fields of an answer by lower-case name; some patterns compare with them. */
export type Fields = Readonly<Record<string, string | string[] | undefined>>

/** What is wrong with a value by a pattern of http.json (its block `matchers`), one line each; empty if it fits. */
export function mismatches(pattern: unknown, value: unknown, at: string, fields: Fields = {}): string[] {
  if (typeof pattern === 'string') return textMismatch(pattern, value, at, fields)
  if (Array.isArray(pattern)) {
    if (!Array.isArray(value) || value.length !== pattern.length) {
      return [`${at}: an array of ${pattern.length} wanted, ${show(value)} found`]
    }
    return pattern.flatMap((one, i) => mismatches(one, value[i], `${at}/${i}`, fields))
  }
  if (isObject(pattern)) {
    return Object.entries(pattern).flatMap(([key, one]) => memberMismatches(key, one, value, at, fields))
  }
  return pattern === value ? [] : [`${at}: ${show(pattern)} wanted, ${show(value)} found`]
}

const operators: ReadonlySet<string> = new Set(
  '@length @minLength @each @first @last @contains @or @hasKeys @hasText'.split(' '),
)

/** Throws `Unknown` for a pattern whose `@word` means nothing here. */
export function refusePatterns(pattern: unknown): void {
  if (
    typeof pattern === 'string' &&
    /^@[a-z]/i.test(pattern) &&
    pattern !== '@absent' &&
    !Object.hasOwn(kinds, pattern)
  )
    throw new Unknown(`pattern ${pattern}`)
  if (typeof pattern !== 'object' || pattern === null) return
  for (const [name, one] of Object.entries(pattern)) {
    if (/^@[a-z]/i.test(name) && !operators.has(name)) throw new Unknown(`pattern ${name}`)
    if (name !== '@hasKeys' && name !== '@hasText') refusePatterns(one)
  }
}

function memberMismatches(key: string, pattern: any, value: any, at: string, fields: Fields): string[] {
  const fits = (one: unknown, of: unknown): boolean => mismatches(one, of, at, fields).length === 0
  const demand = (holds: boolean): string[] =>
    holds ? [] : [`${at}: ${key} ${show(pattern)} wanted, ${show(value)} found`]
  switch (key) {
    case '@length':
      return demand(value?.length === pattern)
    case '@minLength':
      return demand(value?.length >= pattern)
    case '@each':
      return (Array.isArray(value) ? value : [undefined]).flatMap((one, i) =>
        mismatches(pattern, one, `${at}/${i}`, fields),
      )
    case '@first':
      return mismatches(pattern, value?.[0], `${at}/0`, fields)
    case '@last':
      return mismatches(pattern, value?.[value.length - 1], `${at}/last`, fields)
    case '@contains':
      return demand(Array.isArray(value) && value.some(one => fits(pattern, one)))
    case '@or':
      return demand(pattern.some((one: unknown) => fits(one, value)))
    case '@hasKeys':
      return demand(isObject(value) && pattern.every((name: string) => Object.hasOwn(value, name)))
    case '@hasText':
      return demand((JSON.stringify(value) ?? '').includes(pattern))
    default:
      return mismatches(
        pattern,
        isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined,
        `${at}/${key}`,
        fields,
      )
  }
}

const kinds: Readonly<Record<string, (value: unknown) => boolean>> = {
  '@any': () => true,
  '@present': () => true,
  '@string': value => typeof value === 'string',
  '@number': value => typeof value === 'number',
  '@int': value => Number.isInteger(value),
  '@boolean': value => typeof value === 'boolean',
  '@array': value => Array.isArray(value),
  '@object': value => isObject(value),
  '@datetime': value =>
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value),
}

function textMismatch(pattern: string, value: unknown, at: string, fields: Fields): string[] {
  const demand = (holds: boolean): string[] => (holds ? [] : [`${at}: ${pattern} wanted, ${show(value)} found`])
  if (pattern === '@absent') return demand(value === undefined)
  if (pattern.startsWith('not-re:')) return demand(value === undefined || !regex(pattern.slice(7)).test(String(value)))
  if (pattern.startsWith('not:')) return demand(String(value) !== pattern.slice(4))
  if (value === undefined) return demand(false)
  const kind = Object.hasOwn(kinds, pattern) ? kinds[pattern] : undefined
  if (kind) return demand(kind(value))
  if (pattern.startsWith('re:')) return demand(regex(pattern.slice(3)).test(String(value)))
  if (pattern.startsWith('tokens:')) {
    const there = String(value).toLowerCase().split(/ *, */)
    return demand(there.includes('*') || lower(pattern.slice(7)).every(token => there.includes(token)))
  }
  if (pattern.startsWith('ge-param:')) {
    const [, name, parameter] = pattern.split(':')
    const bound = new RegExp(`;${parameter}=(\\d+)`).exec(String(fields[name!.toLowerCase()] ?? ''))
    return demand(bound !== null && Number(value) >= Number(bound[1]))
  }
  return demand(value === pattern)
}

const lower = (list: string): string[] => list.toLowerCase().split(',')

function regex(source: string): RegExp {
  return source.startsWith('(?i)') ? new RegExp(source.slice(4), 'i') : new RegExp(source)
}

const show = (value: unknown): string => JSON.stringify(value)?.slice(0, 160) ?? 'nothing'
