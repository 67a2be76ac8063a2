import { isDeepStrictEqual } from 'node:util'
import type { Expected, ExpectedProblem } from './expected.ts'
import { isObject } from '../object.ts'
import { objectOf } from './oracle.ts'
import type { ModelVector, Rows } from './vector.ts'

export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** What differs between an answer and what is expected, or null. States are compared by the caller. */
export function judge(model: ModelVector, name: string, answer: Answer, expected: Expected): string | null {
  const fault = against(model, name, answer, expected)
  if (fault === null || !expected.or) return fault
  const other = against(model, name, answer, expected.or)
  return other === null ? null : `${fault}; or ${other}`
}

function against(model: ModelVector, name: string, answer: Answer, expected: Expected): string | null {
  const { status } = expected
  const right = status === 'refused' ? answer.status >= 400 && answer.status < 500 : answer.status === status
  if (!right) return `status ${answer.status} instead of ${status}: ${short(answer.body)}`
  if (expected.problem) return judgeProblem(answer.body, expected.problem)
  if (expected.body === undefined) return null
  return difference('body', normalise(model, name, answer.body), expected.body)
}

function judgeProblem(body: unknown, expected: ExpectedProblem): string | null {
  if (!isObject(body)) return `no problem document: ${short(body)}`
  const error = String(body['error'])
  if (!expected.error.some(code => code === error))
    return `error ${error} instead of ${expected.error.join('|')}: ${short(body)}`
  if (expected.issue === null) return null
  const errors = Array.isArray(body['errors']) ? (body['errors'] as unknown[]) : []
  const { issue, fields } = expected
  const fits = (one: unknown): boolean =>
    isObject(one) &&
    issue.some(code => code === one['code']) &&
    (fields.length === 0 || placesOf(one).some(name => fields.includes(name)))
  return errors.some(fits) ? null : `not ${issue.join('|')} at ${fields.join('|')}: ${short(body)}`
}

/** The names that a place ends with: `#/cookies/0/jar` → jar, `limit` → limit; of a filter all, `#/filter/jar/id`. */
function placesOf({ pointer, parameter }: Readonly<Record<string, unknown>>): string[] {
  if (typeof pointer !== 'string') return [String(parameter)]
  const names = decodeURIComponent(pointer)
    .split('/')
    .slice(1)
    .map(segment => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
    .filter(segment => !/^\d+$|^\$/.test(segment))
  return names[0] === 'filter' ? names : names.slice(-1)
}

/** The ancestor omits members that are null. */
export function normalise(model: ModelVector, name: string, body: unknown): unknown {
  if (Array.isArray(body)) return body.map(item => normalise(model, name, item))
  if (!isObject(body)) return body
  const fields = new Map(objectOf(model, name)?.fields.map(f => [f.ext_name, f]))
  const out: Record<string, unknown> = {}
  for (const [member, value] of Object.entries(body)) {
    if (value === null) continue
    const field = fields.get(member)
    out[member] = field?.kind === 'rel' ? normalise(model, field.stores, value) : value
  }
  return out
}

export function normaliseState(model: ModelVector, state: Rows): Rows {
  return Object.fromEntries(
    Object.entries(state).map(([name, rows]) => [name, normalise(model, name, rows) as Rows[string]]),
  )
}

/** Compares values and, since the order of fields is part of a representation, the order of members. */
export function difference(what: string, actual: unknown, expected: unknown): string | null {
  if (!isDeepStrictEqual(actual, expected)) return `${what} ${short(actual)} instead of ${short(expected)}`
  return JSON.stringify(actual) === JSON.stringify(expected) ? null : `${what} in another order: ${short(actual)}`
}

export function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined'
  return text.length > 400 ? `${text.slice(0, 400)}…` : text
}
