import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel'
import type { Maybe } from '../../store/work.ts'
import type { Call, Outcome } from '../call/call.ts'
import type { Invocation, Next, Step } from '../call/invocation.ts'

/** What those who trace are told of a call; the same object from its start to its end. */
export interface TracedCall {
  readonly operation: Call['operation']
  /** Of the action that is called. */
  readonly action: string | null
  readonly resource: string
  readonly id: string | number | null
  readonly face: string
  /** A header field of the request, to take up a trace: `traceparent`. */
  readonly header: (name: string) => string | undefined
  /** Known at the end. */
  outcome?: Outcome['kind']
  /** The error of a failure, refusals among them. */
  error?: unknown
}

/**
 * Every call of every face: `start` … `end`, and `asyncStart`, `asyncEnd` where it had to wait; `error` for failures.
 * A tracer subscribes by the name, without a change to the API (docs/guide/observing.md has the bridge to OpenTelemetry).
 */
export const tracedCalls: TracingChannel<TracedCall> = tracingChannel<TracedCall>('restuary:call')

/** trace: tells of every call. Costs one look where nobody listens. */
export const tracing: Step = (invocation, next) =>
  tracedCalls.hasSubscribers ? traced(invocation, next) : next(invocation)

function traced(invocation: Invocation, next: Next): Maybe<Outcome> {
  const { call } = invocation
  const { credentials } = call
  const context: TracedCall = {
    operation: call.operation,
    action: call.action?.name ?? null,
    resource: call.resource.name,
    id: call.id,
    face: credentials?.face ?? 'code',
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
