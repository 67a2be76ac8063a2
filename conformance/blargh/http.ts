import { request, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { handler, nodeServer } from '../../src/transport/node.ts'
import { httpDepartures, type HttpAt, type HttpExpected } from './departures-http.ts'
import { difference, normalise, short } from './judge.ts'
import { UnknownFunction, type TranslateOptions } from './model.ts'
import { isObject } from './oracle.ts'
import type { CaseResult, RunOptions } from '../result.ts'
import { Target } from './target.ts'
import type { HttpCase, HttpFile, HttpStep, ModelVector } from './vector.ts'

/** Whether a file holds recorded HTTP conversations with blargh's Flask layer. */
export function isBlarghHttp(file: unknown): file is HttpFile {
  const cases = (file as Partial<HttpFile> | null)?.cases
  return Array.isArray(cases) && cases.every(c => 'base' in c && 'steps' in c)
}

/** Plays every conversation against a server of its own on a free port. */
export async function runBlarghHttp(file: HttpFile, options: RunOptions): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  for (const one of file.cases) results.push(await runConversation(file, one, options))
  return results
}

async function runConversation(file: HttpFile, one: HttpCase, options: RunOptions): Promise<CaseResult> {
  const model = file.models[one.model]
  if (!model) return { name: one.name, outcome: 'skipped', detail: `model ${one.model}` }
  const prefix = one.base === null || one.base === '/' ? '' : one.base
  let target: Target | null = null
  let server: Server | null = null
  let place = 'seed'
  try {
    target = await Target.open(options.store, model, one.seed.stored, routing(one), false)
    server = nodeServer(handler(target.api.engine, { prefix }), target.api.engine.limits)
    const port = await listen(server)
    for (const [index, step] of one.steps.entries()) {
      place = `#${index} ${step.method} ${step.url} ${step.body ?? ''}`
      const fault = await take({ port, prefix, model, target, options }, one.name, index, step)
      if (fault !== null) return { name: one.name, outcome: 'failed', detail: `${place}\n    ${fault}` }
    }
    return { name: one.name, outcome: 'passed' }
  } catch (error) {
    if (error instanceof UnknownFunction) return { name: one.name, outcome: 'skipped', detail: error.message }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { name: one.name, outcome: 'failed', detail: `${place}\n    ${text}` }
  } finally {
    server?.close()
    server?.closeAllConnections()
    await target?.close()
  }
}

/** Objects that the conversation's note routes by hand: `male routed as (/men/<id_>, /men), … child not routed`. */
function routing(one: HttpCase): TranslateOptions {
  const paths: Record<string, readonly string[] | null> = {}
  for (const [, object, urls] of (one.note ?? '').matchAll(/(\w+) (?:routed )?as \(([^)]*)\)/g)) {
    const cut = (urls ?? '').split(',').map(url => url.trim().replace(/\/<.*$/, ''))
    if (object !== undefined) paths[object] = [...new Set(cut)]
  }
  for (const [, object] of (one.note ?? '').matchAll(/(\w+) not routed/g))
    if (object !== undefined) paths[object] = null
  return { links: true, paths }
}

interface Conversation {
  readonly port: number
  readonly prefix: string
  readonly model: ModelVector
  readonly target: Target
  readonly options: RunOptions
}

async function take(talk: Conversation, name: string, index: number, step: HttpStep): Promise<string | null> {
  const recorded = step.fixed ?? step.expect
  const [pathname = '', search = ''] = step.url.split(/\?(.*)/s)
  const path = pathname.slice(talk.prefix.length).split('/').slice(1)
  const before = await talk.target.dump()
  const at: HttpAt = {
    case: name,
    index,
    step,
    recorded,
    path,
    query: new URLSearchParams(search),
    exists: (object, id) => (before[object] ?? []).some(row => String(row['id']) === id),
  }
  const first: HttpExpected = {
    status: recorded.status ?? 'refused',
    ...((recorded.status ?? 500) < 300 && recorded.json !== undefined ? { json: recorded.json } : {}),
  }
  const expected = httpDepartures.reduce((e, departure) => {
    const other = departure.rewrite(at, e)
    if (other !== null && !isDeepStrictEqual(other, e)) talk.options.onDeparture?.(departure.id, `${name}#${index}`)
    return other ?? e
  }, first)
  return judge(talk.model, path[0] ?? '', await send(talk.port, step), expected)
}

interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

function judge(model: ModelVector, object: string, answer: HttpAnswer, expected: HttpExpected): string | null {
  const { status, headers, text } = answer
  const right = expected.status === 'refused' ? status >= 400 && status < 500 : status === expected.status
  if (!right) return `status ${status} instead of ${expected.status}: ${short(text)}`
  const type = headers['content-type'] ?? ''
  if (text !== '' && !type.startsWith(status < 400 ? 'application/json' : 'application/problem+json'))
    return `content type ${type} of status ${status}`
  if (expected.allow) {
    const allowed = (headers['allow'] ?? '').split(/, */)
    const missing = expected.allow.filter(method => !allowed.includes(method))
    if (missing.length) return `Allow ${allowed.join()} lacks ${missing.join()}`
  }
  if (expected.json === undefined || text === '') return null
  const plain = normalise(model, object, JSON.parse(text))
  return difference('body', byPath(plain), byPath(expected.json))
}

/** Links are compared by path: the recording was made at http://localhost. */
function byPath(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(byPath)
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, byPath(v)]))
  return typeof value === 'string' ? value.replace(/^https?:\/\/[^/]+/, '') : value
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

function send(port: number, step: HttpStep): Promise<HttpAnswer> {
  const { method, url, body, contentType } = step
  const headers = {
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
    ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
  }
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', method, path: encodeURI(url), headers, agent: false }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
