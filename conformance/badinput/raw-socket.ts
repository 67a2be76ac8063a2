import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request as ask, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** How a server answered a handshake: with a connection, or with a status and a body. */
export type Handshaken =
  | { readonly socket: Socket; readonly status: 101 }
  | { readonly socket: null; readonly status: number; readonly body: string }

/** Opens a WebSocket by hand, so that everything about it can be wrong. */
export async function handshake(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Handshaken> {
  const request = ask({
    port,
    path,
    agent: false,
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      'sec-websocket-version': '13',
      'sec-websocket-protocol': 'restuary.1',
      ...headers,
    },
  }).end()
  return new Promise((resolve, reject) => {
    request.on('upgrade', (_response, socket: Socket) => resolve({ socket, status: 101 }))
    request.on('response', (response: IncomingMessage) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.on('end', () => resolve({ socket: null, status: response.statusCode!, body }))
    })
    request.on('error', reject)
  })
}

/** Writes bytes and waits until the server ends the connection; the code of its close frame, 1006 if there was none. */
export async function closeCodeAfter(socket: Socket, pieces: Iterable<Uint8Array>): Promise<number> {
  const heard: Buffer[] = []
  socket.on('data', (bytes: Buffer) => heard.push(bytes)).on('error', () => {})
  const closed = once(socket, 'close')
  for (const piece of pieces) {
    if (socket.destroyed) break
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain').catch(() => undefined), closed])
  }
  const timer = setTimeout(() => socket.destroy(), 5_000)
  // Who is told to close says goodbye.
  for (let code = closeCode(Buffer.concat(heard)); !socket.destroyed; code = closeCode(Buffer.concat(heard))) {
    if (code !== null) socket.end()
    await Promise.race([once(socket, 'data').catch(() => undefined), closed])
  }
  clearTimeout(timer)
  return closeCode(Buffer.concat(heard)) ?? 1006
}

/** The status of the first close frame in unmasked frames (RFC 6455 §5.2). */
function closeCode(bytes: Buffer): number | null {
  for (let at = 0; at + 2 <= bytes.length;) {
    const opcode = bytes[at]! & 0x0f
    let length = bytes[at + 1]! & 0x7f
    let header = 2
    if (length === 126) {
      length = bytes.readUInt16BE(at + 2)
      header = 4
    } else if (length === 127) {
      length = Number(bytes.readBigUInt64BE(at + 2))
      header = 10
    }
    if (opcode === 8) return length >= 2 ? bytes.readUInt16BE(at + header) : 1005
    at += header + length
  }
  return null
}

/** A masked frame of a client; the mask is zero, so that the payload is seen as it is. */
export function clientFrame(first: number, payload: Uint8Array): Buffer {
  const { length } = payload
  const header =
    length < 126 ? Buffer.from([first, 0x80 | length]) : Buffer.from([first, 0xfe, length >> 8, length & 0xff])
  return Buffer.concat([header, Buffer.alloc(4), payload])
}
