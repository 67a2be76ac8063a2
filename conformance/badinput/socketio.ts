import { isObject } from '../object.ts'
import { parsed } from '../server/wire.ts'
import { filledBy, identityOf, type Bench } from './bench.ts'
import { amount, meant, numberOf, type Meaning } from './prose.ts'
import { handshake } from './raw-socket.ts'
import { poll, problemCodes, RawSocketIo, type Polled } from './raw-socketio.ts'
import { withDollars } from './request.ts'
import { deedsIn, impliedDeeds } from './deeds.ts'
import type { BadRequest, Came } from './vector.ts'

const pattern = (source: string): RegExp => new RegExp(source, 'i')

/** Does over Socket.IO what the words of a vector say. */
export async function trySocketIo(bench: Bench): Promise<Came> {
  const { request } = bench.vector
  if (request.connect) return connect(bench, request.connect)
  if (request.httpPolling !== undefined) return meant(polls, request.httpPolling)(bench)
  if (request.sendGen !== undefined) return packets(bench, meant(floods, request.sendGen))
  if (request.rawPacketGen !== undefined) return packets(bench, [meant(longPackets, request.rawPacketGen)])
  if (request.rawPacket !== undefined) {
    const packet = filledBy(bench, request.rawPacket)
    return packets(
      bench,
      counted(request.repeat ?? 1, () => packet),
    )
  }
  return emit(bench, request)
}

/** The token of whoever the vector speaks as. */
const tokenOf = (bench: Bench): string | null => identityOf(bench)['authorization']?.replace('Bearer ', '') ?? null

async function emit(bench: Bench, { emit: given = [null], ack = false, repeat, then }: BadRequest): Promise<Came> {
  const [event, ...rest] = given
  const client = await RawSocketIo.open(bench.wire.authority, tokenOf(bench))
  try {
    // Reading is subscribing on this face.
    const said = event === 'get' || event === 'list' ? 'subscribe' : event
    const isPlain = typeof rest[0] === 'string'
    const args = isPlain ? rest : adapted(said, rest[0])
    const { text, times } = repeated(filledBy(bench, JSON.stringify([said, ...args])))
    const isAcked = ack || times > 1
    for (let id = 1; id <= (repeat ?? times); id++) client.send(isAcked ? `42${id}${text}` : `42${text}`)
    if (isAcked) for (let id = 1; id <= (repeat ?? times); id++) await client.hear(new RegExp(`^43${id}\\[`))
    const deeds = then ?? impliedDeeds(bench.vector.expect)
    for (const deed of deeds === null ? [] : deedsIn(deeds)) await deed(bench)
    if (bench.vector.request.waitMs !== undefined) await client.closedWithin(bench.vector.request.waitMs)
    return await last(bench, client, !isAcked)
  } finally {
    client.close()
  }
}

/** `(sent 5x in parallel)` in a text is said of the text, and is no part of it. */
function repeated(text: string): { text: string; times: number } {
  const [note = '', times = '1'] = / \(sent (\d+)x in parallel\)/.exec(text) ?? []
  return { text: text.replace(note, ''), times: Number(times) }
}

/** What a client has heard by the time that something it asks after all else is answered, or it was closed. */
async function last({ app }: Bench, client: RawSocketIo, mayBeSilent: boolean): Promise<Came> {
  await app.http.live!.advance()
  if (client.closed === null) client.send('4299["unsubscribe","/last",{}]')
  await client.hear(/^4399/)
  const isSaid = (packet: string): boolean => !/^(?:4399|40|0)/.test(packet)
  const { codes } = client.came(isSaid)
  const isSilent = mayBeSilent && client.closed === null && !client.heard.some(isSaid)
  return { codes: isSilent ? ['silence'] : codes, text: client.heard.filter(isSaid).join('\n') }
}

/**
 * The arguments of an event in this project's words: a URI, with the query in it, and options. Reading is subscribing on
 * this face.
 */
function adapted(event: unknown, given: unknown): unknown[] {
  if (!isObject(given)) return [given, {}]
  const { resource, key, params, position, data, sub, idempotencyKey, ...others } = given
  if (sub !== undefined) return [sub, others]
  const options = {
    ...others,
    ...(position !== undefined && { since: position }),
    ...(idempotencyKey !== undefined && { key: idempotencyKey }),
  }
  const isNamed = typeof resource === 'string' && (key === undefined || typeof key !== 'object')
  const uri = isNamed ? `/${resource}${key === undefined ? '' : `/${String(key)}`}` : [resource, key]
  switch (event) {
    case 'create':
      return [{ uri, ...(data !== undefined && { attributes: data }) }, options]
    case 'patch':
      return [{ uri, ...(data !== undefined && { patch: data }) }, options]
    case 'delete':
      return [{ uri }, options]
    default:
      return [typeof uri === 'string' ? uri + queryOf(isObject(params) ? params : {}) : uri, options]
  }
}

function queryOf(params: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(params).map(([name, value]) =>
    name === 'where'
      ? `filter=${encodeURIComponent(JSON.stringify(withDollars(value)))}`
      : `${name}=${encodeURIComponent(typeof value === 'object' && !Array.isArray(value) ? JSON.stringify(value) : String(value))}`,
  )
  return words.length > 0 ? `?${words.join('&')}` : ''
}

/** What `sendGen` says in prose: packets. */
const floods: readonly Meaning<Iterable<string>>[] = [
  [pattern(`^${amount} distinct namespaces`), n => counted(numberOf(n), i => `40/n${i},`)],
  [
    pattern(`^${amount} (?:events|emits|ops|messages)(?:/s)?(?: for ${amount} ?s)?`),
    (rate, seconds = '1') => counted(numberOf(rate) * numberOf(seconds), () => '42["subscribe","/todos/1"]'),
  ],
  [
    pattern(`^${amount} (?:subscriptions|subscribes)`),
    n => counted(numberOf(n), i => `42["subscribe","/todos?offset=${i}"]`),
  ],
  [pattern(`^${amount} (?:pings|pongs)`), n => counted(numberOf(n), () => '3')],
]

/** What `rawPacketGen` says in prose: a packet with an argument so many times, or so long. */
const longPackets: readonly Meaning<string>[] = [
  [
    pattern(`^42\\["(\\w+)",…${amount} args\\]`),
    (event, n) =>
      `421${JSON.stringify([event === 'get' ? 'subscribe' : event, ...counted(numberOf(n), () => '/todos')])}`,
  ],
  [
    pattern(`^42\\["(\\w+)",…${amount}\\]`),
    (event, size) => `42${JSON.stringify([event, 'x'.repeat(numberOf(size))])}`,
  ],
]

const counted = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))

/** Sends packets as they are. */
async function packets(bench: Bench, given: Iterable<string>): Promise<Came> {
  const client = await RawSocketIo.open(bench.wire.authority, tokenOf(bench))
  try {
    for (const packet of given) client.send(packet)
    return await last(bench, client, true)
  } finally {
    client.close()
  }
}

/** What `httpPolling` says in prose. */
const polls: readonly Meaning<(bench: Bench) => Promise<Came>>[] = [
  [pattern(`^POST ${amount}$`), size => bench => posted(bench, `42["create",{"x":"${'x'.repeat(numberOf(size))}"}]`)],
  [pattern(`^POST ${amount} empty packets`), n => bench => posted(bench, '\x1e'.repeat(numberOf(n) - 1))],
  [pattern('^POST content-type (\\S+)'), type => bench => posted(bench, '\x01\x02', type)],
  [
    pattern('^GET (?:/socket\\.io/)?\\?(.+)$'),
    query => async bench => {
      const said = await withSession(bench, query)
      return answered(await poll(bench.wire.authority, `EIO=4&transport=polling&${said}`, identityOf(bench)))
    },
  ],
]

/** A query with the id of somebody's session in it, if it speaks of one: `{{sidOfBob}}`. */
async function withSession(bench: Bench, query: string): Promise<string> {
  const [word, user = ''] = /\{\{sidOf(\w+)\}\}/.exec(query) ?? []
  if (word === undefined) return filledBy(bench, query)
  return query.replace(word, await pollingSession(bench, identityOf(bench, user.toLowerCase())))
}

const answered = ({ status, body }: Polled): Came => ({
  codes: [`http_${status}`, ...problemCodes(parsed(body))],
  text: body,
})

/** A session on long polling that has joined; its id. */
async function pollingSession(bench: Bench, headers: Readonly<Record<string, string>>): Promise<string> {
  const { authority } = bench.wire
  const { body } = await poll(authority, 'EIO=4&transport=polling', headers)
  const { sid } = JSON.parse(body.slice(1)) as { sid: string }
  const query = `EIO=4&transport=polling&sid=${sid}`
  await poll(authority, query, headers, '40{}')
  await poll(authority, query, headers)
  return sid
}

async function posted(bench: Bench, body: string, type = 'text/plain;charset=UTF-8'): Promise<Came> {
  const headers = identityOf(bench)
  const query = `EIO=4&transport=polling&sid=${await pollingSession(bench, headers)}`
  const came = answered(await poll(bench.wire.authority, query, { ...headers, 'content-type': type }, body))
  if (!came.codes.includes('http_200')) return came
  // What was taken may have ended the session.
  const after = await poll(bench.wire.authority, query, headers)
  return after.status === 400 ? { ...came, codes: [...came.codes, 'close'] } : came
}

/** Connects as a vector says, and joins if it may. */
async function connect(bench: Bench, given: NonNullable<BadRequest['connect']>): Promise<Came> {
  const { authority } = bench.wire
  const query = given.query === undefined ? '' : await withSession(bench, given.query)
  const headers = Object.fromEntries(
    Object.entries(given.headers ?? {}).map(([name, value]) => [name, filledBy(bench, value)]),
  )
  if (given.auth !== undefined) {
    const client = await RawSocketIo.open(authority, null, JSON.parse(filledBy(bench, JSON.stringify(given.auth))))
    client.close()
    const { codes, text } = client.came()
    return { codes: client.heard.some(packet => packet.startsWith('40')) ? [...codes, 'ok'] : codes, text }
  }
  const [words, transport] = [
    new URLSearchParams(query),
    new URLSearchParams(query).get('transport') ?? given.transport,
  ]
  if (!words.has('EIO')) words.set('EIO', '4')
  words.set('transport', transport ?? 'polling')
  if (words.get('transport') === 'websocket') {
    const shaken = await handshake(bench.wire.port, `/socket.io/?${words}`, headers)
    if (shaken.socket === null)
      return { codes: ['close', `http_${shaken.status}`, ...problemCodes(parsed(shaken.body))], text: shaken.body }
    shaken.socket.destroy()
    return { codes: ['ok'], text: '' }
  }
  const polled = await poll(authority, String(words), headers)
  const came = answered(polled)
  const isReadable = polled.headers['access-control-allow-origin'] !== undefined && headers['origin'] !== undefined
  return isReadable ? { ...came, codes: [...came.codes, 'readable_elsewhere'] } : came
}
