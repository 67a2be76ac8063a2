import type { NativeClient } from '../../src/testing/native-client.ts'
import { within } from '../each.ts'
import { isObject } from '../object.ts'
import { parsed } from '../server/wire.ts'
import { filledBy, identityOf, type Bench } from './bench.ts'
import { codesOf } from './codes.ts'
import { came, openNative } from './native-client.ts'
import { impliedDeeds } from './deeds.ts'
import { behave, follow, sendGenerated } from './native-scripts.ts'
import { numberOf } from './prose.ts'
import { clientFrame, closeCodeAfter, handshake } from './raw-socket.ts'
import { filled, withDollars } from './request.ts'
import type { BadRequest, Came } from './vector.ts'

/** Does over WebSockets what the words of a vector say. */
export async function trySocket(bench: Bench): Promise<Came> {
  const { request, expect } = bench.vector
  if (request.connect) return shakeHands(bench, request.connect)
  if (request.rawFrameHex !== undefined) return closedAfter(bench, times(hex(request.rawFrameHex), request.repeat))
  if (request.sendTextHex !== undefined)
    return closedAfter(bench, times(clientFrame(0x81, hex(request.sendTextHex)), request.repeat))
  if (request.sendGen !== undefined) return sendGenerated(bench, request.sendGen, pieces => closedAfter(bench, pieces))
  if (request.behaviour !== undefined) return behave(bench, request.behaviour)
  if (request.connections !== undefined) return storm(bench, request.connections)
  const client = await openNative(bench)
  try {
    const said = framesOf(bench, request)
    for (let i = 0; i < (request.repeat ?? 1); i++) for (const frame of said) client.socket.send(frame)
    const implied = impliedDeeds(expect)
    if (request.then !== undefined) return await follow(bench, client, request.then, true)
    if (implied !== null) return await follow(bench, client, implied, false)
    if (request.waitMs !== undefined) {
      // The server may end the connection meanwhile.
      await within(request.waitMs, client.whenClosed())
      return came(client)
    }
    await client.hear(frame => frame.status !== undefined || frame.error !== undefined).catch(() => undefined)
    // A subscription says more than that it is one.
    if (!client.closed) await client.ask({ id: 'last', op: 'ping' }).catch(() => undefined)
    return came(client)
  } finally {
    client.cut()
  }
}

const times = (frame: Buffer, n = 1): Buffer[] => Array.from({ length: n }, () => frame)

/** What is sent as it is, in the order of its words. */
function framesOf({ filling }: Bench, { sendHex, sendText, send = [] }: BadRequest): (Buffer | string)[] {
  return [
    ...(sendHex === undefined ? [] : [hex(sendHex)]),
    ...(sendText === undefined ? [] : [adaptedText(filled(sendText, filling))]),
    ...send.map(frame => adapted(frame, text => filled(text, filling))),
  ]
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

async function closedAfter(bench: Bench, pieces: Iterable<Uint8Array>): Promise<Came> {
  const { socket } = await handshake(bench.wire.port, '/', identityOf(bench))
  if (!socket) throw new Error('the handshake failed')
  return { codes: ['close', `close_${await closeCodeAfter(socket, pieces)}`], text: '' }
}

async function shakeHands(bench: Bench, connect: NonNullable<BadRequest['connect']>): Promise<Came> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(connect.headers ?? {})) headers[name] = filledBy(bench, value)
  if (connect.headersGen !== undefined)
    for (let i = 0; i <= numberOf(/^[\d.]+k?/i.exec(connect.headersGen)?.[0] ?? ''); i++) headers[`x-${i}`] = '1'
  const path = filledBy(bench, connect.path ?? (connect.query === undefined ? '/' : `/?${connect.query}`))
  const shaken = await handshake(bench.wire.port, path, headers)
  if (shaken.socket) {
    shaken.socket.destroy()
    return { codes: ['ok'], text: '' }
  }
  return { codes: [`http_${shaken.status}`, ...codesOf(parsed(shaken.body))], text: shaken.body }
}

/** A message in this project's words: a URI instead of a resource and a key, `since`, `params.filter`. */
function adapted(frame: Readonly<Record<string, unknown>>, fill: (text: string) => string): string {
  const { resource, key, params, position, ...rest } = frame
  const uri =
    typeof resource === 'string' && (key === undefined || typeof key !== 'object')
      ? `/${resource}${key === undefined ? '' : `/${String(key)}`}`
      : resource === undefined
        ? undefined
        : [resource, key]
  const given = isObject(params) ? { ...params } : params
  if (isObject(given) && 'where' in given) {
    const words = given as Record<string, unknown>
    words['filter'] = withDollars(words['where'])
    delete words['where']
  }
  const text = JSON.stringify({
    ...rest,
    ...(uri !== undefined && { uri }),
    ...(given !== undefined && { params: given }),
    ...(position !== undefined && { since: position }),
  })
  // What no JSON of a vector can hold is written as an escape, with a note.
  return fill(text.replaceAll(/\\\\(u[0-9a-f]{4}) \(as JSON escape\)/g, '\\$1'))
}

/** Text that is no message of ours in every respect keeps its faults: only a resource and a key become a URI. */
function adaptedText(text: string): string {
  return text.replace(/"resource":"(\w+)"(?:,"key":("?)(\w+)\2)?/, (_, resource, _quote, key) =>
    key === undefined ? `"uri":"/${resource}"` : `"uri":"/${resource}/${key}"`,
  )
}

async function storm(bench: Bench, connections: number): Promise<Came> {
  const { send = [] } = bench.vector.request
  const clients: NativeClient[] = []
  const codes: string[] = []
  try {
    for (let i = 0; i < connections; i += 50) {
      const opened = await Promise.allSettled(
        Array.from({ length: Math.min(50, connections - i) }, () => openNative(bench)),
      )
      for (const one of opened)
        if (one.status === 'fulfilled') clients.push(one.value)
        else codes.push('too_many_connections')
    }
    const said = send.map(frame => adapted(frame, text => filledBy(bench, text)))
    for (const client of clients) for (const frame of said) client.socket.send(frame)
    await Promise.all(clients.map(client => client.hear(frame => frame.status !== undefined).catch(() => undefined)))
    return { codes: [...codes, ...clients.flatMap(client => came(client).codes)], text: '' }
  } finally {
    for (const client of clients) client.cut()
  }
}
