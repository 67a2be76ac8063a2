// The client's side of a WebSocket, as bare as can be: thousands of them fit into a process.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request as ask } from 'node:http'
import type { Socket } from 'node:net'

/** A masked text frame; a mask of zeros leaves the text as it is. */
export function frame(text: string): Buffer {
  const bytes = Buffer.from(text)
  const { length } = bytes
  const head = length < 126 ? [0x81, 0x80 | length] : [0x81, 0x80 | 126, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), bytes])
}

/** A connection to a path that has become a WebSocket. */
export async function upgraded(port: number, path: string, headers: Readonly<Record<string, string>>): Promise<Socket> {
  const request = ask({
    port,
    path,
    agent: false,
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      'sec-websocket-version': '13',
      ...headers,
    },
  }).end()
  const [, socket] = (await once(request, 'upgrade')) as [unknown, Socket]
  return socket
}
