// node bench/scale/clients.ts PORT FIRST COUNT SPEECH [FROM]: clients FIRST, FIRST + 1 … in one process, each a caller of its own, known
// by the number. With FROM they follow a window instead of all that they may see. Says {"ready":true}; then, for each line
// that it is given, how many bytes all of them got since.
import { once } from 'node:events'
import { Agent, request as ask, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { frame, upgraded } from '../websocket.ts'

const [port, first, count] = process.argv.slice(2, 5).map(Number) as [number, number, number]
const speech = process.argv[5] as keyof typeof speeches
const isWindow = process.argv[6] === 'window'
/** Clients that begin at once. */
const AT_ONCE = 25
/** A client of Socket.IO answers pings; one that does so before it is asked is never asked. */
const PONG = 5_000

let bytes = 0
const hear = (socket: Socket | IncomingMessage): void => {
  socket.on('data', (chunk: Buffer) => (bytes += chunk.length))
  socket.on('error', () => {})
}
const caller = (id: number): { authorization: string } => ({ authorization: `Bearer ${id}` })

async function native(id: number): Promise<void> {
  const headers = { ...caller(id), 'sec-websocket-protocol': 'restuary.1' }
  const socket = await upgraded(port, '/live', headers)
  const filter = encodeURIComponent(JSON.stringify({ n: { $gte: id } }))
  const uri = isWindow ? `/todo?filter=${filter}&sort=-n&limit=20` : '/todo'
  socket.write(frame(JSON.stringify({ id: 1, op: 'subscribe', uri })))
  await once(socket, 'data')
  hear(socket)
}

async function connected(id: number): Promise<Socket> {
  const socket = await upgraded(port, '/socket.io/?EIO=4&transport=websocket', caller(id))
  socket.write(frame('40'))
  while (!String((await once(socket, 'data'))[0]).includes('40{'));
  hear(socket)
  setInterval(() => socket.write(frame('3')), PONG).unref()
  return socket
}

async function asking(id: number): Promise<void> {
  const socket = await connected(id)
  socket.write(frame(`42["follow",${id}]`))
}

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
function request(method: string, path: string, id: number, body?: object): Promise<IncomingMessage> {
  const headers = { ...caller(id), 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const sent = ask(
      { port, agent: method === 'GET' && !body && path.endsWith('stream') ? false : agent, method, path, headers },
      resolve,
    )
    sent.on('error', reject).end(body && JSON.stringify(body))
  })
}

/** A stream of events, and a live query whose channel it takes. */
async function live(id: number): Promise<void> {
  const stream = await request('GET', '/api/stream', id)
  const [greeting] = (await once(stream, 'data')) as [Buffer]
  const clientId = /data:(\S+)/.exec(String(greeting))![1]
  hear(stream)
  const channel = `query-${id}`
  const what = isWindow ? `&n.gte=${id}&_sort=n&_order=desc&_limit=20` : ''
  for (const [method, path, body] of [
    ['GET', `/api/todo?__action=liveQuery-${channel}${what}`],
    ['POST', '/api/stream/subscribe', { channel, clientId }],
  ] as const) {
    const answer = await request(method, path, id, body)
    const said = await text(answer)
    if (answer.statusCode! >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${said}`)
  }
}

const speeches = { native, asking, connected, live }
for (let from = first; from < first + count; from += AT_ONCE)
  await Promise.all(
    Array.from({ length: Math.min(AT_ONCE, first + count - from) }, (_, i): Promise<unknown> =>
      speeches[speech](from + i),
    ),
  )
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
say({ ready: true })
for await (const _ of createInterface({ input: process.stdin })) {
  say({ bytes })
  bytes = 0
}
