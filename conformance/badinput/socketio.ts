import type { Api } from '../../src/api.ts'
import { openTodos } from './todos.ts'
import { filled, Unknown, withDollars } from './request.ts'
import { packets, socketIoScripts, tokenOf, type SocketIoBench, type SocketIoVector } from './socketio-scripts.ts'
import { freshStore } from '../server/fresh-store.ts'
import { isObject } from '../object.ts'
import { RawSocketIo, type Came } from './raw-socketio.ts'
import type { CaseResult, RunOptions } from '../result.ts'
import { serveSockets } from '../server/socket-server.ts'

/** Codes that the file calls otherwise. */
const synonyms: Readonly<Record<string, string>> = { bad_message: 'bad_request', forbidden_key: 'forbidden_field' }

interface Departure {
  readonly code: readonly string[]
  readonly why: string
}

/** Where Restuary's answer differs from what is listed for a reason. */
const departures: Readonly<Record<string, Departure>> = {
  'sio-resource-proto': {
    code: ['ok'],
    why: 'a URI that no resource claims is held, and shows nothing until something is published there',
  },
  'sio-op-missing': {
    code: ['bad_packet'],
    why: 'the protocol has no event without a name: socket.io refuses the packet',
  },
  'sio-event-name-proto': {
    code: ['silence'],
    why: 'an unknown event without an ack is ignored, as by the ancestor',
  },
  'sio-join-room-of-other': { code: ['not_found'], why: 'a URI that names nothing names nothing' },
}

/** Runs a vector over Socket.IO: what came back, nothing changed by what was refused, nothing leaked, alive. */
export async function runSocketIoVector(
  vector: SocketIoVector,
  options: RunOptions,
  fingerprint: (app: Api) => Promise<string>,
): Promise<CaseResult> {
  const name = `${vector.category}/${vector.name}`
  const { app, filling } = await openTodos(freshStore(options.store), JSON.stringify(vector))
  const { authority, close } = await serveSockets(app)
  try {
    const before = await fingerprint(app)
    const { codes, text } = await attempt({ app, authority, filling, vector })
    const wanted = departures[vector.name]?.code ?? (vector.expect.code ?? []).map(code => synonyms[code] ?? code)
    const faults: string[] = []
    if (!wanted.some(code => codes.includes(code))) faults.push(`${codes.join(', ')}, not ${wanted.join(' or ')}`)
    if (!writes.has(vector.name) && (await fingerprint(app)) !== before)
      faults.push('what was refused changed something')
    const leak = /\n\s+at |node_modules|\.ts:\d|SQLITE_|\$argon2id\$|CANARY|bob@x\.io|root@x\.io/.exec(text)
    if (leak) faults.push(`a leak: ${leak[0]}`)
    if ('polluted' in {}) faults.push('Object.prototype is polluted')
    const health = await fetch(`http://${authority}/health`)
    await health.arrayBuffer()
    if (health.status !== 200) faults.push(`/health answers ${health.status}`)
    return faults.length === 0 ? { name, outcome: 'passed' } : { name, outcome: 'failed', detail: faults.join('; ') }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return { name, outcome: error instanceof Unknown ? 'skipped' : 'failed', detail }
  } finally {
    await close()
  }
}

/** Vectors that do something that is allowed, or whose script does. */
const writes: ReadonlySet<string> = new Set(['sio-create-idempotent-replay', 'sio-subscribe-list-filter-owner2'])

async function attempt(bench: SocketIoBench): Promise<Came> {
  const { vector } = bench
  const { request } = vector
  const script = socketIoScripts.get(vector.name)
  if (script) return script(bench)
  if (request.rawPacket !== undefined) return packets(bench, [request.rawPacket])
  if (request.emit === undefined)
    throw new Unknown(request.sendGen ?? request.rawPacketGen ?? request.httpPolling ?? 'nothing')
  const [event, ...given] = request.emit
  const client = await RawSocketIo.open(bench.authority, tokenOf(bench))
  try {
    const isPlain = typeof given[0] === 'string'
    const args = isPlain ? given : adapted(given[0])
    const text = filled(JSON.stringify([event === 'get' ? 'subscribe' : event, ...args]), bench.filling)
    client.send(request.ack ? `421${text}` : `42${text}`)
    await client.hear(isPlain ? /^42/ : /^431/)
    return client.came()
  } finally {
    client.close()
  }
}

/**
 * The arguments of an event in this project's words: a URI, with the query in it, and options. Reading is subscribing on
 * this face.
 */
function adapted(given: unknown): unknown[] {
  if (!isObject(given)) return [given, {}]
  const { resource, key, params, position, data, sub, idempotencyKey } = given
  if (sub !== undefined) return [sub, {}]
  const options = {
    ...(position !== undefined && { since: position }),
    ...(idempotencyKey !== undefined && { key: String(idempotencyKey).split(' ')[0] }),
  }
  if (typeof resource !== 'string') return [[resource, key], options]
  const uri = `/${resource}${key === undefined ? '' : `/${String(key)}`}`
  if (data === undefined) return [uri + queryOf(isObject(params) ? params : {}), options]
  return [{ uri, ...(key === undefined ? { attributes: data } : { patch: data }) }, options]
}

function queryOf(params: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(params).map(([name, value]) =>
    name === 'where'
      ? `filter=${encodeURIComponent(JSON.stringify(withDollars(value)))}`
      : `${name}=${encodeURIComponent(String(value))}`,
  )
  return words.length > 0 ? `?${words.join('&')}` : ''
}
