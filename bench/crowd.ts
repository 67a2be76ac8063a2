import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

export interface Seen {
  /** Answers with 200 a second. */
  readonly goodput: number
  /** Answers with 503. */
  readonly refused: number
  /** Requests that found all connections busy or no answer, and connections that broke. */
  readonly failed: number
  /** Milliseconds from a request to its answer, of those that were admitted. */
  readonly p50: number
  readonly p99: number
}

/** Connections are opened before the measurement, because it is not about how a kernel queues unaccepted connections. */
const CONNECTIONS = 400
/** Connections that are enough to keep one process busy. */
const BUSY = 4
/** Milliseconds between looks at due requests. A loop that never sleeps would take processor time from the server. */
const TICK = 1
/** Milliseconds for answers after the last request. */
const PATIENCE = 2_000

/** Many clients of one path, each with a connection and at most one request at a time. */
export class Crowd {
  readonly #port: number
  readonly #request: string
  readonly #idle: Client[] = []
  readonly #clients: Client[] = []
  #times: number[] = []
  #refused = 0
  #failed = 0
  #onAnswer: () => void = () => {}

  constructor(port: number, path: string) {
    this.#port = port
    this.#request = `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`
  }

  async open(): Promise<void> {
    for (let i = 0; i < CONNECTIONS; i++) {
      const client: Client = new Client(this.#port, (status, time) => this.#answered(client, status, time))
      await client.opened
      this.#clients.push(client)
      this.#idle.push(client)
    }
  }

  /** Some clients that ask again as soon as they are answered. */
  asFastAsItGoes(seconds: number): Promise<Seen> {
    return this.#count(seconds, async end => {
      this.#onAnswer = () => {
        if (performance.now() < end) this.#send()
      }
      for (let i = 0; i < BUSY; i++) this.#onAnswer()
      await pause(end - performance.now())
    })
  }

  /** So many requests a second at random, whatever becomes of them. */
  at(rate: number, seconds: number): Promise<Seen> {
    return this.#count(seconds, async end => {
      this.#onAnswer = () => {}
      for (let due = performance.now(); due < end; await pause(TICK)) {
        for (; due < performance.now(); due += between(rate)) this.#send()
      }
    })
  }

  close(): void {
    for (const client of this.#clients) client.close()
  }

  async #count(seconds: number, drive: (end: number) => Promise<void>): Promise<Seen> {
    this.#times = []
    this.#refused = this.#failed = 0
    await drive(performance.now() + seconds * 1_000)
    for (let i = 0; i < PATIENCE && this.#idle.length < CONNECTIONS; i += 20) await pause(20)
    const sorted = this.#times.toSorted((a, b) => a - b)
    const at = (part: number): number => Math.round((sorted[Math.floor(part * sorted.length)] ?? 0) * 10) / 10
    return {
      goodput: Math.round(sorted.length / seconds),
      refused: this.#refused,
      failed: this.#failed + CONNECTIONS - this.#idle.length,
      p50: at(0.5),
      p99: at(0.99),
    }
  }

  #send(): void {
    const client = this.#idle.shift()
    if (client === undefined) this.#failed++
    else client.send(this.#request)
  }

  #answered(client: Client, status: string, time: number): void {
    this.#idle.push(client)
    if (status === '200') this.#times.push(time)
    else if (status === '503') this.#refused++
    else this.#failed++
    this.#onAnswer()
  }
}

/** Milliseconds until the next of so many a second that know nothing of each other (a Poisson process). */
function between(rate: number): number {
  return (-Math.log(1 - Math.random()) * 1_000) / rate
}

/** One connection; answers are counted and thrown away. */
class Client {
  readonly opened: Promise<unknown>
  readonly #socket: Socket
  readonly #onAnswer: (status: string, time: number) => void
  #sent = 0
  #status = ''
  /** Bytes of the answer that did not come yet; -1 = its head did not. */
  #missing = -1

  constructor(port: number, onAnswer: (status: string, time: number) => void) {
    this.#onAnswer = onAnswer
    const onread = {
      buffer: Buffer.allocUnsafe(65_536),
      callback: (n: number, bytes: Uint8Array) => this.#read(n, bytes),
    }
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true, onread })
    this.#socket.on('error', () => {})
    this.opened = once(this.#socket, 'connect')
  }

  send(request: string): void {
    this.#sent = performance.now()
    this.#socket.write(request)
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(n: number, bytes: Uint8Array): boolean {
    if (this.#missing < 0) {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(n, 2_048)).toString('latin1')
      const head = text.indexOf('\r\n\r\n')
      this.#status = text.slice(9, 12)
      this.#missing = Number(/content-length: (\d+)/.exec(text)?.[1] ?? 0) + head + 4
    }
    this.#missing -= n
    if (this.#missing > 0) return true
    this.#missing = -1
    this.#onAnswer(this.#status, performance.now() - this.#sent)
    return true
  }
}
