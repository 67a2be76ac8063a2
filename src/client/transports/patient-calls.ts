import type { Answer, Call } from '../call.ts'
import type { LiveTransportOptions } from '../follower.ts'
import { closed, local, type Problem } from '../problem.ts'

/** Sends calls as requests, for transports that carry only live queries. They are sent again while `isWaiting` says so. */
export class PatientCalls {
  readonly #options: LiveTransportOptions
  readonly #isWaiting: () => boolean
  #isClosed = false

  constructor(options: LiveTransportOptions, isWaiting: () => boolean) {
    this.#options = options
    this.#isWaiting = isWaiting
  }

  call(call: Call): Promise<Answer> {
    if (this.#isClosed) return Promise.reject(closed())
    return this.#options.http.call(call, (problem, tries) => this.#wait(call, problem, tries))
  }

  close(): void {
    this.#isClosed = true
  }

  /** Waits until a call may be sent again. null = it may not. */
  #wait({ op, key, signal }: Call, problem: Problem, tries: number): Promise<void> | null {
    const { random = Math.random, isPatient } = this.#options
    const isRepeatable = key !== undefined || op === 'get' || op === 'list'
    if (!isRepeatable || !problem.isPassing || !(isPatient || this.#isWaiting())) return null
    const seconds = problem.retryAfter ?? Math.min(10, 0.1 * 2 ** tries) * random()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => (this.#isClosed ? reject(closed()) : resolve()), seconds * 1000)
      signal?.addEventListener('abort', () => {
        clearTimeout(timer)
        reject(local('aborted', 'the request was aborted'))
      })
    })
  }
}
