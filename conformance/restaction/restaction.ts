import { isDeepStrictEqual } from 'node:util'
import { ModelError } from '../../src/model/faults.ts'
import { departures, type Expected } from './departures.ts'
import { freshStore } from '../server/fresh-store.ts'
import { openApp, prefixOf, type AppVector } from './app.ts'
import type { CaseResult, RunOptions } from '../result.ts'
import { Wire, type WireAnswer } from '../server/wire.ts'

interface RestactionFile {
  readonly cases: readonly CaseVector[]
}

interface CaseVector {
  readonly name: string
  readonly app: AppVector
  readonly steps: readonly StepVector[]
  /** The application cannot be declared. */
  readonly expect?: {
    readonly registrationError: { readonly type: string; readonly message: string; readonly position: string | null }
  }
}

interface StepVector {
  readonly request: {
    readonly method: string
    readonly path: string
    readonly headers?: Readonly<Record<string, string>>
    readonly json?: unknown
    readonly form?: Readonly<Record<string, string>>
    readonly body?: string
  }
  /** When it is. */
  readonly at?: string
  /** Names of tokens that went out before. */
  readonly save?: string
  readonly use?: string
  readonly useCookie?: string
  readonly expect: Expected
}

/** Whether a file holds cases of flask-restaction. */
export function isRestaction(file: unknown): file is RestactionFile {
  const cases = (file as Partial<RestactionFile> | null)?.cases
  return Array.isArray(cases) && cases.length > 0 && cases.every(one => 'app' in one && 'steps' in one)
}

/** Runs each case on an application of its own, over a real connection. */
export async function runRestaction(file: RestactionFile, options: RunOptions): Promise<CaseResult[]> {
  const wire = await Wire.open()
  const results: CaseResult[] = []
  try {
    for (const one of file.cases) results.push(await runCase(one, wire, options))
  } finally {
    await wire.close()
  }
  return results
}

async function runCase(one: CaseVector, wire: Wire, options: RunOptions): Promise<CaseResult> {
  const { name, app } = one
  let now = Date.parse('2016-09-15T15:00:00Z')
  const open = (): ReturnType<typeof openApp> => openApp(app, freshStore(options.store), () => now)
  if (one.expect) return judgeStart(name, one.expect.registrationError, open)
  await wire.serve(open())
  const saved = new Map<string, string>()
  for (const [index, step] of one.steps.entries()) {
    if (step.at !== undefined) now = Date.parse(step.at)
    const answer = await wire.send(requestOf(step, app, saved))
    const token = tokenIn(answer, app)
    if (step.save !== undefined && token !== null) saved.set(step.save, token)
    const at = { case: name, index, method: step.request.method, path: step.request.path }
    const fault = differenceOf(expectation(at, step.expect, options), answer, app)
    if (fault !== null) return { name, outcome: 'failed', detail: `#${index} ${at.method} ${at.path}: ${fault}` }
  }
  return { name, outcome: 'passed' }
}

/** Mistakes of a schema are told in the original's words and place; of other mistakes it is only asked that they are. */
function judgeStart(
  name: string,
  { type, message, position }: NonNullable<CaseVector['expect']>['registrationError'],
  open: () => unknown,
): CaseResult {
  try {
    open()
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    const { problem, place } = error.faults[0]!
    if (type !== 'SchemaError' || (problem === message && place === position)) return { name, outcome: 'passed' }
    return { name, outcome: 'failed', detail: `${message} in ${position} wanted, ${problem} in ${place} found` }
  }
  return { name, outcome: 'failed', detail: `${type} wanted, but it starts` }
}

function expectation(
  at: Parameters<(typeof departures)[number]['rewrite']>[0],
  recorded: Expected,
  options: RunOptions,
): Expected {
  return departures.reduce((expected, { id, rewrite }) => {
    const other = rewrite(at, expected)
    if (other && !isDeepStrictEqual(other, expected)) options.onDeparture?.(id, `${at.case}#${at.index}`)
    return other ?? expected
  }, recorded)
}

function requestOf(
  { request, use, useCookie }: StepVector,
  app: AppVector,
  saved: ReadonlyMap<string, string>,
): Parameters<Wire['send']>[0] {
  const headers: Record<string, string> = { ...request.headers }
  let text = request.body
  if (request.json !== undefined) {
    headers['Content-Type'] = 'application/json'
    text = JSON.stringify(request.json)
  } else if (request.form) {
    headers['Content-Type'] = 'application/x-www-form-urlencoded'
    text = new URLSearchParams(request.form).toString()
  }
  if (use !== undefined) headers[String(app.meta?.['$auth']?.header ?? 'Authorization')] = saved.get(use)!
  if (useCookie !== undefined) headers['Cookie'] = `${app.meta?.['$auth']?.cookie}=${saved.get(useCookie)}`
  const { method } = request
  const path = app.blueprint ? request.path : prefixOf(app) + request.path
  return { method, path, headers, body: text === undefined ? undefined : Buffer.from(text) }
}

interface Issued {
  readonly header: string | null
  readonly cookie: string | null
}

function issuedIn({ headers }: WireAnswer, { meta }: AppVector): Issued {
  const name = (meta?.['$auth']?.header ?? 'Authorization').toLowerCase()
  const [cookie] = headers['set-cookie'] ?? []
  const own = headers[name]
  return { header: typeof own === 'string' ? own : null, cookie: cookie?.split(';', 1)[0]!.split('=')[1] ?? null }
}

function tokenIn(answer: WireAnswer, app: AppVector): string | null {
  const { header, cookie } = issuedIn(answer, app)
  return header ?? cookie
}

/** What is wrong with an answer; null = nothing. */
function differenceOf(expected: Expected, answer: WireAnswer, app: AppVector): string | null {
  const told = (what: string, wanted: unknown, found: unknown): string =>
    `${what} ${JSON.stringify(wanted)} wanted, ${JSON.stringify(found)} found`
  const { status, contentType, body, text, headers = {}, token } = expected
  if (answer.status !== status) return `${told('status', status, answer.status)} ${answer.text}`
  if (contentType !== undefined && answer.headers['content-type'] !== contentType)
    return told('content type', contentType, answer.headers['content-type'])
  if (text !== undefined && answer.text !== text) return told('text', text, answer.text)
  if ('body' in expected) {
    const found = status >= 400 && isObject(body) ? membersOf(answer.json, Object.keys(body)) : answer.json
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

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
