import type { AroundCall, AroundHook } from '../../model/declare/hook.ts'
import { run, wait, type Maybe, type Work } from '../../store/work.ts'

/**
 * Runs hooks around work on plain values, the first outermost. `waits` = within a transaction, or around an action, where
 * waiting is allowed.
 */
export function* surround(
  hooks: readonly AroundHook[],
  call: Omit<AroundCall, 'input'>,
  input: unknown,
  waits: boolean,
  work: (input: unknown) => Work<unknown>,
): Work<unknown> {
  const [hook, ...inner] = hooks
  if (!hook) return yield* work(input)
  const next = (given?: unknown): Work<unknown> =>
    surround(inner, call, given === undefined ? input : given, waits, work)
  const about: AroundCall = { ...call, input }
  if (hook.form === 'generator') return yield* hook.run(about, next) as Work<unknown>
  const answer = hook.run(about, given => answerTo(run(next(given)), waits, call.operation))
  if (!(answer instanceof Promise) || waits) return yield* wait(answer)
  answer.catch(() => undefined) // what it comes to is of no account any more
  throw new TypeError(
    `a hook of ${call.operation} waited: write it as an async function, or declare it with { as: 'async' } if that is what it was`,
  )
}

/** What a hook without a transaction gets from `next()`: never a promise, which it could not wait for. */
function answerTo(answer: Maybe<unknown>, waits: boolean, operation: string): unknown {
  if (waits || !(answer instanceof Promise)) return answer
  answer.catch(() => undefined)
  throw new TypeError(`a hook of ${operation} would have to wait for the store: write it as a generator`)
}
