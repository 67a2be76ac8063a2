// What becomes of a server that is asked five times as much as it can do: `node bench/overload.ts [--delay=10] [--times=5]`.
// Requests come at a fixed rate, whether or not those before them were answered, as they do from many clients.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { LOAD_CORE, pinned, SERVER_CORE } from './machine.ts'

const PATH = '/list?limit=50&depth=2'
/** Opened before anything is measured: what a kernel does with connections that nobody accepts is another question. */
const CONNECTIONS = 400

interface Seen {
  /** Answers with 200 a second. */
  readonly goodput: number
  readonly refused: number
  /** Requests that found all connections busy, and connections that broke. */
  readonly failed: number
  /** Milliseconds from a request to its answer, of those that were admitted. */
  readonly p50: number
  readonly p99: number
}

/** Sends requests at a rate for so many seconds; a rate of 0 = each of 16 connections as fast as it is answered. */
class Crowd {
  readonly #port: number
  readonly #idle: Socket[] = []
  readonly #due = new Map<Socket, number>()
  #times: number[] = []
  #refused = 0
  #failed = 0
  #again: (() => void) | null = null

  constructor(port: number) {
    this.#port = port
  }

  async run(rate: number, seconds: number): Promise<Seen> {
    this.#times = []
    this.#refused = this.#failed = 0
    const began = performance.now()
    const end = began + seconds * 1_000
    if (rate === 0) {
      this.#again = () => {
        if (performance.now() < end) this.#send()
      }
      for (let i = 0; i < 16; i++) this.#again()
      while (performance.now() < end) await new Promise(resolve => setTimeout(resolve, 20))
    } else {
      this.#again = null
      for (let sent = 0; performance.now() < end; await new Promise(resolve => setImmediate(resolve))) {
        const wanted = ((performance.now() - began) / 1_000) * rate
        for (; sent < wanted; sent++) this.#send()
      }
    }
    for (let i = 0; i < 100 && this.#due.size > 0; i++) await new Promise(resolve => setTimeout(resolve, 20))
    const sorted = this.#times.toSorted((a, b) => a - b)
    const at = (part: number): number => Math.round((sorted[Math.floor(part * sorted.length)] ?? 0) * 10) / 10
    return {
      goodput: Math.round(sorted.length / seconds),
      refused: this.#refused,
      failed: this.#failed,
      p50: at(0.5),
      p99: at(0.99),
    }
  }

  close(): void {
    for (const socket of [...this.#idle, ...this.#due.keys()]) socket.destroy()
  }

  async open(): Promise<void> {
    for (let i = 0; i < CONNECTIONS; i++) {
      const socket = this.#open()
      await once(socket, 'connect')
      this.#idle.push(socket)
    }
  }

  #send(): void {
    const socket = this.#idle.shift()
    if (socket === undefined) {
      this.#failed++
      return
    }
    this.#due.set(socket, performance.now())
    socket.write(`GET ${PATH} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
  }

  #open(): Socket {
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true })
    let status = ''
    let missing = -1
    socket.on('data', (chunk: Buffer) => {
      if (missing < 0) {
        const head = chunk.indexOf('\r\n\r\n')
        const text = chunk.toString('latin1', 0, head)
        status = text.slice(9, 12)
        missing = Number(/content-length: (\d+)/.exec(text)?.[1] ?? 0) + head + 4
      }
      missing -= chunk.length
      if (missing > 0) return
      missing = -1
      this.#answered(socket, status)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      const at = this.#idle.indexOf(socket)
      if (at >= 0) this.#idle.splice(at, 1)
      if (this.#due.delete(socket)) this.#failed++
    })
    return socket
  }

  #answered(socket: Socket, status: string): void {
    const due = this.#due.get(socket)!
    this.#due.delete(socket)
    this.#idle.push(socket)
    if (status === '200') this.#times.push(performance.now() - due)
    else if (status === '503') this.#refused++
    else this.#failed++
    this.#again?.()
  }
}

async function start(delay: number, port: number): Promise<() => void> {
  const file = fileURLToPath(new URL('servers/overload.ts', import.meta.url))
  const [command, ...args] = pinned(
    [process.execPath, '--cpu-prof', '--cpu-prof-dir=/tmp/ovprof', file, String(port), String(delay)],
    SERVER_CORE,
  )
  const child = spawn(command!, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close').then(() => {
    throw new Error('the server did not start')
  })
  await Promise.race([once(createInterface(child.stdout), 'line'), ended])
  ended.catch(() => {})
  return () => child.kill('SIGTERM')
}

async function measure(delay: number, times: number, port: number): Promise<boolean> {
  const stop = await start(delay, port)
  const crowd = new Crowd(port)
  try {
    await crowd.open()
    await crowd.run(0, 1)
    const peak = await crowd.run(0, 3)
    const calm = await crowd.run(Math.round(peak.goodput / 2), 4)
    const overload = await crowd.run(peak.goodput * times, 6)
    const after = await crowd.run(Math.round(peak.goodput / 2), 3)
    const share = overload.goodput / peak.goodput
    const slower = overload.p99 / calm.p99
    console.log(`\n${delay ? `refusing once turns stay over ${delay} ms` : 'refusing nothing'}`)
    console.table({ 'as fast as it goes': peak, 'half of that': calm, [`${times} times`]: overload, afterwards: after })
    console.log(`goodput ${Math.round(share * 100)} % of the peak (goal 80), p99 ${slower.toFixed(1)} x (goal 3)`)
    return share >= 0.8 && slower <= 3 && after.refused === 0
  } finally {
    crowd.close()
    stop()
  }
}

// The load needs a core of its own.
if (process.env['PINNED'] === undefined) {
  const [command, ...args] = pinned([process.execPath, ...process.argv.slice(1)], LOAD_CORE)
  const child = spawn(command!, args, { stdio: 'inherit', env: { ...process.env, PINNED: '1' } })
  const [code] = (await once(child, 'close')) as [number | null]
  process.exit(code ?? 1)
}
const { values } = parseArgs({
  options: { delay: { type: 'string', default: '10' }, times: { type: 'string', default: '5' } },
})
await measure(0, Number(values.times), 4_981)
process.exitCode = (await measure(Number(values.delay), Number(values.times), 4_982)) ? 0 : 1
