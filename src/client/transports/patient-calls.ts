import type { Answer, Call } from '../call.ts'
import type { LiveTransportOptions } from '../follower.ts'
import { aborted, closed, type Problem } from '../problem.ts'

/** Sends calls as requests, for transports that carry only live queries. */
export interface PatientCalls {
  call(call: Call): Promise<Answer>
  /** Calls of a former user are not sent again. */
  changeCaller(isOther: boolean): void
  close(): void
}

/** Calls are sent again while `isWaiting` says so. */
export function patientCalls(
  { http, random = Math.random, isPatient }: LiveTransportOptions,
  isWaiting: () => boolean,
): PatientCalls {
  let isClosed = false
  /** How many callers there were. */
  let callers = 0

  /** Waits until a call may be sent again. null = it may not. */
  function wait({ op, key, signal }: Call, problem: Problem, tries: number): Promise<void> | null {
    const isRepeatable = key !== undefined || op === 'get' || op === 'list'
    if (!isRepeatable || !problem.isPassing || !(isPatient || isWaiting())) return null
    const seconds = problem.retryAfter ?? Math.min(10, 0.1 * 2 ** tries) * random()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => resolve(), seconds * 1000)
      signal?.addEventListener('abort', () => {
        clearTimeout(timer)
        reject(aborted())
      })
    })
  }

  return {
    async call(call) {
      const by = callers
      for (let tries = 1; ; tries++) {
        if (isClosed || by !== callers) throw closed()
        try {
          return await http.call(call)
        } catch (problem) {
          const waiting = wait(call, problem as Problem, tries)
          if (!waiting) throw problem
          await waiting
        }
      }
    },
    changeCaller(isOther) {
      if (isOther) callers++
    },
    close() {
      isClosed = true
    },
  }
}
