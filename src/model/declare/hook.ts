import type { Id } from '../../schema/field.ts'
import type { ActionContext, Returned } from './action-context.ts'
import type { Database } from '../rules/operations.ts'

/** What an around-hook knows about the call. I is what was sent. */
// oxlint-disable-next-line typescript/no-explicit-any -- what was sent is known where the resource is declared
export interface AroundCall<I = any> {
  /** `list`, `get`, `create`, `replace`, `patch`, `delete`, or the name of an action. */
  readonly operation: string
  readonly id: Id | null
  /** The body as it was sent. For an action, the arguments as its schema read them. */
  readonly input: I
  /** Only async hooks have `ctx.db`. The others run within a unit of work, which cannot wait. */
  readonly ctx: ActionContext
}

/** Runs the operation, or the next hook inside, and returns the representation that is the answer. `input` replaces the body. */
export type Next = (input?: unknown) => any // oxlint-disable-line typescript/no-explicit-any -- what a resource holds is known where its types are

/**
 * A function around an operation, within its transaction. It runs code before and after `next()` and returns its answer. It may
 * return another answer, and need not call `next` at all. If it throws, everything is undone.
 *
 * - A generator (`yield* next()`) runs within the unit of work, with every store. It may look, change the input and refuse. It
 *   may run more than once, because a unit is repeated if another unit of the same group fails.
 * - A plain function works the same with stores that answer synchronously. Linking refuses it where `next()` would have to
 *   wait, for the store or for an async hook inside.
 * - An async function gets a transaction of its own, for which all other writes wait. It may use `ctx.db`.
 *
 * @example
 * todo.around('create', function* (call, next) {
 *   return yield* next({ ...call.input, owner: call.ctx.me?.id })
 * })
 */
export type Around = (call: AroundCall, next: Next) => Returned

/** The same with the type of what is sent. */
export type AroundOf<I> = (call: AroundCall<I>, next: Next) => Returned

/** How a hook runs. */
export type AroundForm = 'function' | 'generator' | 'async'

/** Options of an around-hook. */
export interface AroundOptions {
  /** What the hook really is, if that cannot be seen: a build turned it into a plain function, or it is wrapped in one. */
  readonly as?: 'generator' | 'async'
}

export interface AroundDef extends AroundOptions {
  readonly operation: string
  readonly hook: Around
}

/** A linked hook. */
export interface AroundHook {
  readonly run: Around
  readonly form: AroundForm
}

/** The form of a hook: as declared, else the kind of its function. */
export function formOf({ hook, as }: AroundDef): AroundForm {
  if (as) return as
  switch (functionKind(hook)) {
    case 'AsyncFunction':
      return 'async'
    case 'GeneratorFunction':
      return 'generator'
    default:
      return 'function'
  }
}

/**
 * The kind of a function: `Function`, `AsyncFunction`, `GeneratorFunction` or `AsyncGeneratorFunction`. Other values give other
 * words.
 */
export function functionKind(hook: unknown): string {
  return Object.prototype.toString.call(hook).slice('[object '.length, -1)
}

/** One change of a row, with the row before and after it: stored fields by name, relations as ids. */
export interface CommittedChange<R = Readonly<Record<string, unknown>>> {
  readonly op: 'create' | 'patch' | 'delete'
  readonly id: Id
  readonly before: R | null
  readonly after: R | null
}

/** The changes that one commit made to the rows of a resource. */
export interface CommittedEvent<R = Readonly<Record<string, unknown>>> {
  /** The position after the commit: `epoch.seq`. */
  readonly position: string
  /** The time of the commit, in milliseconds since the epoch. */
  readonly at: number
  readonly changes: readonly CommittedChange<R>[]
}

/**
 * Called after every commit that changed rows of the resource, in order. Its progress is stored together with what it writes
 * through `db`, so those writes happen exactly once, even after a crash. What it does elsewhere, such as sending a mail, may
 * happen again after a crash in between. If it throws, it is called again with the same commit.
 *
 * null = the log no longer has the commits that were missed, so anything may have changed.
 */
export type OnCommit<R = Readonly<Record<string, unknown>>> = (
  event: CommittedEvent<R> | null,
  db: Database,
) => Returned

export interface OnCommitDef {
  readonly name: string
  readonly handler: OnCommit
}
