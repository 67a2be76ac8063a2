import { createHash } from 'node:crypto'
import type { Api } from '../../src/api.ts'
import { everything } from '../../src/query/predicate.ts'
import { wait } from '../../src/store/work.ts'
import { openTodos, type Filling } from './todos.ts'
import { further, httpScripts, preparations } from './scripts.ts'
import { faultyStore } from './faulty-store.ts'
import { filled, requestOf, Unknown, type BadRequest } from './request.ts'
import { EventStream } from '../../src/testing/event-stream.ts'
import { freshStore } from '../server/fresh-store.ts'
import { isObject } from '../object.ts'
import type { CaseResult, RunOptions } from '../result.ts'
import { runSocketIoVector } from './socketio.ts'
import { runSocketVector } from './native.ts'
import { parsed, Wire, type WireAnswer, type WireRequest } from '../server/wire.ts'

interface BadInputFile {
  readonly vectors: readonly Vector[]
}
interface Vector {
  readonly name: string
  readonly transport: string
  readonly category: string
  readonly request: BadRequest
  readonly expect: { readonly status?: readonly number[]; readonly code?: readonly string[] }
}

interface Departure {
  readonly status?: readonly number[]
  readonly code: readonly string[]
  readonly why: string
}

/** Where Restuary's answer differs from what is listed for a reason. */
const departures: Readonly<Record<string, Departure>> = {
  'trace-method': { code: ['method_not_allowed'], why: 'RFC 9110 §15.5.6: TRACE is known and not allowed here' },
  'nested-reverse-delete': {
    status: [409],
    code: ['conflict'],
    why: 'a list whose rows must have an owner cannot be emptied',
  },
  'group-hidden': { code: ['unknown_param'], why: 'there is no such parameter, whatever it names' },
  'search-hidden': { code: ['unknown_param'], why: 'there is no text search' },
  'open-redirect-next': { code: ['method_not_allowed'], why: 'a login is a POST, and leads nowhere' },
  'connect-method': { code: ['method_not_allowed'], why: 'as TRACE' },
}

/** Vectors that come after alice has sent "first" with the same key. */
const firstWithKey: ReadonlySet<string> = new Set(['idempotency-key-reused-other-body', 'idempotency-key-other-user'])

/** Codes that the file calls otherwise. */
const synonyms: Readonly<Record<string, string>> = {
  readonly: 'read_only',
  header_too_large: 'headers_too_large',
  forbidden_key: 'forbidden_field',
}

/** Runs badinput.json: what was answered, nothing changed by what was refused, nothing leaked, alive. */
export async function runBadInput(file: unknown, options: RunOptions): Promise<CaseResult[]> {
  const wire = await Wire.open()
  const results: CaseResult[] = []
  try {
    for (const vector of (file as BadInputFile).vectors) results.push(await runVector(wire, vector, options))
  } finally {
    await wire.close()
  }
  return results
}

async function runVector(wire: Wire, vector: Vector, options: RunOptions): Promise<CaseResult> {
  const name = `${vector.category}/${vector.name}`
  const skipped = (detail: string): CaseResult => ({ name, outcome: 'skipped', detail })
  if (vector.transport === 'ws') return runSocketVector(wire, vector, options, fingerprint)
  if (vector.transport === 'socketio') return runSocketIoVector(vector, options, fingerprint)
  if (vector.transport !== 'http') return skipped(vector.transport)
  const { rawGen } = vector.request
  if (rawGen !== undefined && !generators.has(vector.name) && !httpScripts.has(vector.name)) return skipped(rawGen)
  try {
    const faults = await attempt(wire, vector, options)
    return faults.length === 0 ? { name, outcome: 'passed' } : { name, outcome: 'failed', detail: faults.join('; ') }
  } catch (error) {
    if (error instanceof Unknown) return skipped(error.message)
    return { name, outcome: 'failed', detail: error instanceof Error ? error.message : String(error) }
  }
}

async function attempt(wire: Wire, vector: Vector, options: RunOptions): Promise<string[]> {
  const { request, expect } = vector
  const faulty = faultyStore(freshStore(options.store))
  const fault = request.headers?.['x-test-fault']
  const opened = await openTodos(faulty.store, JSON.stringify(vector), fault === 'rule-throws')
  const { app } = opened
  await wire.serve(app)
  const filling = (await preparations.get(vector.name)?.({ ...opened, wire })) ?? opened.filling
  const raw = generators.get(vector.name)?.(filling) ?? request.raw
  const asked = raw === undefined ? requestOf(request, filling) : filled(raw, filling)
  if (vector.name === 'sse-newline-injection-data') {
    await app.post('todo', { title: 'x\n\ndata: forged', owner: 1 } as never)
  }
  if (firstWithKey.has(vector.name)) {
    const first = await wire.send(requestOf({ ...request, as: 'alice', body: { title: 'first' } }, filling))
    if (first.status !== 201) throw new Error(`the first request with the key was answered ${first.status}`)
  }
  const before = await fingerprint(app)
  if (fault === 'db-down') faulty.fail()
  const script = httpScripts.get(vector.name)
  const answer = script
    ? await script({ ...opened, wire })
    : typeof asked === 'string'
      ? firstAnswer(await wire.sendRaw(asked))
      : await sendAsOften(wire, asked)
  const faults: string[] = []
  const statuses = departures[vector.name]?.status ?? expect.status
  if (!statuses?.includes(answer.status)) {
    faults.push(`status ${answer.status}, not ${statuses?.join(' or ')}: ${answer.text.slice(0, 200)}`)
  }
  const wanted = departures[vector.name]?.code ?? expect.code ?? []
  const codes = codesOf(answer)
  if (answer.text !== '' && !wanted.some(code => codes.includes(synonyms[code] ?? code))) {
    faults.push(`code ${codes.join(', ')}, not ${wanted.join(' or ')}`)
  }
  faults.push(...(further.get(vector.name)?.(answer) ?? []))
  if (fault !== 'db-down' && answer.status >= 400 && (await fingerprint(app)) !== before)
    faults.push('the refused request changed something')
  const foreign = request.as === 'bob' || request.as === 'root' ? null : /CANARY-7f3a|bob@x\.io|root@x\.io/
  if (leak.test(answer.text) || foreign?.test(answer.text)) faults.push(`a leak: ${answer.text.slice(0, 200)}`)
  if ('polluted' in {}) faults.push('Object.prototype is polluted')
  const health = await wire.send({ method: 'GET', path: '/health', headers: {} })
  if (health.status !== 200) faults.push(`/health answers ${health.status}`)
  return faults
}

/** `?repeat=200` asks for so many at once; the worst answer counts. */
async function sendAsOften(wire: Wire, asked: WireRequest): Promise<WireAnswer> {
  const [path = '', times] = asked.path.split('?repeat=')
  if (times === undefined) return wire.send(asked)
  const answers = await Promise.all(Array.from({ length: Number(times) }, () => wire.send({ ...asked, path })))
  return answers.toSorted((a, b) => b.status - a.status)[0]!
}

// Stack traces, files, SQL, other people's rows.
const leak = /\n\s+at |node_modules|\.ts:\d|SQLITE_|\bSELECT\b.*\bFROM\b|\$argon2id\$/

/** The names of a stream's events. One that cannot be parsed is a fault. */
function eventsOf(answer: WireAnswer): string[] {
  if (!String(answer.headers['content-type']).startsWith('text/event-stream')) return []
  const stream = new EventStream()
  stream.feed(answer.text)
  return stream.events.map(event => event.event)
}

function codesOf(answer: WireAnswer): string[] {
  if (answer.status < 400) return eventsOf(answer).includes('reset') ? ['reset'] : ['ok']
  const { error, errors } = isObject(answer.json) ? answer.json : {}
  const issues: unknown[] = Array.isArray(errors) ? errors : []
  return [error, ...issues.map(issue => (isObject(issue) ? issue['code'] : undefined))].map(String)
}

/** What `rawGen` describes in prose, by the name of its vector. */
const generators: ReadonlyMap<string, (filling: Filling) => string> = new Map([
  [
    'body-chunked-endless',
    filling =>
      `POST /todos HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${filling('tokenAlice')}\r\nContent-Type: application/json\r\n` +
      `Transfer-Encoding: chunked\r\n\r\n${`10000\r\n${'x'.repeat(65_536)}\r\n`.repeat(160)}`,
  ],
])

/** The only answer on a connection; a second one means that a smuggled request was understood. */
function firstAnswer(text: string): WireAnswer {
  const [head = '', body = ''] = text.split(/\r\n\r\n(.*)/s)
  const answers = text.match(/HTTP\/1\.1 \d{3} /g)?.length ?? 0
  const status = answers === 1 ? Number(head.slice(9, 12)) : 0
  return { status, headers: {}, text: body, json: parsed(body) }
}

/** Hash of all rows with their versions, and of the head of the change log. */
async function fingerprint(app: Api): Promise<string> {
  const hash = createHash('sha256')
  await app.store.read(function* (snapshot) {
    hash.update(String(snapshot.position))
    for (const resource of app.model.resources.values()) {
      const all = { where: everything, sort: [], limit: null, offset: 0, cursor: null }
      hash.update(JSON.stringify(yield* wait(snapshot.select(resource, all))))
    }
  })
  return hash.digest('hex')
}
