import type { ActionContext, Returned } from '../../model/declare/action-context.ts'
import type { Resource } from '../../model/model.ts'
import type { Ctx } from '../../schema/field.ts'
import { run, wait, type Maybe, type Work } from '../../store/work.ts'
import { answered, linesOf } from './run-action.ts'
import { contextOf, type Answered, type HeaderLines, type Outcome } from '../call/call.ts'
import { Context, type ContextEnvironment } from '../call/context.ts'
import type { PipelineStep } from '../call/invocation.ts'
import { statusOf, valueOf, withHeaders } from '../call/outcome.ts'
import { reply, type Reply, type ReplyHeaders } from '../call/reply.ts'

/** Runs before everything else. If it returns anything but null or undefined, that is the response and nothing else runs. */
export type Before = (ctx: ActionContext) => Returned
/** Receives every response that is not an error and may return another one in its place. */
export type After = (reply: Reply, ctx: ActionContext) => Maybe<Reply | undefined | void>
/** Receives every error, refusals included. If it returns anything but null or undefined, that is sent in place of the error. */
export type OnError = (error: unknown, ctx: ActionContext) => Returned

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
    const ctx = contextOf(call.principal, call.auth, context.now)
    return run(hooked(hooks, { resource: call.resource, context, ctx }, () => next(invocation)))
  }
}

/** What the hooks of one call get, and what is needed to shape their responses. */
interface HookedRequest {
  readonly resource: Resource
  readonly context: Context
  readonly ctx: Ctx
}

/**
 * A call with its hooks: the `before` hooks run in order until one returns a response; otherwise the call runs. An error of
 * either goes to the `error` hook, and on to the caller if that returns nothing. The `after` hooks receive every response but
 * no errors; an error that they throw does not go to the `error` hook.
 */
function* hooked(hooks: Hooks, request: HookedRequest, attempt: () => Maybe<Outcome>): Work<Outcome> {
  const { context } = request
  let outcome: Outcome | null = null
  try {
    for (const before of hooks.before) {
      const answer = yield* wait(before(context))
      if (answer === undefined || answer === null) continue
      outcome = yield* unshaped(request, answer)
      break
    }
    outcome ??= yield* wait(attempt())
  } catch (thrown) {
    const answer = hooks.error ? yield* wait(hooks.error(thrown, context)) : null
    if (answer === undefined || answer === null) throw thrown
    outcome = yield* unshaped(request, answer)
  }
  for (const after of hooks.after) {
    const before = replyOf(outcome)
    const answer = (yield* wait(after(before, context))) ?? before
    if (answer === before) continue
    // A response that only has more header fields keeps its version. With a new value or status it has none.
    outcome = isSame(outcome, before, answer)
      ? withHeaders(outcome, linesOf(answer.headers))
      : yield* unshaped(request, answer)
  }
  return outcome
}

/** A hook's response. It need not fit the declared output of the action that it replaces. */
function unshaped({ resource, ctx }: HookedRequest, answer: unknown): Work<Answered> {
  return wait(answered(resource, null, answer, ctx))
}

function replyOf(outcome: Outcome): Reply {
  const headers = outcome.kind === 'value' ? recordOf(outcome.headers) : {}
  return reply(valueOf(outcome), { status: statusOf(outcome), headers })
}

/** Whether what an `after` hook returned is still the representation that it got. */
function isSame(outcome: Outcome, before: Reply, answer: Reply): boolean {
  if (outcome.kind === 'value' || outcome.kind === 'failure') return false
  return answer.value === before.value && answer.status === before.status
}

function recordOf(lines: HeaderLines): ReplyHeaders {
  const record: Record<string, string | string[]> = {}
  for (const [name, value] of lines) {
    const there = record[name]
    record[name] = there === undefined ? value : [...(typeof there === 'string' ? [there] : there), value]
  }
  return record
}
