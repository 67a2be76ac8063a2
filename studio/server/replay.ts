import { token } from './client.ts'
import type { WireFrame } from './frames.ts'
import { openSocket, recordedFetch } from './recorded.ts'

let times = 0

/** Sends again what was sent. Rejects if there is no open connection for it. */
export async function replay({ carrier, of, head, text }: WireFrame): Promise<void> {
  if (carrier === 'ws') {
    const message = (text.startsWith('{') ? JSON.parse(text) : {}) as Readonly<Record<string, unknown>>
    const isNative = 'op' in message
    const socket = openSocket(of, isNative ? 'restuary.1' : '')
    if (!socket)
      throw new Error(`There is no open connection for it: ${isNative ? 'open a table' : 'send a message'} first`)
    // With its own id it would be an answer to what the page has asked, or a subscription that there is already.
    return socket.send(isNative ? JSON.stringify({ ...message, id: `again ${++times}` }) : text)
  }
  const [method = 'GET', path = ''] = head.split(/ (.*)/)
  const held = token()
  await recordedFetch(new URL(path, location.href), {
    method,
    headers: {
      accept: 'application/json',
      ...(text !== '' && { 'content-type': 'application/json' }),
      ...(held !== undefined && { authorization: `Bearer ${held}` }),
    },
    ...(text !== '' && { body: text }),
  })
}
