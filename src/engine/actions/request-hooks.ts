import type { ActionContext } from '../../model/declare/action-context.ts'
import { run, wait, type Maybe, type Work } from '../../store/work.ts'
import { answered, linesOf } from './run-action.ts'
import { contextOf, type Answered, type Call, type HeaderLines, type Outcome } from '../call/call.ts'
import { Context, type ContextEnvironment } from '../call/context.ts'
import type { PipelineStep } from '../call/invocation.ts'
import { statusOf, valueOf } from '../call/outcome.ts'
import type { ReadEnvironment } from '../call/call-environment.ts'
import { reply, type Reply, type ReplyHeaders } from '../call/reply.ts'

/** Runs before everything else. If it returns anything but null or undefined, that is the response and nothing else runs. */
export type Before = (ctx: ActionContext) => unknown
/** Receives every response that is not an error and may return another one in its place. */
export type After = (reply: Reply, ctx: ActionContext) => Maybe<Reply | undefined | void>
/** Receives every error, refusals included. If it returns anything but null or undefined, that is sent in place of the error. */
export type OnError = (error: unknown, ctx: ActionContext) => unknown

export interface Hooks {
  readonly before: readonly Before[]
  readonly after: readonly After[]
  readonly error: OnError | null
}

/** Hooks that an authority runs around requests, outside of the application's own. */
export interface OuterHooks {
  readonly before?: Before
  readonly after?: After
}

type Given<T> = T | readonly T[] | undefined

/** The hooks of an API inside those of its authority; null if there are none, so that calls do not pay for them. */
export function hooksOf(
  given: { readonly before?: Given<Before>; readonly after?: Given<After>; readonly error?: OnError | undefined },
  outer: OuterHooks = {},
): Hooks | null {
  const hooks = {
    before: [outer.before ?? [], given.before ?? []].flat(),
    after: [given.after ?? [], outer.after ?? []].flat(),
    error: given.error ?? null,
  }
  return hooks.before.length || hooks.after.length || hooks.error ? hooks : null
}

/** The step `hooks`: runs the application's hooks before and after a call, and when it fails. */
export function hooking(hooks: Hooks, surroundings: ContextEnvironment, clock: () => number): PipelineStep {
  return (invocation, next) => {
    const { call } = invocation
    const context = (invocation.context ??= new Context(surroundings, call, clock(), invocation.tx))
    const reading = { ctx: contextOf(call.principal, call.auth, context.now) }
    return run(hooked(hooks, call, context, reading, () => next(invocation)))
  }
}

/**
 * A call with its hooks: the `before` hooks run in order until one returns a response; otherwise the call runs. An error of
 * either goes to the `error` hook, and on to the caller if that returns nothing. The `after` hooks receive every response but
 * no errors; an error that they throw does not go to the `error` hook.
 */
function* hooked(
  hooks: Hooks,
  call: Call,
  context: Context,
  reading: Pick<ReadEnvironment, 'ctx'>,
  attempt: () => Maybe<Outcome>,
): Work<Outcome> {
  let outcome: Outcome | null = null
  try {
    for (const before of hooks.before) {
      const answer = yield* wait(before(context))
      if (answer === undefined || answer === null) continue
      outcome = yield* unshaped(call, answer, reading)
      break
    }
    outcome ??= yield* wait(attempt())
  } catch (thrown) {
    const answer = hooks.error ? yield* wait(hooks.error(thrown, context)) : null
    if (answer === undefined || answer === null) throw thrown
    outcome = yield* unshaped(call, answer, reading)
  }
  for (const after of hooks.after) {
    const before = replyOf(outcome)
    const answer = (yield* wait(after(before, context))) ?? before
    if (answer !== before) outcome = yield* changed(call, outcome, before, answer, reading)
  }
  return outcome
}

/** A hook's response. It need not fit the declared output of the action that it replaces. */
function unshaped(call: Call, answer: unknown, reading: Pick<ReadEnvironment, 'ctx'>): Work<Answered> {
  return wait(answered(call.resource, null, answer, reading))
}

function replyOf(outcome: Outcome): Reply {
  const headers = outcome.kind === 'value' ? recordOf(outcome.headers) : {}
  return reply(valueOf(outcome), { status: statusOf(outcome), headers })
}

/**
 * Applies what an `after` hook returned. If it only adds header fields, the representation keeps its version; a new value or
 * status makes it a response without one.
 */
function* changed(
  call: Call,
  outcome: Outcome,
  before: Reply,
  answer: Reply,
  reading: Pick<ReadEnvironment, 'ctx'>,
): Work<Outcome> {
  if (
    outcome.kind !== 'value' &&
    outcome.kind !== 'failure' &&
    answer.value === before.value &&
    answer.status === before.status
  )
    return { ...outcome, headers: [...(outcome.headers ?? []), ...linesOf(answer.headers)] }
  return yield* unshaped(call, answer, reading)
}

function recordOf(lines: HeaderLines): ReplyHeaders {
  const record: Record<string, string | string[]> = {}
  for (const [name, value] of lines) {
    const there = record[name]
    record[name] = there === undefined ? value : [...(typeof there === 'string' ? [there] : there), value]
  }
  return record
}
