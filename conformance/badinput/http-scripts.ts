import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { parsed, type WireAnswer } from '../server/wire.ts'
import { identityOf, type Bench } from './bench.ts'
import { amount, meant, numberOf, type Meaning } from './prose.ts'

type Script = (bench: Bench) => Promise<WireAnswer>

/** What `rawGen` says in prose. */
const scripts: readonly Meaning<Script>[] = [
  [pattern(`^chunked body of ${amount} chunks`), size => bench => chunked(bench, numberOf(size))],
  [pattern(`^${amount} pipelined GET (\\S+) on one socket`), (n, path) => bench => pipelined(bench, numberOf(n), path)],
  [
    pattern(`^GET list of ${amount} rows, receive window .*, ${amount} connections`),
    (rows, connections) => bench => readSlowly(bench, numberOf(rows), numberOf(connections)),
  ],
  [
    pattern(`headers?\\b.*\\b(?:1|one) byte (?:every|per|each) ${amount} ?(m?s)`),
    (every, unit) => bench => slowly(bench, `${headOf(bench, 'GET', '/todos')}x-slow: `, delayOf(every, unit)),
  ],
  [
    pattern(`body\\b.*\\b(?:1|one) byte (?:every|per|each) ${amount} ?(m?s)`),
    (every, unit) => bench =>
      slowly(
        bench,
        `${headOf(bench, 'POST', '/todos')}content-type: application/json\r\ncontent-length: 1000\r\n\r\n`,
        delayOf(every, unit),
      ),
  ],
  [
    pattern(`^${amount} (?:idle connections|connections?\\b.*\\b(?:idle|nothing))`),
    n => bench => idle(bench, numberOf(n)),
  ],
  [
    pattern(`^(?:GET with )?${amount}\\+? headers`),
    n => bench => whole(bench, Array.from({ length: numberOf(n) }, (_, i) => `x-${i}: 1\r\n`).join('')),
  ],
  [
    pattern(`header (?:value |name )?of ${amount}`),
    size => bench => whole(bench, `x-long: ${'a'.repeat(numberOf(size))}\r\n`),
  ],
]

/** How to do what prose says. */
export function scripted(bench: Bench, prose: string): () => Promise<WireAnswer> {
  const script = meant(scripts, prose)
  return () => script(bench)
}

function pattern(source: string): RegExp {
  return new RegExp(source, 'i')
}

const delayOf = (every: string, unit: string): number => numberOf(every) * (unit === 'ms' ? 1 : 1_000)

/** A request line and the fields of whoever speaks, alice if nobody is named; the section is not ended. */
function headOf(bench: Bench, method: string, path: string): string {
  const { authorization } = identityOf(bench, bench.vector.request.as ?? 'alice')
  return `${method} ${path} HTTP/1.1\r\nHost: h\r\n${authorization ? `Authorization: ${authorization}\r\n` : ''}`
}

const answerOf = (text: string): WireAnswer => {
  const [head = '', body = ''] = text.split(/\r\n\r\n(.*)/s)
  return { status: Number(head.slice(9, 12)), headers: {}, text: body, json: parsed(body) }
}
const answered = (status: number): WireAnswer => ({ status, headers: {}, text: '', json: undefined })

async function whole(bench: Bench, fields: string): Promise<WireAnswer> {
  return answerOf(await bench.wire.sendRaw(`${headOf(bench, 'GET', '/todos')}${fields}\r\n`))
}

/** Chunks one after the other until the server has had enough; what it says then. */
async function chunked(bench: Bench, size: number): Promise<WireAnswer> {
  const socket = connect(bench.wire.port, '127.0.0.1').on('error', () => {})
  const heard: string[] = []
  socket.on('data', piece => heard.push(String(piece)))
  const closed = once(socket, 'close')
  socket.write(`${headOf(bench, 'POST', '/todos')}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`)
  const chunk = `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`
  while (!socket.destroyed && heard.length === 0)
    if (!socket.write(chunk)) await Promise.race([once(socket, 'drain').catch(() => undefined), closed])
  socket.end()
  await closed
  return answerOf(heard.join(''))
}

/** So many requests in one piece: each is answered, in turn, or refused by a server that is busy. */
async function pipelined(bench: Bench, count: number, path: string): Promise<WireAnswer> {
  const socket = connect(bench.wire.port, '127.0.0.1')
  socket.write(`${headOf(bench, 'GET', path)}\r\n`.repeat(count))
  let answers = 0
  let rest = ''
  for await (const chunk of socket) {
    const text = rest + String(chunk)
    answers += text.match(/HTTP\/1\.1 (200|429|503) /g)?.length ?? 0
    // One character less than what is counted, so that nothing is counted twice.
    rest = text.slice(-12)
    if (answers >= count) break
  }
  return answered(answers === count ? 200 : 0)
}

/** Connections that ask for much and read nothing: they are cut, and who asks then is answered. */
async function readSlowly(bench: Bench, rows: number, connections: number): Promise<WireAnswer> {
  const { wire } = bench
  const stop = wire.cutStalled(600)
  const sockets: Socket[] = []
  try {
    // As many as fill the buffers of this machine's kernel without filling its memory.
    for (let i = 0; i < Math.min(connections, 40); i++) {
      const socket = connect(wire.port, '127.0.0.1')
        .pause()
        .on('error', () => {})
      socket.write(`${headOf(bench, 'GET', `/todos?limit=${rows}`)}\r\n`.repeat(200))
      sockets.push(socket)
    }
    await wire.downTo(bench.bystander ? 1 : 0)
    return answered(200)
  } finally {
    stop()
    for (const socket of sockets) socket.destroy()
  }
}

/** Writes a byte now and then until the server has had enough; what it says then. */
async function slowly(bench: Bench, head: string, everyMs: number): Promise<WireAnswer> {
  const socket = connect(bench.wire.port, '127.0.0.1').on('error', () => {})
  const heard: string[] = []
  socket.on('data', chunk => heard.push(String(chunk)))
  socket.write(head)
  while (!socket.destroyed && heard.length === 0) {
    await pause(Math.min(everyMs, 1_000))
    socket.write('a')
  }
  socket.destroy()
  return answerOf(heard.join(''))
}

/** Connections that say nothing do not keep others from being served. */
async function idle(bench: Bench, connections: number): Promise<WireAnswer> {
  const sockets = Array.from({ length: Math.min(connections, 1_000) }, () =>
    connect(bench.wire.port, '127.0.0.1').on('error', () => {}),
  )
  try {
    return await bench.wire.send({ method: 'GET', path: '/todos', headers: identityOf(bench, 'alice') })
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}
