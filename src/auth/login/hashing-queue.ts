import { ApiError } from '../../protocol/error.ts'

/** Why a hash is needed: for a login, or for a write that sets passwords. */
export type Purpose = 'login' | 'write'

export interface HashingQueueOptions {
  /** How many hashes are computed at the same time. */
  readonly atOnce: number
  /** Longest wait in milliseconds. A request that would wait longer is refused. Default: 3,000. */
  readonly patience?: number
  /** The time in milliseconds. Tests replace it. */
  readonly clock?: () => number
}

/** How many milliseconds a hash is assumed to take, until some were measured. */
const USUAL = 50

/**
 * A hash takes a core and 19 MiB, so only a few are computed at once. The others wait in two lines, one for logins and one for
 * writes. The lines are served in turn, so that somebody who creates many accounts does not keep others from logging in.
 */
export class HashingQueue {
  readonly #atOnce: number
  readonly #patience: number
  readonly #clock: () => number
  readonly #lines: Readonly<Record<Purpose, (() => void)[]>> = { login: [], write: [] }
  #served: Purpose = 'write'
  #running = 0
  /** Moving average of the milliseconds that a hash takes. */
  #usual = USUAL

  constructor({ atOnce, patience = 3_000, clock = () => performance.now() }: HashingQueueOptions) {
    this.#atOnce = atOnce
    this.#patience = patience
    this.#clock = clock
  }

  /** Throws ApiError `unavailable` with `Retry-After` if so many more hashes would have to wait too long. */
  admit(purpose: Purpose, count: number): void {
    const ahead = this.#lines[purpose].length
    if (ahead === 0) return
    const other = this.#lines[purpose === 'login' ? 'write' : 'login'].length
    const places = ahead + count + Math.min(other, ahead + count)
    const milliseconds = (places * this.#usual) / this.#atOnce
    if (milliseconds <= this.#patience) return
    throw new ApiError('unavailable', {
      detail: 'too many passwords at once',
      headers: { 'retry-after': String(Math.ceil(milliseconds / 1_000)) },
      expected: true,
    })
  }

  /** Runs work as soon as it is its turn. */
  async run<T>(purpose: Purpose, work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#atOnce) this.#running++
    else await new Promise<void>(resolve => this.#lines[purpose].push(resolve))
    const begun = this.#clock()
    try {
      return await work()
    } finally {
      this.#usual += (this.#clock() - begun - this.#usual) / 8
      this.#handOver()
    }
  }

  /** Gives the free place to the other line than last time, if anybody waits there. */
  #handOver(): void {
    const turn: Purpose = this.#served === 'login' ? 'write' : 'login'
    for (const line of [turn, this.#served]) {
      const next = this.#lines[line].shift()
      if (next === undefined) continue
      this.#served = line
      return next()
    }
    this.#running--
  }
}
