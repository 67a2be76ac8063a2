import type { NativeClient } from '../../src/testing/native-client.ts'
import { within } from '../each.ts'
import type { Bench } from './bench.ts'
import { came, openNative } from './native-client.ts'
import { deedsIn } from './deeds.ts'
import { amount, meant, numberOf, type Meaning } from './prose.ts'
import { clientFrame } from './raw-socket.ts'
import type { Came } from './vector.ts'

type Closed = (pieces: Iterable<Uint8Array>) => Promise<Came>
type Send = (bench: Bench, closedAfter: Closed) => Promise<Came>

const empty = new Uint8Array(0)
const pattern = (source: string): RegExp => new RegExp(source, 'i')

/** What `sendGen` says in prose. */
const floods: readonly Meaning<Send>[] = [
  [
    pattern(`^${amount} zero-length continuation frames`),
    n => (_, closed) => closed(many(clientFrame(0x01, empty), clientFrame(0x00, empty), numberOf(n))),
  ],
  [pattern(`^fragments without FIN up to ${amount}`), size => (_, closed) => closed(fragments(numberOf(size)))],
  [
    pattern(`^${amount} (ping|pong)s?(?:/s)?(?: for ${amount} ?s)?`),
    (rate, kind, seconds = '1') =>
      bench =>
        flood(bench, numberOf(rate) * numberOf(seconds), client =>
          kind.toLowerCase() === 'ping' ? client.socket.ping() : client.socket.pong(),
        ),
  ],
  [
    pattern(`^${amount} (?:ops|messages|requests|gets)(?:/s)?(?: for ${amount} ?s)?`),
    (rate, seconds = '1') =>
      bench =>
        flood(bench, numberOf(rate) * numberOf(seconds), client => client.send({ id: 1, op: 'get', uri: '/todos/1' })),
  ],
  [
    pattern(`^${amount} subscri(?:ptions|bes?)`),
    n => bench =>
      flood(bench, numberOf(n), (client, i) =>
        client.send({ id: i, op: 'subscribe', uri: '/todos', params: { offset: i } }),
      ),
  ],
  [
    pattern(
      `^(?:one |a |single )?${amount} (?:text )?(?:frame|message)|^(?:one |a |single )?(?:text )?(?:frame|message) of ${amount}`,
    ),
    (size, other) => (_, closed) => closed([bigFrame(numberOf(size ?? other))]),
  ],
]

export function sendGenerated(bench: Bench, prose: string, closedAfter: Closed): Promise<Came> {
  return meant(floods, prose)(bench, closedAfter)
}

/** A first frame, then so many of another, a thousand in each piece. */
function* many(first: Buffer, next: Buffer, times: number): Generator<Buffer> {
  yield first
  const piece = Buffer.concat(Array.from({ length: 1_000 }, () => next))
  for (let i = 0; i < times; i += 1_000) yield piece
}

const pieceSize = 65_000

function* fragments(size: number): Generator<Buffer> {
  const piece = Buffer.alloc(pieceSize, 0x78)
  for (let sent = 0; sent < size; sent += pieceSize) yield clientFrame(sent === 0 ? 0x01 : 0x00, piece)
}

/** A text frame with a length of eight bytes (RFC 6455 §5.2). */
function bigFrame(size: number): Buffer {
  const head = Buffer.alloc(14)
  head.writeUInt16BE(0x81ff)
  head.writeBigUInt64BE(BigInt(size), 2)
  return Buffer.concat([head, Buffer.alloc(size, 0x78)])
}

/** Sends until the server has had enough, or everything is said. */
async function flood(bench: Bench, times: number, send: (client: NativeClient, i: number) => void): Promise<Came> {
  const client = await openNative(bench)
  try {
    for (let i = 0; i < times && !client.closed; i++) {
      send(client, i)
      // What is sent is taken in between; the server is in the same process.
      if (i % 1_000 === 999) await new Promise(resolve => setImmediate(resolve))
    }
    if (!client.closed) await client.ask({ id: 'last', op: 'ping' }).catch(() => undefined)
    const { codes, text } = came(client)
    return { codes: client.closed ? codes : [...codes, 'ok'], text }
  } finally {
    client.cut()
  }
}

/** What `behaviour` says in prose. */
const behaviours: readonly Meaning<(bench: Bench) => Promise<Came>>[] = [
  [
    pattern(`^subscribe,? then read (?:0 bytes|nothing) while ${amount} events are written`),
    n => bench => readSlowly(bench, numberOf(n)),
  ],
]

export function behave(bench: Bench, prose: string): Promise<Came> {
  return meant(behaviours, prose)(bench)
}

/** Reads nothing while more is written than any buffer on the way holds, then everything. */
async function readSlowly(bench: Bench, events: number): Promise<Came> {
  const client = await openNative(bench)
  try {
    await client.ask({ id: 1, op: 'subscribe', uri: '/todos' })
    client.socket.pause()
    // Long events, so that a fifth of them fills every buffer.
    for (let i = 0; i < events / 5; i += 250) {
      await Promise.all(
        Array.from({ length: 250 }, (_, n) =>
          bench.app.safe.patch('todo', 1, { title: `${i} ${n} `.padEnd(200, '漢') }),
        ),
      )
      await new Promise(resolve => setImmediate(resolve))
    }
    client.socket.resume()
    await client.hear(frame => frame.op === 'reset').catch(() => undefined)
    return came(client)
  } finally {
    client.cut()
  }
}

/** How long a server may take to end a connection. */
const endingMs = 5_000

/**
 * Others do what prose says; what a client that follows hears of it, and what it was answered before. `forgets`: what it
 * saw before is nobody's leak.
 */
export async function follow(bench: Bench, client: NativeClient, prose: string, forgets: boolean): Promise<Came> {
  const deeds = deedsIn(prose)
  const { status } = await client.hear(frame => frame.status !== undefined)
  if (status < 400) await client.hear(frame => frame.op === 'snapshot' || frame.op === 'reset')
  const { codes } = came(client)
  if (forgets) client.all.length = 0
  for (const deed of deeds) await deed(bench)
  await bench.app.http.live!.advance()
  const isEnded = bench.vector.expect.code?.some(code => code.startsWith('close')) ?? false
  if (isEnded) await within(endingMs, client.whenClosed())
  if (!client.closed) await client.ask({ id: 'last', op: 'ping' }).catch(() => undefined)
  const later = came(client)
  return { codes: forgets ? [...codes, ...later.codes] : later.codes, text: later.text }
}
