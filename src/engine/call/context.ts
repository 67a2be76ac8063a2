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

/** What contexts are made from; the same for all calls of an engine. */
export interface Surroundings {
  readonly engine: Engine
  readonly store: Store
  readonly provided: Provided
  readonly url: (target: string, params?: Readonly<Record<string, unknown>>) => string
  /** What begins actions that are jobs; null where there are none. */
  readonly jobs: Begins | null
}

/** See jobs/jobs.ts. */
export interface Begins {
  begin(call: Call, action: Action, input: unknown, row: Readonly<Record<string, unknown>> | null): Promise<unknown>
}

/** What one call's hooks and action know and can do; made for the call and gone with it. */
export class Context implements ActionContext {
  readonly now: number
  readonly #around: Surroundings
  readonly #call: Call
  #tx: Transaction | null
  /** It is of a hook within a unit of work, which does not wait. */
  readonly #unit: boolean
  #files: readonly Attachment[] = none
  token: unknown = null
  #position: string | null = null

  constructor(around: Surroundings, call: Call, now: number, tx: Transaction | null = null, unit = false) {
    this.#around = around
    this.#call = call
    this.now = now
    this.#tx = tx
    this.#unit = unit
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
  asSystem(): Database {
    return this.#database(this.#tx, undefined)
  }
  transaction<T>(work: (db: Database) => Promise<T>): Promise<T> {
    const me = this.#call.trusted ? undefined : this.#call.principal
    if (this.#tx) return work(this.#database(this.#tx, me))
    return this.#around.store.transaction(tx => work(this.#database(tx, me)))
  }

  header(name: string): string | undefined {
    return this.#call.credentials?.header(name)
  }
  files(name?: string): readonly File[] {
    return this.#files.filter(one => name === undefined || one.name === name).map(one => one.file)
  }
  url(target: string, params?: Readonly<Record<string, unknown>>): string {
    return this.#around.url(target, params)
  }

  /** Where the log was after the last of what was written here; null where nothing was. */
  get position(): string | null {
    return this.#position
  }

  /** Begins an action that is a job, and answers as it wants to be answered. */
  begin(action: Action, input: unknown, row: Readonly<Record<string, unknown>>): Promise<unknown> {
    const { jobs } = this.#around
    if (this.#tx || !jobs) throw new ApiError('bad_request', { detail: 'a job cannot begin within a transaction' })
    return jobs.begin(this.#call, action, input, action.on === 'row' ? row : null)
  }

  /** Files that came with the arguments. */
  attach(files: readonly Attachment[]): void {
    this.#files = files
  }

  /** Does work with all operations within a transaction. */
  async within<T>(tx: Transaction, work: () => Promise<T>): Promise<T> {
    const outer = this.#tx
    this.#tx = tx
    try {
      return await work()
    } finally {
      this.#tx = outer
    }
  }

  #database(tx: Transaction | null, me: Principal | null | undefined): Database {
    if (this.#unit) throw new TypeError('a hook within a unit of work has no database: write it as an async function')
    const { engine } = this.#around
    const handle = (call: Call): Maybe<Outcome> => (tx ? engine.within(tx, call) : engine.handle(call))
    return database(engine, call => chain(handle(call), outcome => this.#noted(call, outcome)), me)
  }

  #noted({ operation }: Call, outcome: Outcome): Outcome {
    // Another action says by itself whether it wrote.
    const position =
      outcome.kind === 'value' ? headerOf(outcome, 'position') : 'position' in outcome && outcome.position
    if (position && !isRead(operation)) this.#position = position
    return outcome
  }
}

/** A file of a multipart form, under the name of its field. */
export interface Attachment {
  readonly name: string
  readonly file: File
}

const none: readonly Attachment[] = Object.freeze([])
const noAuth: Readonly<Record<string, unknown>> = Object.freeze({})
