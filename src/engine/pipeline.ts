import type { Model } from '../model/model.ts'
import type { Maybe } from '../store/work.ts'
import { answering, type Listeners } from './call/answering.ts'
import { admitting, checkingCaller, type AdmitOptions } from './rules/authorize.ts'
import type { Outcome } from './call/call.ts'
import type { ContextEnvironment } from './call/context.ts'
import { deprecating } from './rules/deprecation.ts'
import { expiring, renewing } from './ephemeral/ephemeral.ts'
import type { Expiry } from './ephemeral/expiry.ts'
import type { Files } from './files/files.ts'
import { receivingFiles } from './files/receive.ts'
import { hooking, type Hooks } from './actions/request-hooks.ts'
import type { PipelineCheck, Invocation, NextStep, Origin, PipelineStep } from './call/invocation.ts'
import type { Jobs } from './jobs/jobs.ts'
import { cancelling, redirecting } from './jobs/job-steps.ts'
import type { Limiter } from './rules/rate-limiter.ts'
import { limiting } from './rules/rate-limit.ts'
import type { Executor } from './execute.ts'
import { hashing } from './passwords/hash-step.ts'
import { traced, tracedCalls } from './actions/trace.ts'

/** What the steps are made from. A part is null if the API does not use it; its steps are then left out. */
export interface Parts extends AdmitOptions, Listeners {
  readonly model: Model
  readonly limiter: Limiter | null
  readonly jobs: Jobs | null
  readonly expiry: Expiry | null
  readonly hooks: Hooks | null
  readonly files: Files | null
  readonly surroundings: ContextEnvironment
  readonly executor: Executor
}

interface StepDef {
  readonly name: string
  /** The origins of the calls that the step applies to. */
  readonly of: readonly Origin[]
  /** The check also applies to subscriptions, that is to calls from outside or from code whose result is followed. */
  readonly isForFollowers?: true
  /** Lets a call pass, or throws ApiError. */
  readonly check?: (parts: Parts) => PipelineCheck | null
  /** Wraps all later steps. */
  readonly step?: (parts: Parts) => PipelineStep | null
}

const outside: readonly Origin[] = ['outside']
/** Calls of clients. */
const clients: readonly Origin[] = ['outside', 'batch']
const calls: readonly Origin[] = ['outside', 'code', 'transaction', 'batch']
const all: readonly Origin[] = ['outside', 'code', 'transaction', 'batch', 'upkeep']

/**
 * The steps of a call in their order, each with the origins of the calls that it applies to. Before the first step, the face
 * has limited the size of what it reads, identified the caller and found the resource.
 *
 * The steps from `once` on are those of the operation itself (execute.ts). They share one unit of work: a write and all that
 * belongs to it are committed together or not at all. An action validates its arguments before its around-hooks run.
 */
export const pipeline: readonly StepDef[] = [
  // Publishes the call to tracers, from here to its answer. While nobody subscribes, it costs one comparison.
  {
    name: 'trace',
    of: calls,
    step: () => (call, next) => (tracedCalls.hasSubscribers ? traced(call, next) : next(call)),
  },
  // Turns every error of the later steps into an answer.
  { name: 'answer', of: all, step: answering },
  // Charges the caller's budget: 429.
  { name: 'limit', of: clients, isForFollowers: true, check: ({ limiter }) => limiter && limiting(limiter) },
  // Announces that the resource will be removed; afterwards: 410.
  { name: 'deprecate', of: clients, isForFollowers: true, check: ({ model, clock }) => deprecating(model, clock) },
  // Replaces the creation of a row by the job that creates it, if one is declared.
  { name: 'redirect', of: outside, step: ({ jobs }) => jobs && redirecting },
  // Deletes expired ephemeral rows; restarts the time of rows that are written.
  {
    name: 'expire',
    of: calls,
    isForFollowers: true,
    check: ({ expiry }) => expiry && expiring(expiry),
    step: ({ expiry }) => expiry && renewing(expiry),
  },
  // The application's `before`, `after` and `error` hooks.
  {
    name: 'hooks',
    of: clients,
    step: ({ hooks, surroundings, clock }) => hooks && hooking(hooks, surroundings, clock),
  },
  // Cancels a job that is deleted before it has finished.
  { name: 'cancel', of: ['outside', 'code'], step: ({ jobs }) => jobs && cancelling(jobs) },
  // Scopes of the token, permission classes, roles: 401, 403.
  {
    name: 'caller',
    of: calls,
    isForFollowers: true,
    check: ({ callerChecks, model }) => checkingCaller(callerChecks, model),
  },
  // Rules, as far as they do not depend on the row: 401, 403, 405. Computes what the caller may see.
  { name: 'authorise', of: all, check: admitting },
  // Receives the files of a write, once it is known that the write would be allowed.
  { name: 'receive', of: ['outside', 'code'], step: ({ files }) => files && receivingFiles(files) },
  // Hashes the passwords of a valid and permitted write and runs it again: a unit of work cannot wait.
  { name: 'hash', of: calls, step: ({ model }) => hashing(model) },
  // Repeats the stored answer if the idempotency key was used before.
  { name: 'once', of: calls },
  // The resource's own around-hooks.
  { name: 'around', of: all },
  // The rows, if the caller may see them: 404.
  { name: 'find', of: all },
  // The body, or the arguments of an action: 400.
  { name: 'validate', of: calls },
  // If-Match and the other conditions: 412, 428; 304 for reads.
  { name: 'precondition', of: calls },
  // The change itself, or the action's function.
  { name: 'execute', of: all },
  // What must hold after the change: required relations, checks, rules about rows (400, 403), uniqueness (409).
  { name: 'settle', of: all },
  // The representation.
  { name: 'present', of: all },
]

/** Composes the steps that apply to an origin into one function. */
export function compose(parts: Parts, origin: Origin): NextStep {
  // From the last step to the first, so that each one wraps those after it.
  let next: NextStep = invocation => parts.executor.run(invocation)
  for (const { of, check, step } of pipeline.toReversed()) {
    if (!of.includes(origin)) continue
    const around = step?.(parts) ?? null
    if (around) next = stepped(around, next)
    const passes = check?.(parts) ?? null
    if (passes) next = checked(passes, next)
  }
  return next
}

/** Composes the checks that apply to subscriptions from an origin. */
export function composeChecks(parts: Parts, origin: Origin): PipelineCheck {
  const checks = pipeline.flatMap(({ of, isForFollowers, check }) =>
    isForFollowers && of.includes(origin) ? (check?.(parts) ?? []) : [],
  )
  return async invocation => {
    for (const check of checks) await check(invocation)
  }
}

function stepped(step: PipelineStep, next: NextStep): NextStep {
  return invocation => step(invocation, next)
}

function checked(check: PipelineCheck, next: NextStep): NextStep {
  return (invocation: Invocation): Maybe<Outcome> => {
    const waiting = check(invocation)
    return waiting ? waiting.then(() => next(invocation)) : next(invocation)
  }
}
