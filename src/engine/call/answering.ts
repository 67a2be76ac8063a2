import { ApiError } from '../../protocol/error.ts'
import { responded } from '../actions/run-action.ts'
import type { Call, Outcome } from './call.ts'
import { withHeaders } from './outcome.ts'
import type { Invocation, PipelineStep } from './invocation.ts'

export interface Listeners {
  /** Receives every fault of the server (5xx), with its cause. */
  readonly onFault: (error: ApiError, call: Call) => void
  /** Receives every write that a rule refused, with the text of the rule. Meant for developers. */
  readonly onRefusal?: ((rule: string, call: Call) => void) | undefined
}

/**
 * The step `answer`: turns whatever the later steps throw into an outcome, and adds the header fields that steps have
 * collected.
 */
export function answering(listeners: Listeners): PipelineStep {
  return (invocation, next) => {
    try {
      const outcome = next(invocation)
      if (!(outcome instanceof Promise)) return withLines(invocation, outcome)
      return outcome.then(
        settled => withLines(invocation, settled),
        (thrown: unknown) => withLines(invocation, failure(thrown, invocation.call, listeners)),
      )
    } catch (thrown) {
      return withLines(invocation, failure(thrown, invocation.call, listeners))
    }
  }
}

function withLines({ lines }: Invocation, outcome: Outcome): Outcome {
  return lines.length === 0 ? outcome : withHeaders(outcome, lines)
}

function failure(thrown: unknown, call: Call, { onFault, onRefusal }: Listeners): Outcome {
  const error = ApiError.from(thrown)
  // `abort(status, response)` throws a Response that is sent as it is.
  if (error.cause instanceof Response) return responded(call, error.status, error.cause)
  if (error.isFault) onFault(error, call)
  else if (typeof error.cause === 'string') onRefusal?.(error.cause, call)
  return { kind: 'failure', error }
}
