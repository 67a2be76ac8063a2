import type { Api } from '../../src/api.ts'
import { NativeClient } from '../../src/testing/native-client.ts'
import { rewrite } from '../../src/testing/fill.ts'
import { openTodos, type Filling } from './todos.ts'
import { filled, identity, Unknown, withDollars } from './request.ts'
import { freshStore } from '../server/fresh-store.ts'
import { isObject } from '../object.ts'
import { clientFrame, closeCodeAfter, handshake } from './raw-socket.ts'
import type { CaseResult, RunOptions } from '../result.ts'
import { parsed, type Wire } from '../server/wire.ts'

/** A vector of badinput.json that speaks of WebSockets. */
export interface SocketVector {
  readonly name: string
  readonly category: string
  readonly request: {
    readonly as?: string
    readonly send?: readonly Readonly<Record<string, unknown>>[]
    readonly sendText?: string
    readonly sendHex?: string
    readonly sendTextHex?: string
    readonly sendGen?: string
    readonly rawFrameHex?: string
    readonly behaviour?: string
    readonly connections?: number
    readonly waitMs?: number
    readonly then?: string
    readonly connect?: {
      readonly path?: string
      readonly headers?: Readonly<Record<string, string>>
      readonly headersGen?: string
    }
  }
  readonly expect: { readonly code?: readonly string[]; readonly invariant?: string }
}

/** Codes that the file calls otherwise. */
const synonyms: Readonly<Record<string, string>> = {
  bad_message: 'bad_request',
  forbidden_key: 'forbidden_field',
}

interface Bench {
  readonly wire: Wire
  readonly app: Api
  readonly filling: Filling
  readonly headers: Readonly<Record<string, string>>
  readonly vector: SocketVector
}

/** Runs a vector over the native frames: what came back, nothing changed by what was refused, nothing leaked, alive. */
export async function runSocketVector(
  wire: Wire,
  vector: SocketVector,
  options: RunOptions,
  fingerprint: (app: Api) => Promise<string>,
): Promise<CaseResult> {
  const name = `${vector.category}/${vector.name}`
  try {
    const { app, filling } = await openTodos(freshStore(options.store), JSON.stringify(vector))
    await wire.serve(app)
    const headers = vector.request.connect ? {} : identity(vector.request.as, filling)
    const before = await fingerprint(app)
    const { codes, text } = await attempt({ wire, app, filling, headers, vector })
    const wanted = (vector.expect.code ?? []).map(code => synonyms[code] ?? code)
    const faults: string[] = []
    if (!wanted.some(code => codes.includes(code))) faults.push(`${codes.join(', ')}, not ${wanted.join(' or ')}`)
    if (vector.expect.invariant?.includes('no-change') && (await fingerprint(app)) !== before) {
      faults.push('what was refused changed something')
    }
    const leak = /\n\s+at |node_modules|\.ts:\d|SQLITE_|\$argon2id\$|CANARY|canary@x\.io|bob@x\.io|root@x\.io/.exec(
      text,
    )
    if (leak) faults.push(`a leak: ${leak[0]}`)
    const health = await wire.send({ method: 'GET', path: '/health', headers: {} })
    if (health.status !== 200) faults.push(`/health answers ${health.status}`)
    return faults.length === 0 ? { name, outcome: 'passed' } : { name, outcome: 'failed', detail: faults.join('; ') }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return { name, outcome: error instanceof Unknown ? 'skipped' : 'failed', detail }
  }
}

interface Came {
  readonly codes: readonly string[]
  readonly text: string
}

async function attempt(bench: Bench): Promise<Came> {
  const { request, name } = bench.vector
  if (request.connect) return shakeHands(bench, request.connect)
  const script = scripts.get(name)
  if (script) return script(bench)
  for (const prose of [request.sendGen, request.behaviour, request.then, request.connections]) {
    if (prose !== undefined) throw new Unknown(String(prose))
  }
  if (request.rawFrameHex !== undefined) {
    return closedAfter(bench, [Buffer.from(request.rawFrameHex.replaceAll(' ', ''), 'hex')])
  }
  if (request.sendTextHex !== undefined) {
    return closedAfter(bench, [clientFrame(0x81, Buffer.from(request.sendTextHex, 'hex'))])
  }
  const client = await open(bench)
  try {
    if (request.sendHex !== undefined) client.socket.send(Buffer.from(request.sendHex, 'hex'))
    if (request.sendText !== undefined) client.send(adaptedText(request.sendText))
    for (const frame of request.send ?? []) client.send(adapted(frame, bench.filling))
    if (request.waitMs !== undefined) {
      await client.whenClosed()
      return came(client)
    }
    await client.hear(frame => frame.status !== undefined || frame.error !== undefined)
    // A subscription says more than that it is one.
    await client.ask({ id: 'last', op: 'ping' })
    return came(client, true)
  } finally {
    client.cut()
  }
}

async function open({ wire, headers }: Bench): Promise<NativeClient> {
  const client = await NativeClient.open(`ws://127.0.0.1:${wire.port}/`, headers)
  client.keep = true
  await client.hear(frame => frame.op === 'hello')
  return client
}

/** What a client has heard, as codes. */
function came(client: NativeClient, stays = false): Came {
  const codes: string[] = []
  for (const frame of client.all) {
    if (frame.error) codes.push(...codesOf(frame.error))
    else if (frame.op === 'reset') codes.push('reset')
    else if (frame.events) codes.push(...frame.events.map((event: any) => event.kind))
    else if (frame.status < 400) codes.push('ok')
  }
  if (client.closed) codes.push(`close_${client.closed.code}`, client.closed.reason)
  else if (!stays) codes.push('open')
  return { codes, text: JSON.stringify(client.all) }
}

function codesOf(problem: unknown): string[] {
  if (!isObject(problem)) return []
  const { error, errors } = problem
  const issues: unknown[] = Array.isArray(errors) ? errors : []
  return [String(error), ...issues.map(issue => (isObject(issue) ? String(issue['code']) : ''))]
}

async function closedAfter(bench: Bench, pieces: Iterable<Uint8Array>): Promise<Came> {
  const { socket } = await handshake(bench.wire.port, '/', bench.headers)
  if (!socket) throw new Error('the handshake failed')
  return { codes: [`close_${await closeCodeAfter(socket, pieces)}`], text: '' }
}

async function shakeHands(
  { wire, filling }: Bench,
  connect: NonNullable<SocketVector['request']['connect']>,
): Promise<Came> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(connect.headers ?? {})) headers[name] = filled(value, filling)
  if (connect.headersGen !== undefined) for (let i = 0; i < 2_001; i++) headers[`x-${i}`] = '1'
  const shaken = await handshake(wire.port, filled(connect.path ?? '/', filling), headers)
  if (shaken.socket) {
    shaken.socket.destroy()
    return { codes: ['ok'], text: '' }
  }
  return { codes: [`http_${shaken.status}`, ...codesOf(parsed(shaken.body))], text: shaken.body }
}

/** A message in this project's words: a URI instead of a resource and a key, `since`, `params.filter`. */
function adapted(frame: Readonly<Record<string, unknown>>, filling: Filling): Record<string, unknown> {
  const { resource, key, params, position, ...rest } = frame
  const uri =
    typeof resource === 'string' && (key === undefined || typeof key !== 'object')
      ? `/${resource}${key === undefined ? '' : `/${String(key)}`}`
      : resource === undefined
        ? undefined
        : [resource, key]
  const given = isObject(params) ? { ...params } : undefined
  if (given && 'where' in given) {
    given['filter'] = withDollars(given['where'])
    delete given['where']
  }
  const adaptedFrame = {
    ...rest,
    ...(uri !== undefined && { uri }),
    ...(given && { params: given }),
    ...(position !== undefined && { since: position }),
  }
  const text = JSON.stringify(adaptedFrame).replaceAll('\\\\ud800 (as JSON escape)', '\\ud800')
  return JSON.parse(filled(text.replaceAll('\\"', '"'), filling)) as Record<string, unknown>
}

function adaptedText(text: string): string {
  return text.replace('"resource":"todos","key":1', '"uri":"/todos/1"')
}

/** What prose describes, by the name of its vector. */
const scripts: ReadonlyMap<string, (bench: Bench) => Promise<Came>> = new Map([
  ['ws-fragment-flood', bench => closedAfter(bench, many(clientFrame(0x01, empty), clientFrame(0x00, empty), 1_000))],
  ['ws-fragments-never-final', bench => closedAfter(bench, fragments())],
  ['ws-ping-flood', bench => flood(bench, client => client.socket.ping())],
  ['ws-message-rate-1000ps', bench => flood(bench, client => client.send({ id: 1, op: 'get', uri: '/todos/1' }))],
  ['ws-slow-reader-10k-subs-events', readSlowly],
  ['ws-subscribe-storm-1000-conns', storm],
  [
    'ws-revoked-mid-stream',
    bench =>
      subscribed(bench, '/todos', async ({ app }) => {
        await app.safe.patch('todo', 1, { owner: 2 })
        await app.safe.patch('todo', 1, { title: 'CANARY' })
      }),
  ],
  [
    'ws-role-demoted-mid-stream',
    bench =>
      subscribed(bench, '/users', async ({ app }, client) => {
        // What was to be seen before is nobody's leak.
        client.all.length = 0
        await rewrite(app, 'user', 4, 'role', 'user')
        await app.safe.patch('user', 2, { email: 'canary@x.io' })
        await client.hear(frame => frame.events)
      }),
  ],
  [
    'ws-user-deleted-mid-stream',
    bench =>
      subscribed(bench, '/todos', async ({ app }, client) => {
        await app.safe.delete('todo', 1)
        await app.safe.delete('user', 1)
        await client.whenClosed()
      }),
  ],
])

const empty = new Uint8Array(0)

/** A first frame, then a million of another, many in each piece. */
function* many(first: Buffer, next: Buffer, times: number): Generator<Buffer> {
  yield first
  const piece = Buffer.concat(Array.from({ length: 1_000 }, () => next))
  for (let i = 0; i < times; i++) yield piece
}

function* fragments(): Generator<Buffer> {
  const piece = Buffer.alloc(65_000, 0x78)
  for (let i = 0; i < 160; i++) yield clientFrame(i === 0 ? 0x01 : 0x00, piece)
}

async function flood(bench: Bench, send: (client: NativeClient) => void): Promise<Came> {
  const client = await open(bench)
  for (let i = 0; i < 10_000 && !client.closed; i++) send(client)
  await client.whenClosed()
  return came(client)
}

async function subscribed(
  bench: Bench,
  uri: string,
  then: (bench: Bench, client: NativeClient) => Promise<void>,
): Promise<Came> {
  const client = await open(bench)
  try {
    await client.ask({ id: 1, op: 'subscribe', uri })
    await then(bench, client)
    if (!client.closed) await client.ask({ id: 'last', op: 'ping' })
    return came(client, true)
  } finally {
    client.cut()
  }
}

/** Reads nothing while more is written than any buffer on the way holds, then everything. */
function readSlowly(bench: Bench): Promise<Came> {
  return subscribed(bench, '/todos', async ({ app }, client) => {
    client.socket.pause()
    for (let i = 0; i < 80; i++) {
      await Promise.all(
        Array.from({ length: 250 }, (_, n) => app.safe.patch('todo', 1, { title: `${i} ${n} `.padEnd(200, '漢') })),
      )
      await new Promise(resolve => setImmediate(resolve))
    }
    client.socket.resume()
    await client.hear(frame => frame.op === 'reset')
  })
}

async function storm(bench: Bench): Promise<Came> {
  const clients: NativeClient[] = []
  try {
    for (let i = 0; i < (bench.vector.request.connections ?? 0); i += 50) {
      clients.push(...(await Promise.all(Array.from({ length: 50 }, () => open(bench)))))
    }
    const asked = { op: 'subscribe', uri: '/todos', params: { limit: 1_000 } }
    const answers = await Promise.all(clients.map(client => client.ask(asked)))
    return { codes: answers.map(answer => (answer.status < 400 ? 'ok' : answer.error.error)), text: '' }
  } finally {
    for (const client of clients) client.cut()
  }
}
