import type { Model } from '../model/model.ts'
import type { Maybe } from '../store/work.ts'
import { answering, type Listeners } from './call/answering.ts'
import { admitting, gating, type AdmitOptions } from './rules/authorize.ts'
import type { Outcome } from './call/call.ts'
import type { Surroundings } from './call/context.ts'
import { deprecating } from './rules/deprecation.ts'
import { expiring, renewing, type Expiry } from './actions/expiry.ts'
import type { Files } from './files/files.ts'
import { receiving } from './files/receive.ts'
import { hooking, type Hooks } from './actions/request-hooks.ts'
import type { Check, Invocation, Next, Origin, Step } from './call/invocation.ts'
import type { Jobs } from './jobs/jobs.ts'
import { cancelling, redirecting } from './jobs/job-steps.ts'
import type { Limiter } from './rules/rate-limiter.ts'
import { limiting } from './rules/rate-limit.ts'
import type { Operations } from './operations.ts'
import { hashing } from './passwords/hash-step.ts'
import { tracing } from './actions/trace.ts'

/** What the steps are made of. Null for what an API does not have: its steps are left out. */
export interface Parts extends AdmitOptions, Listeners {
  readonly model: Model
  readonly limiter: Limiter | null
  readonly jobs: Jobs | null
  readonly expiry: Expiry | null
  readonly hooks: Hooks | null
  readonly files: Files | null
  readonly surroundings: Surroundings
  readonly operations: Operations
}

interface StepDef {
  readonly name: string
  /** From where calls come that go through the step. */
  readonly of: readonly Origin[]
  /** Subscriptions go through it, too: calls from outside or from code whose answer is followed. */
  readonly isForFollowers?: true
  /** Lets a call pass, or throws. */
  readonly check?: (parts: Parts) => Check | null
  /** Stands around all steps behind it. */
  readonly step?: (parts: Parts) => Step | null
}

const outside: readonly Origin[] = ['outside']
const calls: readonly Origin[] = ['outside', 'code', 'transaction']
const all: readonly Origin[] = ['outside', 'code', 'transaction', 'upkeep']

/**
 * The steps of a call, in their order, each with the origins of the calls that go through it. Before the first of them a
 * face has bounded the size of what it reads, has found out who calls and which resource is meant.
 *
 * The steps from `once` on are those of the operation (operations.ts). They share one unit of work: a write is in the store with
 * all that belongs to it, or not at all. An action has its arguments validated before its around-hooks are asked.
 */
export const pipeline: readonly StepDef[] = [
  // Tells tracers of the call, from here to its answer.
  { name: 'trace', of: calls, step: () => tracing },
  // Makes an answer of whatever is thrown behind it.
  { name: 'answer', of: all, step: answering },
  // Charges the budget of the caller: 429.
  { name: 'limit', of: outside, isForFollowers: true, check: ({ limiter }) => limiter && limiting(limiter) },
  // Tells that the resource will go away; once it has: 410.
  { name: 'deprecate', of: outside, isForFollowers: true, check: ({ model, clock }) => deprecating(model, clock) },
  // Makes the creation of a row the job that creates it, where that is declared.
  { name: 'redirect', of: outside, step: ({ jobs }) => jobs && redirecting },
  // Deletes ephemeral rows whose time is over; renews those that are written.
  {
    name: 'expire',
    of: calls,
    isForFollowers: true,
    check: ({ expiry }) => expiry && expiring(expiry),
    step: ({ expiry }) => expiry && renewing(expiry),
  },
  // The application's `before`, `after` and `error`.
  {
    name: 'hooks',
    of: outside,
    step: ({ hooks, surroundings, clock }) => hooks && hooking(hooks, surroundings, clock),
  },
  // Cancels a job that is deleted while it runs.
  { name: 'cancel', of: ['outside', 'code'], step: ({ jobs }) => jobs && cancelling(jobs) },
  // Scopes of the token, permissions, roles: 401, 403.
  { name: 'gate', of: calls, isForFollowers: true, check: ({ gate, model }) => gating(gate, model) },
  // Rules, as far as they do not depend on the row: 401, 403, 405. Gathers what the caller may see.
  { name: 'authorise', of: all, check: admitting },
  // Receives the files of a write that would be allowed.
  { name: 'receive', of: ['outside', 'code'], step: ({ files }) => files && receiving(files) },
  // Hashes the passwords of a write that is valid and allowed, and runs it again: a unit of work cannot wait.
  { name: 'hash', of: calls, step: ({ model }) => hashing(model) },
  // Answers a write whose idempotency key is known as it was answered then.
  { name: 'once', of: calls },
  // The resource's own hooks around the operation.
  { name: 'around', of: all },
  // The rows that are meant, if the caller may see them: 404.
  { name: 'find', of: all },
  // The body, or the arguments of an action: 400.
  { name: 'validate', of: calls },
  // If-Match and its family: 412, 428; 304 for reads.
  { name: 'precondition', of: calls },
  // The change itself, or the function of an action.
  { name: 'execute', of: all },
  // What must hold of the rows as they are now: required relations, checks, rules about rows (400, 403), uniqueness (409).
  { name: 'settle', of: all },
  // The representation.
  { name: 'present', of: all },
]

/** The steps that calls of an origin go through, as one function. */
export function compose(parts: Parts, origin: Origin): Next {
  let next: Next = invocation => parts.operations.run(invocation)
  for (const { of, check, step } of pipeline.toReversed()) {
    if (!of.includes(origin)) continue
    const around = step?.(parts) ?? null
    if (around) next = stepped(around, next)
    const passes = check?.(parts) ?? null
    if (passes) next = checked(passes, next)
  }
  return next
}

/** The checks that subscriptions of an origin go through. */
export function composeChecks(parts: Parts, origin: Origin): Check {
  const checks = pipeline.flatMap(({ of, isForFollowers, check }) =>
    isForFollowers && of.includes(origin) ? (check?.(parts) ?? []) : [],
  )
  return async invocation => {
    for (const check of checks) await check(invocation)
  }
}

function stepped(step: Step, next: Next): Next {
  return invocation => step(invocation, next)
}

function checked(check: Check, next: Next): Next {
  return (invocation: Invocation): Maybe<Outcome> => {
    const waiting = check(invocation)
    return waiting ? waiting.then(() => next(invocation)) : next(invocation)
  }
}
