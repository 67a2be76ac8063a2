import { Worker } from 'node:worker_threads'
import type { Row } from '../../../model/model.ts'
import { ApiError } from '../../../protocol/error.ts'
import type { Bind } from '../../sql/codec.ts'
import type { ConnectionOptions, Statement } from '../connection.ts'
import type { ScanBounds, Scanner } from '../read/visiting.ts'
import type { Heading } from '../read/turn-snapshot.ts'
import type { ScanRequest, ThreadData, Told } from './scan-thread.ts'

/** Milliseconds that the event loop waits at most for the thread to fix its state; it takes a tenth of one. */
const PATIENCE = 100

/** Bytes of the database that the thread caches: it reads from one end to the other. */
const CACHE = 4_194_304
/** Megabytes of what the thread makes and drops again, such as folded texts. */
const YOUNG = 4

interface Pending {
  readonly resolve: (told: Told) => void
  readonly reject: (error: unknown) => void
}

/** A thread with a connection of its own, which runs statements beside the event loop. */
export class StatementThread implements Scanner {
  readonly #worker: Worker
  readonly #begun = new Int32Array(new SharedArrayBuffer(4))
  readonly #position = new Float64Array(new SharedArrayBuffer(8))
  #pending: Pending[] = []
  #isLost = false
  #begins = 0
  #fault: unknown
  /** Resolves once it runs; false = it cannot be started. */
  readonly isReady: Promise<boolean>

  constructor(options: ConnectionOptions, heading: Heading) {
    const cache = Math.min(options.cache, CACHE)
    const workerData: ThreadData = {
      options: { ...options, cache },
      heading,
      begun: this.#begun,
      position: this.#position,
    }
    this.#worker = new Worker(new URL('./scan-thread.ts', import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG },
    })
    this.#worker.unref()
    this.isReady = new Promise(resolve => {
      this.#worker.once('message', () => {
        this.#worker.on('message', (told: Told) => this.#pending.shift()?.resolve(told))
        resolve(true)
      })
      const lost = (fault: unknown): void => {
        this.#isLost = true
        this.#fault ??= fault
        resolve(false)
        const error = new ApiError('unavailable', { detail: 'the search was interrupted' })
        for (const { reject } of this.#pending.splice(0)) reject(error)
      }
      this.#worker.once('error', lost)
      this.#worker.once('exit', lost)
    })
  }

  get isLost(): boolean {
    return this.#isLost
  }

  /** Why it ended. */
  get fault(): unknown {
    return this.#fault
  }

  /**
   * Fixes the state that is read, and returns its position. The event loop waits for that: between the beginning of
   * another snapshot here and this one nothing of this process can be committed, so both are the same. null = the machine is
   * so busy that the thread did not run in time.
   */
  begin(): number | null {
    this.#worker.ref()
    const nth = ++this.#begins
    const before = Atomics.load(this.#begun, 0)
    this.#tell({ op: 'begin', nth })
    Atomics.wait(this.#begun, 0, before, PATIENCE)
    // What it did late for an earlier call is not the answer to this one.
    return Atomics.load(this.#begun, 0) === nth ? this.#position[0]! : null
  }

  end(): void {
    this.#tell({ op: 'end' })
    this.#worker.unref()
  }

  async all(statement: Statement, values: readonly Bind[], { most, room, refusal }: ScanBounds): Promise<Row[]> {
    const told = await new Promise<Told>((resolve, reject) => {
      if (this.#isLost) return reject(new ApiError('unavailable', { detail: 'the search was interrupted' }))
      this.#pending.push({ resolve, reject })
      this.#tell({ op: 'all', sql: statement.sql, values: statement.placed([...values]), most, bytes: room?.left })
    })
    if ('rows' in told) {
      if (told.room) room?.settle(told.room)
      return told.rows
    }
    throw 'exhausted' in told ? refusal() : told.fault
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #tell(asked: ScanRequest): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
    this.#worker.postMessage(asked)
  }
}
