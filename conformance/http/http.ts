import type { WireAnswer, WireRequest } from '../server/wire.ts'
import { Wire } from '../server/wire.ts'
import { knownWords, playEach, type Closing } from '../each.ts'
import { Unknown, type CaseResult, type RunOptions } from '../result.ts'
import { freshStore } from '../server/fresh-store.ts'
import { captured, relative, type Variables } from './capture.ts'
import { mismatches, refusePatterns } from './match.ts'
import { checkShop, openShop, password, type ShopFile } from './shop.ts'
import { judgeStream, streamed, type ExpectedStream } from './stream.ts'

/** The shape of http.json, as far as it is read. */
export interface HttpFile extends ShopFile {
  readonly checks: readonly Check[]
}
interface Check {
  readonly name: string
  readonly needs?: string | readonly string[]
  readonly given?: { readonly setup?: readonly Step[] }
  readonly request: Asked
  readonly expect: Expect
}
interface Step {
  readonly waitMs?: number
  readonly stream?: ExpectedStream<Asked> & {
    readonly request: Asked
    readonly capture?: Readonly<Record<string, string>>
  }
  readonly request?: Asked
  readonly capture?: Readonly<Record<string, string>>
  readonly expectStatus?: number | readonly number[]
}
interface Asked {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string | null>>
  readonly body?: unknown
  readonly raw?: string
}
interface Expect {
  readonly status?: number | readonly number[]
  readonly headers?: Readonly<Record<string, unknown>>
  readonly body?: unknown
  readonly bodyRaw?: unknown
  readonly bodyEmpty?: boolean
  readonly anyOf?: readonly Expect[]
  readonly stream?: ExpectedStream<Asked>
}

/** What checks may need of the shop, in the words of http.json and of what it describes; another need skips a check. */
const able: ReadonlySet<string> = new Set(
  (
    'noop-write-keeps-etag depth boom request-id schemas limited reports auth auth-cookie private-notes hal ' +
    'url-references exports deprecation deprecated sunset v0 jobs jsonapi xml csv msgpack compression gzip brotli ' +
    'bulk put-create require-if-match json-patch query prefer idempotency last-modified refresh logout cors sse ' +
    'openapi asyncapi api-catalog docs server-timing'
  ).split(' '),
)

const set = (text: string): ReadonlySet<string> => new Set(text.split(' '))
const words = {
  check: set('name level given request expect standard note needs'),
  given: set('text setup'),
  setup: set('waitMs stream request capture expectStatus'),
  request: set('method path headers body raw'),
  expect: set('status headers body bodyRaw bodyEmpty anyOf stream'),
  stream: set('firstBytesWithinMs during expectEvent withinMs request capture'),
}

/** Runs the checks of http.json over a real connection, each on a shop of its own. */
export async function runHttp(file: HttpFile, options: RunOptions): Promise<CaseResult[]> {
  checkShop(file)
  return playEach(
    file.checks,
    check => check.name,
    options,
    (check, closing) => play(file, check, options, closing),
  )
}

async function play(file: HttpFile, check: Check, options: RunOptions, closing: Closing): Promise<string | null> {
  refuseUnknown(check)
  const { app, variables: known } = await openShop(freshStore(options.store), file)
  const wire = await Wire.open()
  closing.defer(() => wire.close())
  await wire.serve(app)
  const variables: Variables = { ...known }
  for (const [, name] of JSON.stringify(check).matchAll(/\{\{cookie\.(\w+)\}\}/g)) {
    if (!Object.hasOwn(known, `token.${name!}`)) throw new Unknown(`variable cookie.${name!}`)
    variables[`cookie.${name!}`] ??= await cookieOf(wire, name!)
  }
  const faults: string[] = []
  for (const step of check.given?.setup ?? []) await take(wire, step, variables, faults)
  const expect = substitute(check.expect, variables) as Expect
  if (expect.stream === undefined) faults.push(...judge(expect, await wire.send(requestOf(check.request, variables))))
  else faults.push(...(await follow(wire, check.request, expect, variables)))
  return faults.length === 0 ? null : faults.join('; ')
}

/** Words that nothing reads, and needs that the shop has not. */
function refuseUnknown(check: Check): void {
  knownWords('check with', check, words.check)
  for (const need of [check.needs ?? []].flat()) if (!able.has(need)) throw new Unknown(`needs ${need}`)
  knownWords('given', check.given ?? {}, words.given)
  const asked = (one: Asked | undefined): void => knownWords('request with', one ?? {}, words.request)
  for (const step of check.given?.setup ?? []) {
    knownWords('setup with', step, words.setup)
    knownWords('stream with', step.stream ?? {}, words.stream)
    refusePatterns(step.stream?.expectEvent)
    for (const one of [step.request, step.stream?.request, ...(step.stream?.during ?? [])]) asked(one)
  }
  asked(check.request)
  for (const one of [check.expect, ...(check.expect.anyOf ?? [])]) {
    knownWords('expect', one, words.expect)
    knownWords('stream with', one.stream ?? {}, words.stream)
    refusePatterns([one.headers, one.body, one.bodyRaw, one.stream?.expectEvent])
    for (const during of one.stream?.during ?? []) asked(during)
  }
}

/** The cookie of a session, as a browser sends it. */
async function cookieOf(wire: Wire, username: string): Promise<string> {
  const body = Buffer.from(JSON.stringify({ username, password }))
  const headers = { 'content-type': 'application/json' }
  const answer = await wire.send({ method: 'POST', path: '/auth/token?cookie=true', headers, body })
  return (answer.headers['set-cookie'] ?? []).map(one => one.split(';', 1)[0]).join('; ')
}

async function take(wire: Wire, step: Step, variables: Variables, faults: string[]): Promise<void> {
  if (step.waitMs !== undefined) await new Promise(resolve => setTimeout(resolve, step.waitMs))
  if (step.stream) await takeStream(wire, step.stream, variables)
  if (!step.request) return
  const answer = await wire.send(requestOf(step.request, variables))
  const wanted = [step.expectStatus ?? answer.status].flat()
  if (!wanted.includes(answer.status)) {
    faults.push(`setup ${step.request.method} ${step.request.path}: ${answer.status}, not ${wanted.join(' or ')}`)
  }
  for (const [variable, source] of Object.entries(step.capture ?? {})) variables[variable] = captured(source, answer)
}

/** Opens a stream, sends what is to be sent meanwhile, and judges both its header section and its events. */
async function follow(wire: Wire, asked: Asked, expect: Expect, variables: Variables): Promise<string[]> {
  const stream = await wire.stream(requestOf(asked, variables))
  try {
    const { status, headers } = stream
    const faults = judge(expect, { status, headers, text: '', json: undefined })
    if (faults.length > 0) return faults
    return await judgeStream(stream, expect.stream!, one => wire.send(requestOf(one, variables)))
  } finally {
    stream.close()
  }
}

async function takeStream(wire: Wire, step: NonNullable<Step['stream']>, variables: Variables): Promise<void> {
  const stream = await wire.stream(requestOf(step.request, variables))
  try {
    const found = await streamed(stream, step, one => wire.send(requestOf(one, variables)))
    for (const [variable, source] of Object.entries(step.capture ?? {})) {
      if (!Object.hasOwn(found, source)) throw new Unknown(`capture ${source}`)
      variables[variable] = found[source]
    }
  } finally {
    stream.close()
  }
}

function requestOf(template: Asked, variables: Variables): WireRequest {
  const asked = substitute(template, variables) as Asked
  const headers: Record<string, string> = {}
  let body: Buffer | undefined
  if (asked.raw !== undefined) {
    body = asked.raw.startsWith('@hex:') ? Buffer.from(asked.raw.slice(5), 'hex') : Buffer.from(repeat(asked.raw))
  } else if (asked.body !== undefined) {
    headers['content-type'] = 'application/json'
    body = Buffer.from(JSON.stringify(asked.body))
  }
  headers['authorization'] = `Bearer ${variables['token.alice']}`
  for (const [name, value] of Object.entries(asked.headers ?? {})) {
    if (value === null) delete headers[name.toLowerCase()]
    else headers[name.toLowerCase()] = repeat(value)
  }
  const path = repeat(relative(asked.path))
  return { method: asked.method, path: path.startsWith('/') ? path : `/${path}`, headers, body }
}

function judge(expect: Expect, answer: WireAnswer): string[] {
  if (expect.anyOf) {
    return expect.anyOf.some(one => judge(one, answer).length === 0)
      ? []
      : [`none of the alternatives: ${answer.status}`]
  }
  const faults: string[] = []
  if (!statuses(expect).includes(answer.status)) {
    faults.push(`status ${answer.status}, not ${statuses(expect).join(' or ')}: ${answer.text.slice(0, 200)}`)
  }
  for (const [names, pattern] of Object.entries(expect.headers ?? {})) {
    const candidates = names.toLowerCase().split('|')
    const name = candidates.find(one => answer.headers[one] !== undefined) ?? candidates[0]!
    const value = answer.headers[name]
    faults.push(...mismatches(pattern, Array.isArray(value) ? value.join(', ') : value, name, answer.headers))
  }
  if (expect.bodyEmpty && answer.text !== '') faults.push(`a body: ${answer.text.slice(0, 80)}`)
  if (expect.bodyRaw !== undefined) faults.push(...mismatches(expect.bodyRaw, answer.text, 'text'))
  if (expect.body !== undefined) faults.push(...mismatches(expect.body, answer.json, '#'))
  return faults
}

const statuses = (expect: Expect): number[] => [expect.status ?? []].flat()

function substitute(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string')
    return value.replaceAll(/\{\{([^}]+)\}\}/g, (_, name: string) => {
      if (!Object.hasOwn(variables, name)) throw new Unknown(`variable ${name}`)
      return String(variables[name])
    })
  if (Array.isArray(value)) return value.map(one => substitute(one, variables))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, substitute(one, variables)]))
}

const repeat = (text: string): string =>
  text.replaceAll(/@repeat:(.):(\d+)/g, (_, character: string, times: string) => character.repeat(Number(times)))
