import { isDeepStrictEqual } from 'node:util'
import { isObject } from '../object.ts'
import type { WireAnswer } from '../server/wire.ts'
import type { AppVector, Expected } from './vector.ts'

interface Issued {
  readonly header: string | null
  readonly cookie: string | null
}

function issuedIn({ headers }: WireAnswer, { meta }: AppVector): Issued {
  const name = (meta?.$auth?.header ?? 'Authorization').toLowerCase()
  const [cookie] = headers['set-cookie'] ?? []
  const own = headers[name]
  return { header: typeof own === 'string' ? own : null, cookie: cookie?.split(';', 1)[0]!.split('=')[1] ?? null }
}

/** The token that went out with an answer, in either way. */
export function tokenIn(answer: WireAnswer, app: AppVector): string | null {
  const { header, cookie } = issuedIn(answer, app)
  return header ?? cookie
}

/** What is wrong with an answer; null = nothing. */
export function differenceOf(expected: Expected, answer: WireAnswer, app: AppVector): string | null {
  const told = (what: string, wanted: unknown, found: unknown): string =>
    `${what} ${JSON.stringify(wanted)} wanted, ${JSON.stringify(found)} found`
  const { status, contentType, body, text, bodyStartsWith, bodyLength, headers = {}, token, isSubset } = expected
  if (answer.status !== status) return `${told('status', status, answer.status)} ${answer.text}`
  if (contentType !== undefined && answer.headers['content-type'] !== contentType)
    return told('content type', contentType, answer.headers['content-type'])
  if (text !== undefined && withoutIds(answer.text) !== withoutIds(text)) return told('text', text, answer.text)
  if (bodyStartsWith !== undefined && !answer.text.startsWith(bodyStartsWith))
    return told('begin of the body', bodyStartsWith, answer.text.slice(0, 80))
  if (bodyLength !== undefined && answer.text.length !== bodyLength)
    return told('length of the body', bodyLength, answer.text.length)
  if ('body' in expected) {
    const found = isSubset && isObject(body) ? membersOf(answer.json, Object.keys(body)) : answer.json
    // The order of members is part of it.
    if (JSON.stringify(found) !== JSON.stringify(body)) return told('body', body, found)
  }
  for (const [name, value] of Object.entries(headers)) {
    const found = headerOf(answer, name, app)
    const wanted = name === 'Set-Cookie' || name === 'Allow' || !Array.isArray(value) ? value : value.join(', ')
    if (wanted === '<etag>' && /^"[^"]+"$/.test(String(found))) continue
    if (!isDeepStrictEqual(found, wanted)) return told(name, wanted, found)
  }
  return token === undefined ? null : tokenFault(token, issuedIn(answer, app))
}

/** Every problem has an id of its own. */
const withoutIds = (text: string): string => text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '…')

function headerOf(answer: WireAnswer, name: string, app: AppVector): unknown {
  const found = answer.headers[name.toLowerCase()]
  if (name === 'Allow') return String(found).split(', ').toSorted()
  if (name !== 'Set-Cookie') return found
  const token = tokenIn(answer, app)!
  return found?.[0]
    ?.split('; ')
    .filter(part => part !== 'Secure' && !part.startsWith('SameSite='))
    .map(part => part.replace(token, '<token>'))
    .toSorted()
}

function tokenFault(expected: Expected['token'], { header, cookie }: Issued): string | null {
  if (!expected) return header === null && cookie === null ? null : 'a token went out'
  if ((header !== null) !== expected.inHeader || (cookie !== null) !== expected.inCookie)
    return `token in header ${expected.inHeader} and in cookie ${expected.inCookie} wanted`
  const [head, payload] = (header ?? cookie)!.split('.').map(decoded)
  const same = isDeepStrictEqual(payload, expected.payload) && isDeepStrictEqual(head, expected.header)
  return same ? null : `token ${JSON.stringify(expected)} wanted, ${JSON.stringify({ head, payload })} found`
}

function decoded(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString()) as unknown
  } catch {
    return part // the signature
  }
}

function membersOf(value: unknown, names: readonly string[]): unknown {
  return isObject(value) ? Object.fromEntries(names.map(name => [name, value[name]])) : value
}
