import { token } from './client.ts'
import type { WireFrame } from './frames.ts'
import { openSocket, recordedFetch } from './recorded.ts'

/** Sends again what was sent. Rejects if there is no open connection for it. */
export async function replay({ carrier, of, head, text }: WireFrame): Promise<void> {
  if (carrier === 'ws') {
    const socket = openSocket(of)
    if (!socket) throw new Error('There is no open connection: open a table first')
    return socket.send(text)
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
