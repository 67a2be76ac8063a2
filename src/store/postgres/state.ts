import type { Model, Resource } from '../../model/model.ts'
import { RecentCommits } from '../log/recent-commits.ts'
import { misfitsOf, reportMisfits } from '../migrate/misfits.ts'
import type { ServedLayouts } from '../migrate/served-layouts.ts'
import { targetOf } from '../migrate/target.ts'
import type { Commit, StoreEnvironment } from '../store.ts'
import { readTerms, type Term, type Terms } from '../terms.ts'
import type { PostgresConnection } from './connection.ts'
import type { PostgresLog } from './log.ts'
import type { PostgresSettings } from './options.ts'
import { foundTables, foundShape } from './migrate/found-tables.ts'
import { storedMeta } from './schema/meta.ts'
import type { Statements } from './statements.ts'
import { KeptRows } from '../log/kept-rows.ts'

/** The head of the log as a transaction has found it. */
export interface Head {
  readonly position: number
  readonly epoch: string
  /** What tells the transaction that has moved it last from all others. */
  readonly nonce: Nonce
  /** False if the server has started again since the newest term began; then another has to begin. */
  readonly isCurrent: boolean
}

export type Nonce = number | null

/** Commits after a position, which are on their way. */
export interface ReadAhead {
  readonly from: number
  readonly commits: Promise<Commit[] | null>
}

/** The most changes of other nodes that are read to find out which resources they changed. */
const FOLLOWED = 2_000

export interface PostgresStateOptions {
  readonly model: Model
  readonly layouts: ServedLayouts
  readonly environment: StoreEnvironment
  readonly settings: PostgresSettings
  readonly statements: Statements
  readonly log: PostgresLog
  readonly terms: Terms
  readonly position: number
  /** The seq of the last change to each resource, by name. */
  readonly changed: ReadonlyMap<string, number>
  /** Whether triggers capture what other programs write. What this node knows of rows may then be older than what is there. */
  readonly isCaptured: boolean
}

/** Others may have committed between the look at the head and the look at the log. */
const upTo = (head: number, commits: Commit[] | null): Commit[] | null =>
  commits?.filter(({ position }) => position <= head) ?? null

/** What this node knows of the database: the newest position it has heard of, when each resource last changed, and the newest commits. */
export class PostgresState {
  readonly model: Model
  readonly layouts: ServedLayouts
  readonly environment: StoreEnvironment
  readonly settings: PostgresSettings
  readonly statements: Statements
  readonly log: PostgresLog
  readonly terms: Terms
  /** Whether rows are kept. */
  readonly isKeeping: boolean
  readonly recent: RecentCommits
  readonly kept: KeptRows = new KeptRows()
  /** Called after commits of this node or of others have become known. */
  onNews: () => void = () => {}
  /** Called after commits of this node, so that others hear of them. */
  onOwn: () => void = () => {}
  #position: number
  /** The one of the head at the position; undefined if this node does not know. */
  #nonce: Nonce | undefined
  /** Everything may have changed up to this position. */
  #everything = 0
  readonly #changed = new Map<Resource, number>()
  /** The position that another node has told last; 0 = nothing new. */
  #expected = 0

  constructor(options: PostgresStateOptions) {
    this.model = options.model
    this.layouts = options.layouts
    this.environment = options.environment
    this.settings = options.settings
    this.statements = options.statements
    this.log = options.log
    this.terms = options.terms
    this.isKeeping = !options.isCaptured
    this.#position = options.position
    for (const [name, seq] of options.changed) {
      const resource = this.model.resources.get(name)
      if (resource) this.#changed.set(resource, seq)
    }
    this.recent = new RecentCommits(options.position)
  }

  get position(): number {
    return this.#position
  }

  changed(resource: Resource): number {
    return Math.max(this.#changed.get(resource) ?? 0, this.#everything)
  }

  /**
   * The nonce of the head, if it is expected to be where this node knows it; undefined if it has to be asked where it is, because
   * other nodes tell of commits, or because one of this node came to nothing.
   */
  get expectedNonce(): Nonce | undefined {
    return this.#expected > this.#position ? undefined : this.#nonce
  }

  /** Called when a transaction has not found the head where it expected it, or has left it at an unknown place. */
  askAgain(): void {
    this.#nonce = undefined
  }

  /** Takes over what a transaction of this node has committed. A read may have found it in the log already. */
  committed(commits: readonly Commit[], head: number, nonce: Nonce): void {
    const before = this.#position
    for (const commit of commits) if (commit.position > this.#position) this.#learn(commit)
    if (this.#position === head) this.#nonce = nonce
    this.onOwn()
    if (this.#position !== before) this.onNews()
  }

  /**
   * Asks for what other nodes did, before anybody knows where the head is. The transaction that it is asked in fixes the state
   * that both are told of. null = nothing is expected, unless `isContended` says that others write all the time.
   */
  readAhead(connection: PostgresConnection, isContended = false): ReadAhead | null {
    if (this.#expected <= this.#position && !isContended) return null
    const commits = this.log.after(connection, this.#position, FOLLOWED, Number.MAX_SAFE_INTEGER)
    commits.catch(() => {}) // the transaction has failed, which whoever opened it is told
    return { from: this.#position, commits }
  }

  /** Called when another node tells that it has committed up to a position, which may or may not be true. */
  expect(position: number): void {
    this.#expected = Math.max(this.#expected, position)
  }

  /** Takes over what other nodes did, up to the head that a transaction has found. It reads within this transaction. */
  async follow(connection: PostgresConnection, head: Head, ahead: ReadAhead | null = null): Promise<void> {
    if (head.epoch !== this.terms.epoch) await this.#followTerms(connection, head)
    this.#expected = 0
    const before = this.#position
    while (head.position > this.#position) {
      const from = this.#position
      const onWay = ahead !== null && ahead.from === from ? ahead.commits : null
      const commits = upTo(head.position, await (onWay ?? this.log.after(connection, from, FOLLOWED, head.position)))
      ahead = null
      if (this.#position !== from) continue // another transaction was faster
      if (commits !== null && (commits.at(-1)?.position ?? from) === head.position)
        commits.forEach(one => this.#learn(one))
      else this.#restart(head.position)
    }
    if (head.position === this.#position) this.#nonce = head.nonce
    if (this.#position !== before) this.onNews()
  }

  async #followTerms(connection: PostgresConnection, { position, epoch }: Head): Promise<void> {
    // An older transaction: a later term is known already.
    if (this.terms.list.some(term => term.epoch === epoch)) return
    const [row] = await connection.all(this.statements.of("select value from _restuary_meta where key = 'terms'"))
    await this.#checkFit(connection)
    this.began(readTerms(row![0] as string), position)
  }

  /** Another version of the application may have changed the tables: what no longer fits is refused from now on. */
  async #checkFit(connection: PostgresConnection): Promise<void> {
    const { model, environment, layouts } = this
    const shape = foundShape(await foundTables(connection), await storedMeta(connection))
    const misfits = misfitsOf(model, targetOf(model, environment.clock()).shape, shape)
    layouts.refuse(misfits)
    reportMisfits(misfits, environment.report)
  }

  /** Takes over the list of terms. If an earlier state of the database was put back, what is known of the lost one goes. */
  began(terms: readonly Term[], position: number): void {
    const { history } = this.terms
    this.terms.replace(terms, this.#position)
    if (this.terms.history !== history) this.#restart(position)
  }

  #learn(commit: Commit): void {
    this.recent.push(commit)
    if (this.isKeeping) this.kept.learn(commit)
    for (const { resource, seq } of commit.changes) this.#changed.set(resource, seq)
    this.#position = commit.position
  }

  /** Called when nobody knows what has changed. */
  #restart(position: number): void {
    this.recent.restart(position)
    this.kept.clear()
    this.#nonce = undefined
    this.#changed.clear()
    this.#position = this.#everything = position
  }

  /** Called when rows were loaded without records. */
  loaded(position: number): void {
    this.#restart(position)
    this.onOwn()
    this.onNews()
  }
}
