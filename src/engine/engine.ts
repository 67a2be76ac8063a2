import type { Auth } from '../auth/auth.ts'
import type { Authenticate } from '../auth/principal.ts'
import type { Limits } from '../protocol/limits.ts'
import type { Model } from '../model/model.ts'
import type { CursorKey } from '../query/cursor.ts'
import type { StoredFile } from '../schema/file.ts'
import type { Transaction } from '../store/store.ts'
import type { Maybe } from '../store/work.ts'
import type { Call, Outcome } from './call/call.ts'
import type { Gate } from './rules/gate.ts'
import type { Limiter } from './rules/rate-limiter.ts'
import type { InputMode } from '../schema/read/input-mode.ts'

/** The bytes of files. */
export interface FileAccess {
  /** Bytes of a file, `start` and `end` included; null if they are not there any more. */
  read(file: StoredFile, start: number, end: number): Promise<AsyncIterable<Uint8Array> | null>
  /** Removes what no row has any more, as it does by itself now and then. */
  clear(): Promise<void>
}

/** The engine as faces see it. */
export interface Engine {
  readonly model: Model
  readonly limits: Limits
  readonly epoch: string
  readonly mode: InputMode
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Who calls; where nothing is configured everybody is anonymous. */
  readonly authenticate: Authenticate
  /** Sessions, tickets, and what becomes of callers who stay; null where nobody is told apart. */
  readonly auth: Auth | null
  /** What callers pass before rules are asked. */
  readonly gate: Gate
  /** Verifies and makes the cursors of lists. */
  readonly cursorKey: CursorKey
  /** Null where no resource has files. */
  readonly files?: FileAccess | null
  /** Charges calls to the budgets of whoever makes them; null where no rate limit is declared. `handle` asks it by itself. */
  readonly limiter?: Limiter | null
  /** Runs a call through the pipeline. Never throws and never rejects: every fault is an Outcome of kind `failure`. */
  handle(call: Call): Maybe<Outcome>
  /** The same inside a transaction of the application. */
  within(tx: Transaction, call: Call): Maybe<Outcome>
}
