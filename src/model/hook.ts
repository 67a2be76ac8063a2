import type { Id } from '../schema/field.ts'
import type { ActionContext } from './action-context.ts'
import type { Database } from './operations.ts'

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
 * A function runs within the unit of work, which does not wait, and may run again if a neighbour's unit fails: it may
 * look, change the input, refuse. On a store that waits `next()` gives a promise; a generator (`yield* next()`) runs on
 * every store alike. An async function has a transaction of its own, which others wait for: it may use `ctx.db`.
 */
export type Around = (call: AroundCall, next: Next) => unknown

export interface AroundDef {
  readonly operation: string
  readonly hook: Around
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
