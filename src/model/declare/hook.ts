import type { Id } from '../../schema/field.ts'
import type { ActionContext } from './action-context.ts'
import type { Database } from '../rules/operations.ts'

/** What an around-hook knows of the call that it stands around. */
export interface AroundCall {
  /** `list get create replace patch delete`, or the name of an action. */
  readonly operation: string
  readonly id: Id | null
  /** The body as it was sent, of an action its arguments as the schema gave them. */
  readonly input: any // oxlint-disable-line typescript/no-explicit-any -- not checked yet, whatever the resource says of it
  /** Its `db` is there for async hooks alone: a unit of work does not wait. */
  readonly ctx: ActionContext
}

/** Does what the hook stands around, with this input instead if one is given; gives the representation that it answers with. */
export type Next = (input?: unknown) => any // oxlint-disable-line typescript/no-explicit-any -- what a resource holds is known where its types are

/**
 * Runs around an operation, within its transaction: before and after `next()`, whose answer it gives back; with another
 * answer, or without `next`, that is sent instead. What it throws undoes all.
 *
 * - A generator (`yield* next()`) runs within the unit of work, over every store alike. It may look, change the input and
 *   refuse, and it may run again if a neighbour's unit fails.
 * - A plain function is the same for stores that answer at once. Where `next()` would have to wait, for the store or for
 *   an async hook inside, linking refuses it.
 * - An async function has a transaction of its own, which others wait for: it may use `ctx.db`.
 */
export type Around = (call: AroundCall, next: Next) => unknown

/** How a hook runs. */
export type AroundForm = 'function' | 'generator' | 'async'

/** What is said of a hook beside the hook. */
export interface AroundOptions {
  /** What it was before a build made a plain function of it, or what the function gives that it is wrapped in. */
  readonly as?: 'generator' | 'async'
}

export interface AroundDef extends AroundOptions {
  readonly operation: string
  readonly hook: Around
}

/** A hook, linked. */
export interface AroundHook {
  readonly run: Around
  readonly form: AroundForm
}

/** The form of a hook: as it was declared, else that of the function. */
export function formOf({ hook, as }: AroundDef): AroundForm {
  if (as) return as
  switch (tagOf(hook)) {
    case 'AsyncFunction':
      return 'async'
    case 'GeneratorFunction':
      return 'generator'
    default:
      return 'function'
  }
}

/** `Function`, `AsyncFunction`, `GeneratorFunction` or `AsyncGeneratorFunction` of what is one; something else of what is none. */
export function tagOf(hook: unknown): string {
  return Object.prototype.toString.call(hook).slice('[object '.length, -1)
}

/** One change of a row, as it was and as it is: stored fields by name, relations as ids. */
export interface CommittedChange {
  readonly op: 'create' | 'patch' | 'delete'
  readonly id: Id
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
}

/** What one commit did to the rows of a resource. */
export interface CommittedEvent {
  /** `epoch.seq`. */
  readonly position: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly changes: readonly CommittedChange[]
}

/**
 * Hears of every commit that changed rows of the resource: in order, after it, once. What it does with `db` is kept
 * together with how far it has come, so that it happens exactly once, whatever breaks; what it does elsewhere (a mail) may
 * happen again after a crash in the middle. If it throws, it hears of the same commit again. Null: the log no longer tells
 * what happened, anything may have changed.
 */
export type OnCommit = (event: CommittedEvent | null, db: Database) => unknown

export interface OnCommitDef {
  readonly name: string
  readonly handler: OnCommit
}
