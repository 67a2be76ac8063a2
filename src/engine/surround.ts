import type { Around, AroundCall } from '../model/hook.ts'
import { run, wait, type Work } from '../store/work.ts'

/** A hook that waits, so that what it stands around needs a transaction that can. */
export function isAsync(hook: Around): boolean {
  return hook.constructor.name === 'AsyncFunction'
}

const isGenerator = (hook: Around): boolean => hook.constructor.name === 'GeneratorFunction'

/** Runs hooks around work on plain values, the first outermost. `waits` = they run where waiting is allowed. */
export function* surround(
  hooks: readonly Around[],
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
  if (isGenerator(hook)) return yield* hook(about, next) as Work<unknown>
  const answer = hook(about, given => run(next(given)))
  if (answer instanceof Promise && !waits) {
    answer.catch(() => undefined) // what it comes to is of no account any more
    throw new TypeError(`a hook of ${call.operation} waited: write it as an async function`)
  }
  return yield* wait(answer)
}
