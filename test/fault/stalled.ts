// Readers that stop reading while everything goes on: what they cost, and whether others notice.
// `node test/fault/stalled.ts [--readers=1000] [--events=100000] [--bytes=100]`.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { WebSocket } from 'ws'
import { callerOf } from './call.ts'

export interface Tally {
  readonly readers: number
  readonly events: number
  /** By how many bytes the server's memory has grown at most since before the stall, on its heap and outside, without garbage. */
  readonly grown: number
  /** How many events the active readers received, by protocol. */
  readonly heard: Readonly<Record<Face, number>>
  /** Events of active readers that were out of order, doubled or missing. Must be zero. */
  readonly disturbed: number
  /** Stalled readers whose connection is open at the end. None may be cut too early. */
  readonly open: number
}

const faces = ['native', 'sse', 'socketio'] as const
type Face = (typeof faces)[number]

export interface Stalled {
  readonly readers: number
  readonly events: number
  readonly bytes: number
}

/** A connection that follows all notes. */
interface Reader {
  pause(): void
  readonly isOpen: boolean
  close(): void
}

/** Rows of a write. */
const ROWS = 20
/** Events before anybody stalls: the process has its size then. */
const WARM = 1_000
/** How often memory is looked at. */
const LOOKS = 10

/**
 * `bytes` is the size of the text in each row. All events together must be more than the network buffers for a stalled reader.
 */
export async function stall({ readers, events, bytes }: Stalled): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'restuary-stalled-'))
  const server = fork(join(import.meta.dirname, 'stalled-server.ts'), [join(folder, 'notes.db')], {
    execArgv: ['--expose-gc'],
  })
  const all: Reader[] = []
  try {
    const [{ port }] = (await once(server, 'message')) as [{ port: number }]
    const heard = { native: 0, sse: 0, socketio: 0 }
    let disturbed = 0
    const done = Promise.withResolvers<void>()
    for (const face of faces) {
      const last = { rank: -1 }
      const hear = (rank: number): void => {
        heard[face]++
        if (rank !== last.rank + 1) disturbed++
        last.rank = rank
        if (disturbed > 0 || Object.values(heard).every(count => count === WARM + events)) done.resolve()
      }
      all.push(await follow[face](port, hear))
    }
    const stalled: Reader[] = []
    while (stalled.length < readers) {
      const some = Array.from({ length: Math.min(50, readers - stalled.length) }, (_, i) =>
        follow[faces[(stalled.length + i) % 3]!](port, null),
      )
      stalled.push(...(await Promise.all(some)))
    }
    all.push(...stalled)
    const write = writer(port, bytes)
    await write(WARM)
    const before = await heldBy(server)
    for (const one of stalled) one.pause()
    let most = before
    for (let i = 0; i < LOOKS; i++) {
      await write(events / LOOKS)
      most = Math.max(most, await heldBy(server))
    }
    await done.promise
    return {
      readers,
      events,
      grown: most - before,
      heard,
      disturbed,
      open: stalled.filter(one => one.isOpen).length,
    }
  } finally {
    for (const one of all) one.close()
    server.kill('SIGKILL')
    await once(server, 'close')
    rmSync(folder, { recursive: true, force: true })
  }
}

async function heldBy(server: ChildProcess): Promise<number> {
  server.send('held')
  return ((await once(server, 'message')) as [number])[0]
}

/** Writes so many events, each with a rank one above that of the event before it. */
function writer(port: number, bytes: number): (events: number) => Promise<void> {
  const call = callerOf(port, 1)
  let next = 0
  return async events => {
    // Ranks are in the order of commits: rows of a body follow each other, and so do bodies.
    for (let left = events; left > 0; left -= ROWS) {
      const rows = Array.from({ length: Math.min(ROWS, left) }, () => ({ title: 'y'.repeat(bytes), rank: next++ }))
      const { status } = await call('POST', '/note', rows)
      if (status !== 201) throw new Error(`a write came to ${status}`)
    }
  }
}

type Hear = ((rank: number) => void) | null

const follow: Readonly<Record<Face, (port: number, hear: Hear) => Promise<Reader>>> = {
  native: async (port, hear) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, 'restuary.1', { perMessageDeflate: false })
    socket.on('message', data => {
      const frame = hear && JSON.parse(String(data))
      if (frame?.op === 'commit') for (const { data: row } of frame.events) hear!(row.rank)
      else if (frame?.op === 'reset') hear!(Number.NaN)
    })
    await once(socket, 'open')
    socket.send('{"id":1,"op":"subscribe","uri":"/note"}')
    await once(socket, 'message')
    return overSocket(socket)
  },
  socketio: async (port, hear) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`)
    const taken = Promise.withResolvers<void>()
    let states = 0
    socket.on('message', data => {
      const text = String(data)
      if (text === '2') socket.send('3')
      else if (text.startsWith('40{')) taken.resolve()
      else if (hear && text.startsWith('42["create"')) hear(JSON.parse(text.slice(2))[1].resource.rank)
      else if (hear && text.startsWith('42["state"') && ++states > 1) hear(Number.NaN)
    })
    await once(socket, 'open')
    socket.send('40')
    await taken.promise
    socket.send('42["subscribe","/note/"]')
    await once(socket, 'message')
    return overSocket(socket)
  },
  sse: async (port, hear) => {
    const request = get({ port, path: '/note', headers: { accept: 'text/event-stream' }, agent: false })
    request.on('error', () => {})
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    let text = ''
    answer.setEncoding('utf8').on('data', (chunk: string) => {
      if (!hear) return
      const blocks = (text + chunk).split('\n\n')
      text = blocks.pop()!
      for (const block of blocks) {
        if (block.includes('event: reset')) hear(Number.NaN)
        else if (block.includes('event: created')) hear(JSON.parse(/^data: (.*)$/m.exec(block)![1]!).data.rank)
      }
    })
    await once(answer, 'data')
    return {
      pause: () => answer.pause(),
      get isOpen() {
        return !request.socket!.destroyed
      },
      close: () => request.destroy(),
    }
  },
}

function overSocket(socket: WebSocket): Reader {
  return {
    pause: () => socket.pause(),
    get isOpen() {
      return socket.readyState === socket.OPEN
    },
    close: () => socket.terminate(),
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      readers: { type: 'string', default: '1000' },
      events: { type: 'string', default: '100000' },
      bytes: { type: 'string', default: '100' },
    },
  })
  const [readers, events, bytes] = [Number(values.readers), Number(values.events), Number(values.bytes)]
  const { grown, ...rest } = await stall({ readers, events, bytes })
  console.log({ ...rest, grown: `${(grown / 1_048_576).toFixed(1)} MiB` })
  const isWell = rest.disturbed === 0 && Object.values(rest.heard).every(count => count === WARM + events)
  process.exitCode = isWell && grown < 64 * 1_048_576 ? 0 : 1
}
