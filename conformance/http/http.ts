import { checkShop, openShop, type ShopFile } from './shop.ts'
import { changeOf, judgeStream, type ExpectedStream } from './stream.ts'
import { mismatches } from './match.ts'
import type { CaseResult, RunOptions } from '../result.ts'
import { freshStore } from '../server/fresh-store.ts'
import { Wire, type WireAnswer, type WireRequest } from '../server/wire.ts'

/** The shape of http.json, as far as it is read. */
interface HttpFile extends ShopFile {
  readonly checks: readonly Check[]
}
interface Check {
  readonly name: string
  readonly needs?: string
  readonly given: { readonly setup?: readonly Step[] }
  readonly request: Asked
  readonly expect: Expect
}
interface Step {
  readonly waitMs?: number
  readonly stream?: {
    readonly request: Asked
    readonly during?: readonly Asked[]
    readonly capture?: Readonly<Record<string, string>>
  }
  readonly request?: Asked
  readonly capture?: Readonly<Record<string, string>>
  readonly expectStatus?: number
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

/** What the shop can do of what checks may need; a check that needs something else is skipped. */
const able: ReadonlySet<string> = new Set([
  'noop-write-keeps-etag',
  'depth',
  'boom',
  'request-id',
  'schemas',
  'limited',
  'reports',
  'auth',
  'auth-cookie',
  'private-notes',
  'hal',
  'url-references',
  'exports',
])

/** Whether a parsed file is of the format of http.json. */
export function isHttpFile(file: unknown): boolean {
  const { checks, fixture } = file as Partial<HttpFile>
  return Array.isArray(checks) && fixture !== undefined
}

/** Runs the checks of http.json over a real connection, each on a shop of its own. */
export async function runHttp(file: unknown, options: RunOptions): Promise<CaseResult[]> {
  const http = file as HttpFile
  checkShop(http)
  const wire = await Wire.open()
  const results: CaseResult[] = []
  try {
    for (const check of http.checks) results.push(await runCheck(wire, http, check, options))
  } finally {
    await wire.close()
  }
  return results
}

type Variables = Record<string, string | undefined>

async function runCheck(wire: Wire, file: HttpFile, check: Check, options: RunOptions): Promise<CaseResult> {
  const { name } = check
  if (check.needs !== undefined && !able.has(check.needs)) {
    return { name, outcome: 'skipped', detail: `needs ${check.needs}` }
  }
  const setup = check.given.setup ?? []
  const faults: string[] = []
  try {
    const { app, variables: known } = await openShop(freshStore(options.store), file)
    await wire.serve(app)
    const variables: Variables = { ...known }
    for (const step of setup) await take(wire, step, variables, faults)
    const expect = substitute(check.expect, variables) as Expect
    if (expect.stream === undefined) {
      faults.push(...judge(expect, await wire.send(requestOf(check.request, variables))))
    } else faults.push(...(await follow(wire, check.request, expect, variables)))
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error))
  }
  return faults.length === 0 ? { name, outcome: 'passed' } : { name, outcome: 'failed', detail: faults.join('; ') }
}

async function take(wire: Wire, step: Step, variables: Variables, faults: string[]): Promise<void> {
  if (step.waitMs !== undefined) await new Promise(resolve => setTimeout(resolve, step.waitMs))
  if (step.stream) await takeStream(wire, step.stream, variables)
  if (!step.request) return
  const answer = await wire.send(requestOf(step.request, variables))
  if (step.expectStatus !== undefined && answer.status !== step.expectStatus) {
    faults.push(`setup ${step.request.method} ${step.request.path}: ${answer.status}, not ${step.expectStatus}`)
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
    await stream.events.begun()
    for (const asked of step.during ?? []) await wire.send(requestOf(asked, variables))
    const event = await changeOf(stream)
    for (const [variable, source] of Object.entries(step.capture ?? {})) {
      if (source === 'event:id') variables[variable] = event.id
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

/** A value of an answer by the little language of `capture`. */
function captured(source: string, answer: WireAnswer): string | undefined {
  const [kind, ...rest] = source.split(':')
  switch (kind) {
    case 'header': {
      const value = answer.headers[rest.join(':').toLowerCase()]
      return value === undefined ? undefined : relative(String(value))
    }
    case 'body': {
      let value: any = answer.json
      for (const key of rest.join(':').split('/').slice(1)) {
        value = value?.[key.replaceAll('~1', '/').replaceAll('~0', '~')]
      }
      return value
    }
    case 'link':
      return linked(rest[0]!, answer)
    default: {
      const target = linked(rest[0]!, answer)
      const value = target === undefined ? null : new URL(target, 'http://host').searchParams.get(rest[1]!)
      return value === null ? undefined : encodeURIComponent(value)
    }
  }
}

/** The target of a link relation in the `Link` field (RFC 8288 §3), made relative. */
function linked(relation: string, answer: WireAnswer): string | undefined {
  for (const [, target, parameters] of String(answer.headers['link'] ?? '').matchAll(/<([^>]*)>([^,<]*)/g)) {
    const relations = /rel="?([^";]*)/.exec(parameters!)?.[1] ?? ''
    if (relations.split(' ').includes(relation)) return relative(target!)
  }
  return undefined
}

function substitute(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string')
    return value.replaceAll(/\{\{([^}]+)\}\}/g, (_, name: string) => String(variables[name]))
  if (Array.isArray(value)) return value.map(one => substitute(one, variables))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, substitute(one, variables)]))
}

const repeat = (text: string): string =>
  text.replaceAll(/@repeat:(.):(\d+)/g, (_, character: string, times: string) => character.repeat(Number(times)))

const relative = (uri: string): string => uri.replace(/^https?:\/\/[^/]+/, '')
