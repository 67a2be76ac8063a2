// Many clients in one process: node bench/subscribers.ts PORT COUNT [native|socketio|silent] [CALLERS] [URI]. native and socketio subscribe
// to a list in the words of those faces; silent is connected by Socket.IO and is told without asking. Speaks JSON lines: says {"ready":true}; on
// {"measure":ms,"writes":perSecond} it counts what comes in that time (and, with writes, makes the writes and times them).
import { once } from 'node:events'
import { Agent, request as ask } from 'node:http'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { frame, upgraded } from './websocket.ts'

const port = Number(process.argv[2])
const count = Number(process.argv[3])
const speech = process.argv[4] ?? 'native'
/** The number of callers, in turns. 0 = anonymous. */
const callers = Number(process.argv[5] ?? 0)
const uri = process.argv[6] ?? '/todos'

/** Bytes that each has got, and frames that the first has got: all get the same. */
const bytes = new Float64Array(count)
let frames = 0
/** When the write that is timed began; latencies of its deliveries. */
let began = 0
let latencies: number[] = []

/** A client of Socket.IO answers pings; one that does so before it is asked is never asked. */
const PONG = 5_000

async function open(index: number): Promise<Socket> {
  const native = speech === 'native'
  const socket = await upgraded(port, native ? '/live' : '/socket.io/?EIO=4&transport=websocket', {
    ...(native && { 'sec-websocket-protocol': 'restuary.1' }),
    ...(callers > 0 && { authorization: `Bearer ${index % callers}` }),
  })
  const counter = index === 0 ? frameCounter() : null
  socket.on('data', (chunk: Buffer) => {
    bytes[index]! += chunk.length
    if (counter) frames += counter(chunk)
    if (began > 0) latencies.push(performance.now() - began)
  })
  socket.on('error', () => {})
  if (native) socket.write(frame(`{"id":1,"op":"subscribe","uri":"${uri}"}`))
  else {
    socket.write(frame('40'))
    // Everything before the confirmation of the connection is skipped.
    while (!String((await once(socket, 'data'))[0]).includes('40{'));
    if (speech === 'socketio') socket.write(frame('42["subscribe","/todos/"]'))
    setInterval(() => socket.write(frame('3')), PONG).unref()
  }
  return socket
}

/** Counts the frames in unmasked bytes that come in any pieces. */
function frameCounter(): (chunk: Buffer) => number {
  let rest = Buffer.alloc(0)
  let skip = 0
  return chunk => {
    let found = 0
    let data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    rest = Buffer.alloc(0)
    for (;;) {
      if (skip >= data.length) {
        skip -= data.length
        return found
      }
      data = data.subarray(skip)
      skip = 0
      if (data.length < 10) {
        rest = Buffer.from(data)
        return found
      }
      const short = data[1]! & 0x7f
      const header = short < 126 ? 2 : short === 126 ? 4 : 10
      const length = short < 126 ? short : short === 126 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2))
      skip = header + length
      found++
    }
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 })
function patch(id: number): Promise<void> {
  return new Promise(resolve => {
    const headers = { 'content-type': 'application/json' }
    const request = ask({ port, agent, method: 'PATCH', path: `/todos/${id}`, headers }, response => {
      response.resume().on('end', resolve)
    })
    request.end(JSON.stringify({ title: `Changed at ${process.hrtime.bigint()}` }))
  })
}

/** All sockets have got as much as they will for now. */
async function quiet(): Promise<void> {
  for (let before = -1; ;) {
    await new Promise(resolve => setTimeout(resolve, 300))
    const now = bytes.reduce((sum, one) => sum + one, 0)
    if (now === before) return
    before = now
  }
}

for (let i = 0; i < count; i += 50)
  await Promise.all(Array.from({ length: Math.min(50, count - i) }, (_, n) => open(i + n)))
await quiet()
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
say({ ready: true })
for await (const line of createInterface({ input: process.stdin })) {
  const { measure, writes } = JSON.parse(line) as { measure: number; writes: number }
  frames = 0
  bytes.fill(0)
  latencies = []
  const start = performance.now()
  if (writes > 0) {
    for (let n = 0; performance.now() - start < measure; n++) {
      await new Promise(resolve => setTimeout(resolve, Math.max(0, (n * 1_000) / writes - (performance.now() - start))))
      began = performance.now()
      await patch((n % 400) + 1)
    }
  } else await new Promise(resolve => setTimeout(resolve, measure))
  const seconds = (performance.now() - start) / 1_000
  const during = frames
  await quiet()
  began = 0
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? Number.NaN
  const uneven = bytes.some(one => one !== bytes[0])
  say({ seconds, frames: during, all: frames, uneven, p50: at(0.5), p99: at(0.99) })
}
