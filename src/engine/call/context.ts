import { ApiError } from '../../protocol/error.ts'
import type { ActionContext, Provided } from '../../model/declare/action-context.ts'
import type { Action, Id } from '../../model/model.ts'
import type { Database } from '../../model/rules/operations.ts'
import type { Store, Transaction } from '../../store/store.ts'
import { chain, type Maybe } from '../../store/work.ts'
import { isRead, type Call, type Outcome, type Principal } from './call.ts'
import { headerOf } from './outcome.ts'
import { database } from './database.ts'
import type { Engine } from '../engine.ts'

/** What all contexts of an engine share. */
export interface ContextEnvironment {
  readonly engine: Engine
  readonly store: Store
  readonly provided: Provided
  readonly url: (target: string, params?: Readonly<Record<string, unknown>>) => string
  /** Starts actions that are jobs; null if the model has none. */
  readonly jobs: JobStarter | null
}

/** See jobs/jobs.ts. */
export interface JobStarter {
  begin(call: Call, action: Action, input: unknown, row: Readonly<Record<string, unknown>> | null): Promise<unknown>
}

/**
 * How a context uses the database: in a transaction, or with a unit of work per operation (null), or not at all. `none` is the
 * context of a hook inside a unit of work: units cannot wait, so a hook cannot make calls there.
 */
export type DatabaseAccess = Transaction | null | 'none'

/** The `ctx` of hooks and actions. It belongs to one call. */
export class Context implements ActionContext {
  readonly now: number
  readonly #around: ContextEnvironment
  readonly #call: Call
  #tx: DatabaseAccess
  #files: readonly Attachment[] = none
  token: unknown = null
  #position: string | null = null

  constructor(around: ContextEnvironment, call: Call, now: number, tx: DatabaseAccess = null) {
    this.#around = around
    this.#call = call
    this.now = now
    this.#tx = tx
  }

  get me(): Principal | null {
    return this.#call.principal
  }
  get auth(): Readonly<Record<string, unknown>> {
    return this.#call.auth ?? noAuth
  }
  get operation(): string {
    return this.#call.operation
  }
  get resource(): string {
    return this.#call.resource.name
  }
  get action(): string | null {
    return this.#call.action?.name ?? null
  }
  get id(): Id | null {
    return this.#call.id
  }
  get provided(): Provided {
    return this.#around.provided
  }

  get db(): Database {
    return this.#database(this.#tx, this.#call.trusted ? undefined : this.#call.principal)
  }
  // Functions come from getters, so that they also work apart from the context: `({ ctx: { header } }) => header('accept')`.
  get asSystem(): ActionContext['asSystem'] {
    return () => this.#database(this.#tx, undefined)
  }
  get transaction(): ActionContext['transaction'] {
    return work => {
      const me = this.#call.trusted ? undefined : this.#call.principal
      if (this.#tx !== null) return work(this.#database(this.#tx, me))
      return this.#around.store.transaction(tx => work(this.#database(tx, me)))
    }
  }

  get header(): ActionContext['header'] {
    return name => this.#call.credentials?.header(name)
  }
  get files(): ActionContext['files'] {
    return name => this.#files.filter(one => name === undefined || one.name === name).map(one => one.file)
  }
  get url(): ActionContext['url'] {
    return this.#around.url
  }

  /** The position of the last write that was made through this context; null if there was none. */
  get position(): string | null {
    return this.#position
  }

  /**
   * Starts an action that is a job and resolves to its response, usually 202. Throws ApiError within a transaction: the job
   * could begin before the commit.
   */
  begin(action: Action, input: unknown, row: Readonly<Record<string, unknown>>): Promise<unknown> {
    const { jobs } = this.#around
    if (this.#tx || !jobs) throw new ApiError('bad_request', { detail: 'a job cannot begin within a transaction' })
    return jobs.begin(this.#call, action, input, action.on === 'row' ? row : null)
  }

  /** Adds the files that came with the arguments. */
  attach(files: readonly Attachment[]): void {
    this.#files = files
  }

  /** Runs work whose operations all belong to a transaction. */
  async within<T>(tx: Transaction, work: () => Promise<T>): Promise<T> {
    const outer = this.#tx
    this.#tx = tx
    try {
      return await work()
    } finally {
      this.#tx = outer
    }
  }

  #database(tx: DatabaseAccess, me: Principal | null | undefined): Database {
    if (tx === 'none')
      throw new TypeError('a hook within a unit of work has no database: write it as an async function')
    const { engine } = this.#around
    const handle = (call: Call): Maybe<Outcome> => (tx ? engine.within(tx, call) : engine.handle(call))
    return database(engine, call => chain(handle(call), outcome => this.#noted(call, outcome)), me)
  }

  #noted({ operation }: Call, outcome: Outcome): Outcome {
    // A nested action states itself whether it wrote something.
    const position =
      outcome.kind === 'value' ? headerOf(outcome, 'position') : 'position' in outcome && outcome.position
    if (position && !isRead(operation)) this.#position = position
    return outcome
  }
}

/** A file of a multipart form, with the name of its form field. */
export interface Attachment {
  readonly name: string
  readonly file: File
}

const none: readonly Attachment[] = Object.freeze([])
const noAuth: Readonly<Record<string, unknown>> = Object.freeze({})
