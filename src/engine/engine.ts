import type { Auth } from '../auth/auth.ts'
import type { Authenticate } from '../auth/principal.ts'
import type { ApiError } from '../protocol/error.ts'
import type { Limits } from '../protocol/limits.ts'
import type { Model } from '../model/model.ts'
import type { CursorKey } from '../query/cursor.ts'
import type { StoredFile } from '../schema/file.ts'
import type { Transaction } from '../store/store.ts'
import type { Maybe } from '../store/work.ts'
import type { BatchOutcome, CallBatch } from './batch/run-batch.ts'
import type { Call, CallOrigin, Outcome, CallTarget } from './call/call.ts'
import type { CallerChecks } from './rules/caller-checks.ts'
import type { Limiter } from './rules/rate-limiter.ts'
import type { InputMode } from '../schema/read/input-mode.ts'

/** Access to the bytes of files. */
export interface FileAccess {
  /** Whether the bytes are in memory, so that no other process can read them. */
  readonly areOfProcess: boolean
  /** The bytes of a file from `start` to `end`, both included; null if the file is gone. */
  read(file: StoredFile, start: number, end: number): Promise<AsyncIterable<Uint8Array> | null>
  /**
   * Removes the bytes of files that no row has any more. The engine also does this by itself, after commits and from time to
   * time.
   */
  clear(): Promise<void>
}

/** The engine as faces see it: a face decodes a message to a Call, passes it to `handle`, and encodes the Outcome. */
export interface Engine {
  readonly model: Model
  readonly limits: Limits
  readonly epoch: string
  readonly mode: InputMode
  /** The time, in milliseconds since 1970. Tests set it. */
  readonly clock: () => number
  /** Identifies the caller of a request. Without authentication everybody is anonymous. */
  readonly authenticate: Authenticate
  /** Sessions, tickets, and changes of a caller's rights on open connections; null if the API does not identify callers. */
  readonly auth: Auth | null
  /** Decides whether a caller may attempt an operation at all, before rules are asked. */
  readonly callerChecks: CallerChecks
  /** The key that signs the cursors of lists. */
  readonly cursorKey: CursorKey
  /** null if no resource has files. */
  readonly files?: FileAccess | null
  /**
   * Charges calls to the caller's budgets; null if there is no rate limit. `handle` already uses it; faces need it for what is
   * not a call.
   */
  readonly limiter?: Limiter | null
  /** Runs a call through the pipeline. It never throws and never rejects: every error is an Outcome of kind `failure`. */
  handle(call: Call): Maybe<Outcome>
  /** Runs a call inside a transaction of the application. */
  within(tx: Transaction, call: Call): Maybe<Outcome>
  /** Runs several calls of a client, all or nothing. Rejects with the ApiError of the first that fails. */
  batch(batch: CallBatch): Promise<BatchOutcome>
  /**
   * The error to answer a request that could not be read. A caller who may not make the request at all gets 401 or 403;
   * any other caller gets `fault`. In this way a closed resource does not reveal the names of its fields.
   */
  refusal(asked: CallTarget & CallOrigin, fault: unknown): ApiError
}
