import type { AroundCall, AroundHook } from '../../model/declare/hook.ts'
import { run, wait, type Maybe, type Work } from '../../store/work.ts'

/**
 * Runs around-hooks as plain functions over plain values, the first hook outermost.
 * The result of `next()` may be a promise if `waits` is true, which it is in an async transaction and around an action. A plain
 * hook in a synchronous unit of work gets a TypeError instead, because it could not wait for one.
 */
export function* callAroundHooks(
  hooks: readonly AroundHook[],
  call: Omit<AroundCall, 'input'>,
  input: unknown,
  waits: boolean,
  work: (input: unknown) => Work<unknown>,
): Work<unknown> {
  const [hook, ...inner] = hooks
  if (!hook) return yield* work(input)
  const next = (given?: unknown): Work<unknown> =>
    callAroundHooks(inner, call, given === undefined ? input : given, waits, work)
  const about: AroundCall = { ...call, input }
  if (hook.form === 'generator') return yield* hook.run(about, next) as Work<unknown>
  const answer = hook.run(about, given => answerTo(run(next(given)), waits, call.operation))
  if (!(answer instanceof Promise) || waits) return yield* wait(answer)
  answer.catch(() => undefined) // its result is not used any more; this only keeps Node from reporting an unhandled rejection
  throw new TypeError(
    `a hook of ${call.operation} waited: write it as an async function, or declare it with { as: 'async' } if that is what it was`,
  )
}

/** The value that a hook gets from `next()`. In a unit that cannot wait it is never a promise. */
function answerTo(answer: Maybe<unknown>, waits: boolean, operation: string): unknown {
  if (waits || !(answer instanceof Promise)) return answer
  answer.catch(() => undefined)
  throw new TypeError(`a hook of ${operation} would have to wait for the store: write it as a generator`)
}
