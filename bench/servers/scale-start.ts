// How the servers of live-scale.ts are started, and made to write.
import { setImmediate as turn } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Reading, Size } from '../scale/world.ts'

export interface ScaleStart {
  readonly port: number
  readonly db: string
  readonly reading: Reading
  readonly size: Size
}

export function readScaleStart(): ScaleStart {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      db: { type: 'string' },
      reading: { type: 'string' },
      users: { type: 'string' },
      todos: { type: 'string' },
    },
  })
  const { port, db, reading, users, todos } = values as Record<string, string>
  return {
    port: Number(port),
    db: db!,
    reading: reading as Reading,
    size: { users: Number(users), todos: Number(todos) },
  }
}

/** The order to a server: write texts into one todo after another, as many as possible in a time. */
export interface Writes {
  readonly first: number
  /** How many todos take turns, and how often one is written at most; 0 = nothing is written. */
  readonly span: number
  readonly most: number
  readonly ms: number
}

export interface Written {
  readonly writes: number
  /** Microseconds of processor time that the process has used by now. */
  readonly cpu: number
}

let m = 0

/** Writes when it is asked to, by `write`, each with its own text. */
export function writeOnDemand(write: (id: number, text: string) => unknown): void {
  process.on('message', ({ first, span, most, ms }: Writes) => {
    const began = performance.now()
    const all = async (): Promise<void> => {
      let writes = 0
      for (; writes < most && performance.now() - began < ms; writes++) {
        m++
        await write(first + (m % span), `changed ${m}`)
        // Subscribers get the write now.
        await turn()
        await turn()
      }
      const { user, system } = process.cpuUsage()
      process.send!({ writes, cpu: user + system } satisfies Written)
    }
    void all()
  })
}
