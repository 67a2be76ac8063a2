import { gzipSync } from 'node:zlib'
import { knownWords } from '../each.ts'
import { isObject } from '../object.ts'
import { Unknown } from '../result.ts'
import type { WireRequest } from '../server/wire.ts'
import type { Filling } from './todos.ts'
import { words as known, type BadRequest, type Generator } from './vector.ts'

/** The request in this project's words. */
export function requestOf(bad: BadRequest, filling: Filling): WireRequest {
  const headers: Record<string, string> = { ...identity(bad.as, filling) }
  for (const [name, value] of Object.entries(bad.headers ?? {})) headers[name] = filled(value, filling)
  return {
    method: bad.method ?? 'GET',
    path: adapted(filled(bad.path ?? '/', filling)),
    headers,
    body: bodyOf(bad, filling),
  }
}

/** Text with its `{{…}}` filled in; Unknown if one of them is prose. A header in a token may end with braces itself. */
export function filled(text: string, filling: Filling): string {
  return text.replaceAll(/\{\{(.*?)\}\}(?![|}])/g, (_, word: string) => {
    const [, piece, times] = /^\\?"(.+?)\\?" ?\* ?(\d+)$/s.exec(word) ?? []
    if (piece !== undefined) return piece.repeat(Number(times))
    // Not ours to fill: what a template engine would fall for.
    if (/^\d+\*\d+$/.test(word)) return `{{${word}}}`
    const value = filling(word)
    if (value === undefined) throw new Unknown(`{{${word}}}`)
    return value
  })
}

/** The header fields of whoever a vector speaks as: `alice`, `alice(exp=now+2s)`, `raw-token:jku=URL`, `anon`. */
export function identity(as: string | undefined, filling: Filling): Record<string, string> {
  if (as === undefined || as === 'anon') return {}
  const token = tokenOf(as, filling)
  if (token === undefined) throw new Unknown(`identity ${as}`)
  return { authorization: `Bearer ${token}` }
}

const subjects: Readonly<Record<string, number>> = { alice: 1, bob: 2, root: 3 }

function tokenOf(as: string, filling: Filling): string | undefined {
  const [, raw] = /^raw-token:(.+)$/s.exec(as) ?? []
  if (raw !== undefined) {
    const [, name, value] = /^(jku|x5u|jwk|kid|alg)=(.+)$/s.exec(raw) ?? []
    if (name === undefined) return filled(raw, filling)
    return filling(`jwt:${JSON.stringify({ alg: 'RS256', [name]: value })}|sub=3|rsa(attacker)`)
  }
  const [, name = '', claims] = /^(\w+)(?:\((.+)\))?$/s.exec(as) ?? []
  if (claims === undefined) return filling(`token${name[0]?.toUpperCase()}${name.slice(1)}`)
  if (subjects[name] === undefined) return undefined
  return filling(`jwt|sub=${subjects[name]}|${claims.split(/, */).join('|')}`)
}

function bodyOf(bad: BadRequest, filling: Filling): Uint8Array | undefined {
  if (bad.bodyHex !== undefined) return Buffer.from(bad.bodyHex, 'hex')
  if (bad.bodyGen !== undefined) return generated(bad.bodyGen)
  if (bad.rawBody !== undefined) return Buffer.from(bad.rawBody)
  return bad.body === undefined ? undefined : Buffer.from(filled(JSON.stringify(bad.body), filling))
}

function generated(by: Generator): Buffer {
  knownWords('bodyGen with', by, known.generator)
  for (const one of [by.prefix, by.repeat, by.template, by.mid, by.suffix])
    if (one !== undefined && typeof one !== 'string') throw new Unknown(`bodyGen of ${JSON.stringify(one)}`)
  if (by.gzipOf) return gzipSync(generated(by.gzipOf))
  const { prefix = '', repeat, template, n = 0, join = '', mid = '', suffix = '' } = by
  const many =
    template === undefined
      ? (repeat ?? '').repeat(n)
      : Array.from({ length: n }, (_, i) =>
          template.replaceAll(/\{i(?:\*(\d+))?\}/g, (_, factor: string | undefined) => String(i * Number(factor ?? 1))),
        ).join(join)
  return Buffer.concat([
    Buffer.from(prefix + many + mid),
    by.then ? generated(by.then) : Buffer.alloc(0),
    Buffer.from(suffix),
  ])
}

const words: Readonly<Record<string, string>> = { where: 'filter', count: 'total', expand: 'include' }

/** The path in our query words: `where` is `filter` and its operators begin with `$`. */
function adapted(path: string): string {
  const mark = path.indexOf('?')
  if (mark < 0) return path
  const parameters = path
    .slice(mark + 1)
    .split('&')
    .map(parameter => {
      const equals = parameter.indexOf('=')
      const name = equals < 0 ? parameter : parameter.slice(0, equals)
      const value = parameter.slice(name.length)
      const word = Object.hasOwn(words, name) ? words[name]! : name
      return word === 'filter'
        ? `${word}=${encodeURIComponent(filterOf(decodeURIComponent(value.slice(1))))}`
        : word + value
    })
  return `${path.slice(0, mark)}?${parameters.join('&')}`
}

function filterOf(text: string): string {
  let filter: unknown
  try {
    filter = JSON.parse(text)
  } catch {
    return text
  }
  return JSON.stringify(withDollars(filter))
}

const operators = new Set('and or not eq ne gt gte lt lte in nin like contains startsWith endsWith'.split(' '))

export function withDollars(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withDollars)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [operators.has(key) ? `$${key}` : key, withDollars(one)]),
  )
}
