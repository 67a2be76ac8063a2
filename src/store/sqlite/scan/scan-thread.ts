// The thread that scans run in: a connection that only reads, asked by statement-thread.ts.
import { parentPort, workerData } from 'node:worker_threads'
import type { Bind } from '../../sql/codec.ts'
import type { Row } from '../../../model/model.ts'
import { Connection, type ConnectionOptions } from '../connection.ts'
import { Exhausted } from '../../meter.ts'
import { Room } from '../../room.ts'
import { TurnSnapshot, type Heading } from '../read/turn-snapshot.ts'

/** What the thread is started with. */
export interface ThreadData {
  readonly options: ConnectionOptions
  readonly heading: Heading
  /** [0] is the `nth` of the last `begin` whose state is fixed. */
  readonly begun: Int32Array<SharedArrayBuffer>
  /** [0] is its position. */
  readonly position: Float64Array<SharedArrayBuffer>
}

/** What the thread is asked. */
export type ScanRequest =
  | { readonly op: 'begin'; readonly nth: number }
  | { readonly op: 'end' }
  | {
      readonly op: 'all'
      readonly sql: string
      readonly values: readonly Bind[]
      readonly most: number
      /** How many bytes of rows there is room for; undefined = any number. */
      readonly bytes: number | undefined
    }

/** What it answers to `all`. */
export type Told =
  | { readonly rows: Row[]; readonly room: { readonly left: number; readonly isFull: boolean } | null }
  | { readonly exhausted: true }
  | { readonly fault: unknown }

const port = parentPort!
const { options, heading, begun, position } = workerData as ThreadData
const connection = new Connection(options)
const turn = new TurnSnapshot(connection, heading)

function all({ sql, values, most, bytes }: ScanRequest & { op: 'all' }): Told {
  try {
    const statement = connection.cached(sql, () => ({ sql, slots: null }))
    const room = bytes === undefined ? undefined : new Room(bytes)
    const rows = connection.metered(most, () => statement.within(room, ...values))
    return { rows, room: room ? { left: room.left, isFull: room.isFull } : null }
  } catch (error) {
    return error instanceof Exhausted ? { exhausted: true } : { fault: error }
  }
}

port.on('message', (asked: ScanRequest) => {
  switch (asked.op) {
    case 'begin':
      position[0] = turn.begin()
      Atomics.store(begun, 0, asked.nth)
      Atomics.notify(begun, 0)
      return
    case 'end':
      return turn.end()
    case 'all':
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
      return port.postMessage(all(asked))
  }
})
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
port.postMessage('ready')
