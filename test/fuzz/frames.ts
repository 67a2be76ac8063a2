import { once } from 'node:events'
import { WebSocket } from 'ws'
import { SUBPROTOCOL } from '../../src/protocol/frames.ts'
import { Random } from '../property/live-oracle/random.ts'
import { serveFaces } from '../speakers.ts'
import { envelopeFrame, nativeFrame, socketioFrame, spoiledFrame } from './frame-grammar.ts'
import type { Tally } from './http.ts'
import { afterRunning } from './late.ts'
import { positionOf, subject, type Subject } from './model.ts'
import { Requests } from './requests.ts'

export type SocketFace = 'native' | 'envelope' | 'socketio'

/** Frames to one API; then a new one takes its place. */
const EACH = 10_000
/** Frames that are sent before the socket has to answer that it still serves. */
const BATCH = 20
const HANG = 10_000

interface Words {
  readonly path: string
  /** Which paths of the document it has words for. */
  readonly accepts: RegExp
  readonly protocol?: string
  /** Text of a frame that asks what a request asks. */
  readonly frame: (asking: ReturnType<Requests['fitting']>, id: number) => unknown
  readonly print: (frame: unknown) => string
  /** A frame that is answered by one that `isPong` knows. */
  readonly ping: (id: number) => string
  readonly isPong: (text: string, id: number) => boolean
  readonly hello?: string
}

const words: Readonly<Record<SocketFace, Words>> = {
  native: {
    path: '/',
    accepts: /^\/(?:person|team|skill|task|cursor|invoice)(?!.*history)/,
    protocol: SUBPROTOCOL,
    frame: nativeFrame,
    print: JSON.stringify,
    ping: id => JSON.stringify({ op: 'list', uri: '/skill?limit=1', id: `ping ${id}` }),
    isPong: (text, id) => text.includes(`"ping ${id}"`),
  },
  envelope: {
    path: '/',
    accepts: /^\/(?:person|team|skill|task|cursor|invoice)(?:\/\{id\})?$/,
    frame: envelopeFrame,
    print: JSON.stringify,
    ping: id => JSON.stringify({ stream: 'skill', payload: { action: 'list', request_id: `ping ${id}` } }),
    isPong: (text, id) => text.includes(`"ping ${id}"`),
  },
  socketio: {
    path: '/socket.io/?EIO=4&transport=websocket',
    accepts: /^\/(?:person|team|skill|task|cursor)(?:\/\{id\})?$/,
    frame: socketioFrame,
    print: frame => `421${JSON.stringify(frame)}`,
    // An event with an acknowledgement.
    ping: id => `42${100_000 + id}["unsubscribe","/skill/nobody"]`,
    isPong: (text, id) => text.startsWith(`43${100_000 + id}[`),
    hello: '40',
  },
}

/** Sends so many frames over one face; most of them are as they should be. */
export async function fuzzFrames(
  face: SocketFace,
  frames: number,
  seed: number,
  tell: (sent: number) => void = () => {},
): Promise<Tally> {
  const random = new Random(seed)
  const faults: string[] = []
  let succeeded = 0
  for (let sent = 0; sent < frames && faults.length < 20; sent += EACH) {
    const here = await subject()
    const { port, close } = await serveFaces(here.app)
    try {
      succeeded += await fuzzOne(face, random, here, port, Math.min(EACH, frames - sent), faults)
    } finally {
      await close()
    }
    tell(Math.min(sent + EACH, frames))
  }
  return { requests: frames, succeeded, faults }
}

async function fuzzOne(
  face: SocketFace,
  random: Random,
  { app, ids, faults: own }: Subject,
  port: number,
  frames: number,
  faults: string[],
): Promise<number> {
  const { accepts, frame, print, ping, isPong } = words[face]
  const document = await app.fetch(new Request('http://localhost/openapi.json'))
  const grammar = new Requests(random, await document.json(), ids, template => accepts.test(template))
  let line = await open(face, port)
  let succeeded = 0
  for (let sent = 0; sent < frames && faults.length < 20;) {
    if (line.isClosed) {
      succeeded += line.done
      line = await open(face, port)
    }
    const isAlone = random.chance(0.5)
    const size = Math.min(isAlone ? 1 : BATCH, frames - sent)
    const before = positionOf(app)
    const texts: string[] = []
    const spoiled: string[] = []
    for (let i = 0; i < size; i++) {
      const fits = random.chance(0.85)
      const made = frame(fits ? grammar.fitting() : grammar.faulty(), sent + i)
      if (fits) texts.push(print(made))
      else spoiled.push(spoiledFrame(made, print, random, grammar.values))
    }
    // Some of them end the connection, and then what follows is not heard.
    texts.push(...spoiled)
    line.heard = []
    for (const text of texts) line.socket.send(text)
    line.socket.send(ping(sent))
    sent += size
    const heard = await line.until(text => isPong(text, sent - size), HANG)
    const told = texts.join('\n').slice(0, 800)
    if (heard === null) {
      faults.push(`hangs after ${told}`)
      line.socket.terminate()
      continue
    }
    const answers = heard.filter(text => !isPong(text, sent - size))
    for (const text of answers) if (isFault(text)) faults.push(`${text.slice(0, 300)} after ${told}`)
    if (isAlone && answers.length === 1 && isRefusal(answers[0]!) && positionOf(app) !== before)
      faults.push(`refused, but something changed: ${told}`)
    for (const fault of own.splice(0)) faults.push(`${String((fault as Error).cause ?? fault)} after ${told}`)
  }
  line.socket.terminate()
  return Math.min(succeeded + line.done, frames)
}

const isRefusal = (text: string): boolean =>
  /"error":\{|"status":[45]\d\d|"response_status":[45]\d\d|"api_error"|"server_error"/.test(text)
/** An answer to a request that was done, not what a subscription tells. */
const isDone = (text: string): boolean =>
  (/"status":2\d\d|"response_status":2\d\d/.test(text) && !text.includes('"ping ')) || /^43\d{1,5}\[\]$/.test(text)
/** On Socket.IO `server_error` is also said of arguments of a wrong type; faults of ours are reported as well. */
const isFault = (text: string): boolean => /"status":5\d\d|"response_status":5\d\d/.test(text)

class Line {
  readonly socket: WebSocket
  heard: string[] = []
  /** Frames that were done. Some of the answers come after that to a later ping. */
  done = 0
  isClosed = false
  #wake: () => void = () => {}

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', data => {
      const text = String(data)
      // The heartbeat of Engine.IO.
      if (text === '2') return socket.send('3')
      this.heard.push(text)
      if (isDone(text)) this.done++
      this.#wake()
    })
    socket.on('close', () => {
      this.isClosed = true
      this.#wake()
    })
    socket.on('error', () => {})
  }

  /** What was heard up to a message, or up to the end of the connection; null if neither comes in time. */
  async until(fits: (text: string) => boolean, milliseconds: number): Promise<string[] | null> {
    let isLate = false
    const callOff = afterRunning(milliseconds, () => {
      isLate = true
      this.#wake()
    })
    try {
      for (let seen = 0; ;) {
        for (; seen < this.heard.length; seen++) if (fits(this.heard[seen]!)) return this.heard.slice(0, seen + 1)
        if (this.isClosed) return this.heard
        if (isLate) return null
        await new Promise<void>(resolve => (this.#wake = resolve))
      }
    } finally {
      callOff()
    }
  }
}

async function open(face: SocketFace, port: number): Promise<Line> {
  const { path, protocol, hello } = words[face]
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocol === undefined ? [] : [protocol])
  const line = new Line(socket)
  await once(socket, 'open')
  if (hello !== undefined) {
    socket.send(hello)
    await line.until(text => text.startsWith(hello), HANG)
  }
  return line
}
