import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { handler, nodeServer } from '../../src/transport/hosts/node.ts'
import { departed, knownWords, playEach, type Closing } from '../each.ts'
import { isObject } from '../object.ts'
import { Unknown, type CaseResult, type RunOptions } from '../result.ts'
import { httpDepartures, type HttpAt, type HttpExpected } from './departures-http.ts'
import { departures } from './departures.ts'
import { engineStep } from './engine-step.ts'
import { codesOf, expectation as engineExpectation, type Expected } from './expected.ts'
import { difference, judge as judgeEngine, normalise, normaliseState, short } from './judge.ts'
import { modelOf, type TranslateOptions } from './model.ts'
import { keyOf, objectOf, rowOf } from './oracle.ts'
import { Target } from './target.ts'
import { words, type HttpCase, type HttpFile, type HttpStep, type ModelVector } from './vector.ts'

/** Plays recorded conversations with blargh's Flask layer, each against a server of its own on a free port. */
export function runBlarghHttp(file: HttpFile, options: RunOptions): Promise<CaseResult[]> {
  return playEach(
    file.cases,
    one => one.name,
    options,
    (one, closing, at) => play(file, one, options, closing, at),
  )
}

async function play(
  file: HttpFile,
  one: HttpCase,
  options: RunOptions,
  closing: Closing,
  at: (place: string) => void,
): Promise<string | null> {
  knownWords('case with', one, words.httpCase)
  knownWords('seed with', one.seed, words.seed)
  for (const step of one.steps) {
    knownWords('step with', step, words.httpStep)
    for (const told of [step.expect, step.fixed, step.production]) knownWords('expect', told ?? {}, words.httpExpect)
  }
  const model = modelOf(file, one.model)
  const prefix = one.base === null || one.base === '/' ? '' : one.base
  const routing = { ...routingOf(one, model), prefix }
  const target = await Target.open(options.store, model, one.seed.stored, routing)
  closing.defer(() => target.close())
  const server = nodeServer(handler(target.api.engine, { prefix, log: () => {} }), target.api.engine.limits)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.defer(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  for (const [index, step] of one.steps.entries()) {
    at(`#${index} ${step.method} ${step.url} ${step.body ?? ''}`)
    const before = normaliseState(model, await target.dump())
    const recorded = step.fixed ?? step.expect
    const asked: HttpAt = { model, step, recorded, before, ...placeOf(step.url, prefix, routing, model) }
    const used: string[] = []
    const expected = departed(httpDepartures, asked, expectation(asked), id => used.push(id))
    const call = used.length === 0 ? engineStep(asked, one.name, index) : null
    const meant = call && departed(departures, call, engineExpectation(call), id => used.push(id))
    for (const id of used) options.onDeparture?.(id, `${one.name}#${index}`)
    target.ids.set(newIds(asked))
    const answer = await send(port, step)
    const fault = meant && used.length > 0 ? judgeCall(asked, answer, meant) : judge(asked, answer, expected)
    if (fault !== null) return fault
  }
  return null
}

/** The recorded answer in Restuary's words; what crashed has to be refused. */
function expectation({ recorded: { status, json, allow } }: HttpAt): HttpExpected {
  const error = isObject(json) && isObject(json['error']) ? String(json['error']['code']) : null
  return {
    status: status ?? 'refused',
    ...(error !== null && { codes: codesOf(error, status) }),
    ...(status !== undefined && status < 300 && json !== undefined && { json }),
    ...(allow && { allow }),
  }
}

/** Objects that the conversation's note routes by hand: `male routed as (/men/<id_>, /men), … child not routed`. */
function routingOf({ note = '', base }: HttpCase, model: ModelVector): TranslateOptions {
  const paths: Record<string, readonly string[] | null> = {}
  for (const [, object = '', urls = ''] of note.matchAll(/(\w+) (?:routed )?as \(([^)]*)\)/g)) {
    const cut = urls.split(',').map(url => url.trim().replace(/\/<.*$/, ''))
    paths[object] = [...new Set(cut)]
  }
  for (const [, object = ''] of note.matchAll(/(\w+) not routed/g)) paths[object] = null
  if (base === null && !model.objects.every(({ name }) => Object.hasOwn(paths, name)))
    throw new Unknown(`routing: ${note}`)
  return { links: true, paths }
}

/** What a URL names. */
function placeOf(
  url: string,
  prefix: string,
  { paths = {} }: TranslateOptions,
  model: ModelVector,
): Pick<HttpAt, 'object' | 'rest' | 'query'> {
  const [pathname = '', search = ''] = url.split(/\?(.*)/s)
  const path = pathname.slice(prefix.length)
  const query = new URLSearchParams(search)
  for (const { name } of model.objects)
    for (const base of paths[name] === undefined ? [`/${name}`] : (paths[name] ?? []))
      if (path === base || path.startsWith(`${base}/`))
        return { object: name, rest: path.slice(base.length).split('/').slice(1), query }
  return { object: null, rest: [], query }
}

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

function judge(
  { model, object, step }: HttpAt,
  { status, headers, text }: Answer,
  expected: HttpExpected,
): string | null {
  const isRight = expected.status === 'refused' ? status >= 400 && status < 500 : status === expected.status
  if (!isRight) return `status ${status} instead of ${expected.status}: ${short(text)}`
  const type = headers['content-type'] ?? ''
  if (text !== '' && !type.startsWith(status < 400 ? 'application/json' : 'application/problem+json'))
    return `content type ${type} of status ${status}`
  if (expected.allow) {
    const allowed = (headers['allow'] ?? '').split(/, */)
    const missing = expected.allow.filter(method => !allowed.includes(method))
    if (missing.length > 0) return `Allow ${allowed.join()} lacks ${missing.join()}`
  }
  if (step.method === 'HEAD') return text === '' ? null : `a body: ${short(text)}`
  if (expected.codes && !expected.codes.some(code => told(text).includes(code)))
    return `${told(text).join()} instead of ${expected.codes.join('|')}: ${short(text)}`
  if (expected.json === undefined) return null
  return difference('body', byPath(normalise(model, object ?? '', JSON.parse(text))), byPath(expected.json))
}

/** The ids of the rows that an answer shows to be new: the ancestor's requests use ids up even if they fail. */
function newIds({ model, object, recorded: { json, status }, before }: HttpAt): Map<string, number[]> {
  const ids = new Map<string, number[]>()
  const note = (name: string, id: unknown): void => {
    if (typeof id === 'number' && !rowOf(model, before, name, id)) ids.set(name, [...(ids.get(name) ?? []), id])
  }
  if (object === null || status === undefined || status > 201) return ids
  for (const row of [json].flat().filter(isObject)) {
    const { fields = [] } = objectOf(model, object) ?? {}
    for (const field of fields)
      if (field.kind === 'rel') for (const id of [row[field.ext_name]].flat()) note(field.stores, id)
    note(object, row[keyOf(objectOf(model, object)!)])
  }
  return ids
}

/** Judges by what a call of the engine has to answer. */
function judgeCall({ model, object }: HttpAt, { status, text }: Answer, expected: Expected): string | null {
  const answer = { status, body: text === '' ? null : byPath(JSON.parse(text)) }
  const { or } = expected
  return judgeEngine(model, object!, answer, { ...pathOnly(expected), ...(or && { or: pathOnly(or) }) })
}

const pathOnly = (expected: Expected): Expected =>
  'body' in expected ? { ...expected, body: byPath(expected.body) } : expected

/** The codes that a problem tells: its own, and those of its issues. */
function told(text: string): string[] {
  const problem: unknown = JSON.parse(text)
  if (!isObject(problem)) return []
  const issues = Array.isArray(problem['errors']) ? problem['errors'].filter(isObject) : []
  return [problem, ...issues].flatMap(one => [one['error'], one['code']]).filter(code => typeof code === 'string')
}

/** Links are compared by path: the recording was made at http://localhost. */
function byPath(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(byPath)
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, byPath(v)]))
  return typeof value === 'string' ? value.replace(/^https?:\/\/[^/]+/, '') : value
}

function send(port: number, { method, url, body, contentType }: HttpStep): Promise<Answer> {
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
