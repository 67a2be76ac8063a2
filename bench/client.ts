// A load generator for machines without wrk: node client.ts URL CONNECTIONS SECONDS, with the variables of ops.lua.
import { connect, type Socket } from 'node:net'

const [url, connections, seconds] = process.argv.slice(2) as [string, string, string]
const { OP, BASE, LIST, PATCH, ROWS, RUN, CALLER, BODY } = process.env as Record<string, string>
const { hostname, port, host } = new URL(url)
const rows = Number(ROWS)
let count = 0
let state = 20_240_229

/** Every run sends the same requests in the same order. */
function anyId(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * rows) + 1
}

function message(method: string, target: string, body: unknown, fields = ''): string {
  const caller = CALLER === undefined ? '' : `authorization: Bearer ${CALLER}\r\n`
  const head = `${method} ${target} HTTP/1.1\r\nhost: ${host}\r\n${caller}${fields}`
  if (body === undefined) return `${head}\r\n`
  const text = JSON.stringify(body)
  return `${head}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
}

const title = (verb: string): string => `${verb} ${RUN}-${count} of the list`
const kinds: Record<string, () => string> = {
  get: () => message('GET', `${BASE}/${anyId()}`, undefined),
  hot: () => message('GET', `${BASE}/${(anyId() % 100) + 1}`, undefined),
  unchanged: () => message('GET', `${BASE}/${(anyId() % 100) + 1}`, undefined, 'if-none-match: *\r\n'),
  list: () => message('GET', `${BASE}${LIST}`, undefined),
  patch: () => message(PATCH!, `${BASE}/${anyId()}`, { title: title('Changed') }),
  post: () => message('POST', BASE!, { title: title('Created'), done: 0 }),
  send: () => message('POST', BASE!, JSON.parse(BODY!)),
  mixed: () => (count % 10 === 0 ? kinds['patch']! : kinds['get']!)(),
}
const next = kinds[OP!]!

const times: number[] = []
let failed = 0
const began = performance.now()
const end = began + Number(seconds) * 1000

/** One request after another on a connection, until the time is over. */
function converse(): Promise<void> {
  return new Promise(resolve => {
    const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true })
    let sent = 0
    let received = ''
    const ask = (): void => {
      if (performance.now() >= end) return void socket.destroy()
      count++
      sent = performance.now()
      received = ''
      socket.write(next())
    }
    socket.setEncoding('latin1').on('connect', ask)
    socket.on('data', (text: string) => {
      received += text
      const head = received.indexOf('\r\n\r\n')
      if (head < 0) return
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(received.slice(0, head))?.[1] ?? 0)
      if (received.length < head + 4 + length) return
      times.push(performance.now() - sent)
      if (received[9] !== '2' && received[9] !== '3') failed++
      ask()
    })
    socket.on('error', () => failed++).on('close', () => resolve())
  })
}

await Promise.all(Array.from({ length: Number(connections) }, converse))
const sorted = times.toSorted((a, b) => a - b)
const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0
console.log(
  JSON.stringify({
    requests: times.length,
    seconds: (performance.now() - began) / 1000,
    failed,
    p50: at(0.5),
    p99: at(0.99),
  }),
)
