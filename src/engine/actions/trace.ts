import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel'
import type { Maybe } from '../../store/work.ts'
import type { Call, Outcome, Principal } from '../call/call.ts'
import type { Invocation, NextStep } from '../call/invocation.ts'

/** What a tracing subscriber receives about a call: the same object from `start` to `end`. */
export interface TracedCall {
  readonly operation: Call['operation']
  /** The name of the called action; null for other operations. */
  readonly action: string | null
  readonly resource: string
  readonly id: string | number | null
  readonly face: string
  /** null = anonymous, or the application itself. */
  readonly caller: Principal | null
  /** A header field of the request, for instance `traceparent`, to continue the client's trace. */
  readonly header: (name: string) => string | undefined
  /** Set when the call ends. */
  outcome?: Outcome['kind']
  /** The error of a failed call. Refusals are errors as well. */
  error?: unknown
}

/**
 * The tracing channel of all calls, on every face. It publishes `start` and `end`, then `asyncStart` and `asyncEnd` if the call
 * had to wait, and `error` if it failed. A tracer subscribes by the channel's name; the API needs no change
 * (docs/guide/observing.md has a bridge to OpenTelemetry).
 *
 * @example
 * const ignore = () => {}
 * const log = (call: TracedCall) => console.log(call.face, call.resource, call.operation, call.error)
 * tracedCalls.subscribe({ start: ignore, end: log, asyncStart: ignore, asyncEnd: log, error: ignore })
 */
export const tracedCalls: TracingChannel<TracedCall, TracedCall> = tracingChannel<TracedCall>('restuary:call')

/** Publishes a call from here to its answer. */
export function traced(invocation: Invocation, next: NextStep): Maybe<Outcome> {
  const { call } = invocation
  const { credentials } = call
  const context: TracedCall = {
    operation: call.operation,
    action: call.action?.name ?? null,
    resource: call.resource.name,
    id: call.id,
    face: credentials?.face ?? 'code',
    caller: call.principal,
    header: name => credentials?.header(name),
  }
  return tracedCalls.start.runStores(context, () => {
    const outcome = next(invocation)
    if (!(outcome instanceof Promise)) {
      settle(context, outcome)
      tracedCalls.end.publish(context)
      return outcome
    }
    tracedCalls.end.publish(context)
    return outcome.then(settled => {
      settle(context, settled)
      tracedCalls.asyncStart.publish(context)
      tracedCalls.asyncEnd.publish(context)
      return settled
    })
  })
}

function settle(context: TracedCall, outcome: Outcome): void {
  context.outcome = outcome.kind
  if (outcome.kind !== 'failure') return
  context.error = outcome.error
  tracedCalls.error.publish(context)
}
