import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { LOAD_CORE, pinned } from './machine.ts'

/** What subscribers received in a time. */
export interface Told {
  readonly seconds: number
  readonly frames: number
  readonly all: number
  readonly uneven: boolean
  readonly p50: number
  readonly p99: number
}

/** Subscribers in a process of their own. */
export class Audience {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  /** `callers`: they come in turns as so many, who are known by `Bearer 0` and so on; 0 = as nobody. */
  constructor(port: number, speech: string, count: number, callers = 0) {
    const script = fileURLToPath(new URL('subscribers.ts', import.meta.url))
    const command = [process.execPath, script, String(port), String(count), speech, String(callers)]
    const [file, ...args] = pinned(command, LOAD_CORE)
    this.#child = spawn(file!, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]()
  }

  /** The next thing that they say. */
  // oxlint-disable-next-line no-explicit-any -- what they say depends on what they are asked
  async line(): Promise<any> {
    return JSON.parse((await this.#lines.next()).value as string)
  }

  measure(writes: number, length: number): Promise<Told> {
    this.#child.stdin!.write(`${JSON.stringify({ measure: length * 1_000, writes })}\n`)
    return this.line()
  }

  end(): void {
    this.#child.kill()
  }
}
