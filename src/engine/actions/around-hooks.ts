import type { AroundCall, AroundHook } from '../../model/declare/hook.ts'
import { run, wait, type Maybe, type Work } from '../../store/work.ts'

/** The hooks around one operation, and the operation itself. */
export interface AroundHooks {
  /** The first one is the outermost. */
  readonly hooks: readonly AroundHook[]
  /** What the hooks are told about the call. */
  readonly about: Omit<AroundCall, 'input'>
  /**
   * The result of `next()` may be a promise. This is so in an async transaction and around an action. A plain hook in a
   * synchronous unit of work could not wait for one and gets a TypeError instead.
   */
  readonly waits: boolean
  readonly work: (input: unknown) => Work<unknown>
}

/** Runs the hooks from the given one on, and inside them the work. Hooks are plain functions over plain values. */
export function* callAroundHooks(around: AroundHooks, input: unknown, from = 0): Work<unknown> {
  const { hooks, about, waits, work } = around
  const hook = hooks[from]
  if (!hook) return yield* work(input)
  // `next()` without an argument leaves the input as it is.
  const next = (given?: unknown): Work<unknown> =>
    callAroundHooks(around, given === undefined ? input : given, from + 1)
  const call: AroundCall = { ...about, input }
  if (hook.form === 'generator') return yield* hook.run(call, next) as Work<unknown>
  const answer = hook.run(call, given => answerTo(run(next(given)), waits, call.operation))
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
