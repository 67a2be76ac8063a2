import type { AroundHook } from '../../model/declare/hook.ts'
import { wait, type Work } from '../../store/work.ts'
import { answered } from './run-action.ts'
import type { Call, Outcome } from '../call/call.ts'
import type { Context } from '../call/context.ts'
import { valueOf } from '../call/outcome.ts'
import type { ReadEnvironment } from '../call/call-environment.ts'
import { callAroundHooks } from './around-hooks.ts'

/**
 * Runs an operation with its around-hooks. If they return what `next()` gave them, the outcome stays as it is, with version and
 * position.
 */
export function* withResourceHooks(
  hooks: readonly AroundHook[],
  call: Call,
  context: Context,
  reading: Pick<ReadEnvironment, 'ctx'>,
  waits: boolean,
  work: (call: Call) => Work<Outcome>,
): Work<Outcome> {
  let outcome: Outcome | null = null
  let shown: unknown = null
  const about = { operation: call.operation, id: call.id, ctx: context }
  const answer = yield* callAroundHooks(hooks, about, call.input, waits, function* (input) {
    outcome = yield* work(input === call.input ? call : { ...call, input })
    shown = valueOf(outcome)
    return shown
  })
  if (outcome !== null && (answer === undefined || answer === shown)) return outcome
  return yield* wait(answered(call.resource, null, answer, reading))
}
