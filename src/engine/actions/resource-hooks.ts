import type { AroundHook } from '../../model/declare/hook.ts'
import type { Ctx } from '../../schema/field.ts'
import { wait, type Work } from '../../store/work.ts'
import { answered } from './run-action.ts'
import type { Call, Outcome } from '../call/call.ts'
import type { Context } from '../call/context.ts'
import { valueOf } from '../call/outcome.ts'
import { callAroundHooks, type AroundHooks } from './around-hooks.ts'

/** A call whose resource has around-hooks. */
interface HookedCall extends Pick<AroundHooks, 'waits'> {
  readonly call: Call
  readonly context: Context
  readonly ctx: Ctx
}

/**
 * Runs an operation with its around-hooks. If they return what `next()` gave them, the outcome stays as it is, with version and
 * position.
 */
export function* withResourceHooks(
  hooks: readonly AroundHook[],
  { call, context, ctx, waits }: HookedCall,
  operation: (call: Call) => Work<Outcome>,
): Work<Outcome> {
  let outcome: Outcome | null = null
  let shown: unknown = null
  const about = { operation: call.operation, id: call.id, ctx: context }
  function* work(input: unknown): Work<unknown> {
    outcome = yield* operation(input === call.input ? call : { ...call, input })
    shown = valueOf(outcome)
    return shown
  }
  const answer = yield* callAroundHooks({ hooks, about, waits, work }, call.input)
  if (outcome !== null && (answer === undefined || answer === shown)) return outcome
  return yield* wait(answered(call.resource, null, answer, ctx))
}
