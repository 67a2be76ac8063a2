import type { Commit } from '../../store.ts'
import type { Term } from '../../terms.ts'
import type { PostgresConnection } from '../connection.ts'
import { BOOT } from '../schema/functions.ts'
import type { Nonce, PostgresState } from '../state.ts'
import { beginTerm } from './begin-term.ts'

/**
 * How a transaction orders itself among those of other nodes. All of them advance the head of the log, one after the other.
 *
 * - `foresee`: the head is expected to be where this node knows it, and to stay there. So nobody waits, neither for this node nor
 *   for an answer, but the transaction fails at its end if another node has committed.
 * - `guess`: it is asked where the head is, which is expected to stay there.
 * - `turn`: it is asked where the head is after all units have read, when it is this node's turn. What other nodes have committed
 *   meanwhile counts as earlier units. Nobody is kept from committing: who waits too long for a turn goes on without one.
 * - `late`: the same, but the head is locked.
 * - `lock`: the head is locked at once.
 */
export type Ordering = 'foresee' | 'guess' | 'turn' | 'late' | 'lock'

export interface WriteHeadOptions {
  readonly ordering: Ordering
  /** Milliseconds without a statement after which the server gives the transaction up, because this node may hang. */
  readonly idleTimeout: number
}

const HEAD = `select pos, epoch, boot = ${BOOT}, nonce from _restuary_head where k = 1`
const TURN = 'select restuary_turn()'

/** The place in the log from which a transaction goes on. */
export class WriteHead {
  readonly #connection: PostgresConnection
  readonly #state: PostgresState
  /** Whether it is asked where the head is after the units have read. */
  readonly isLate: boolean
  /** Whether only the end tells if the head is where the units took it to be. */
  readonly isUnsure: boolean
  readonly #ordering: Ordering
  #isLocked: boolean
  #position: number
  #epoch: string
  #nonce: Nonce
  readonly #expected: Nonce | undefined
  #terms: readonly Term[] | null = null
  #hasMoved = false
  #others: readonly Commit[] | null = []
  readonly #known: Promise<void>
  #asked: Promise<void> | null = null

  /** Opens the transaction. Statements may follow at once, without waiting for the answers. */
  constructor(connection: PostgresConnection, state: PostgresState, { ordering, idleTimeout }: WriteHeadOptions) {
    this.#connection = connection
    this.#state = state
    this.#position = state.position
    this.#epoch = state.terms.epoch
    this.#expected = state.expectedNonce
    this.#nonce = this.#expected ?? null
    this.isLate = ordering === 'turn' || ordering === 'late'
    this.isUnsure = ordering === 'foresee' || ordering === 'turn'
    this.#ordering = ordering
    this.#isLocked = ordering === 'lock'
    const { settings } = state
    void connection.exec(
      `begin isolation level ${ordering === 'foresee' || ordering === 'guess' ? 'repeatable read' : 'read committed'}; ` +
        `set local statement_timeout = ${settings.statementTimeout}; set local lock_timeout = ${settings.busyTimeout}; ` +
        `set local idle_in_transaction_session_timeout = ${idleTimeout}; set local restuary.writing = 'on'`,
    )
    this.#known = this.isJudged ? Promise.resolve() : this.#ask()
    // A unit may fail before anybody waits for this. What has failed the transaction is found at its end.
    this.#known.catch(() => {})
  }

  /** The committed seq. Until it is settled, what this node expects. */
  get position(): number {
    return this.#position
  }

  /** The newest term, also if the transaction has begun it. */
  get epoch(): string {
    return this.#terms?.at(-1)?.epoch ?? this.#epoch
  }

  /** What tells the transaction that has moved the head last. */
  get nonce(): Nonce {
    return this.#nonce
  }

  /** The terms, if the transaction has begun one. */
  get terms(): readonly Term[] | null {
    return this.#terms
  }

  /** Whether another node has committed without this one knowing, before or after units began to read. */
  get hasMoved(): boolean {
    return this.#hasMoved
  }

  /** What other nodes have committed since units began to read, oldest first; null if nobody knows. */
  get others(): readonly Commit[] | null {
    return this.#others
  }

  /** Whether units may read rows as this node knows them. Whether they were so is found out at the end, or under the lock. */
  get isJudged(): boolean {
    return this.#ordering === 'foresee' || this.isLate
  }

  /** Resolves when the position will not change any more. Called after all units have read what they read side by side. */
  async settle(): Promise<void> {
    await (this.isLate ? (this.#asked ??= this.#askLate()) : this.#known)
  }

  /** Locks the head, before rows are: two nodes that lock them in different orders would wait for each other. */
  lock(): void {
    if (this.#isLocked) return
    this.#isLocked = true
    void this.#connection.all(this.#state.statements.of(`${HEAD} for update`))
  }

  /** Whether the head is where it was taken to be, in the state that the transaction reads. */
  async isTrue(): Promise<boolean> {
    const [row] = await this.#connection.all(this.#state.statements.of(HEAD))
    const [position, epoch, isCurrent, nonce] = row as [number, string, number, Nonce]
    return position === this.#position && epoch === this.#epoch && isCurrent === 1 && nonce === this.#nonce
  }

  async #askLate(): Promise<void> {
    const [before, { history }] = [this.#position, this.#state.terms]
    if (this.#ordering === 'turn') void this.#connection.all(this.#state.statements.of(TURN))
    else this.#isLocked = true
    await this.#ask()
    if (this.#nonce === this.#expected && this.#position === before) return
    this.#hasMoved = true
    const isSame = this.#state.terms.history === history && this.#position >= before
    this.#others = (isSame ? this.#state.recent.after(before, Infinity) : null) ?? null
  }

  async #ask(): Promise<void> {
    const { statements } = this.#state
    const asked = this.#connection.all(statements.of(this.#isLocked ? `${HEAD} for update` : HEAD))
    // Whoever waits for the lock or a turn waits because others write. What they have written is read once the wait is over.
    const ahead = this.#state.readAhead(this.#connection, this.#isLocked || this.isLate)
    const [row] = await asked
    const [position, epoch, isCurrent, nonce] = row as [number, string, number, Nonce]
    this.#epoch = epoch
    this.#nonce = nonce
    await this.#state.follow(this.#connection, { position, epoch, isCurrent: isCurrent === 1, nonce }, ahead)
    if (position !== this.#position) this.#hasMoved = true
    this.#position = position
    if (isCurrent !== 1) this.#terms = await beginTerm(this.#connection, this.#state, position)
  }
}
