import type { Id } from '../../model/model.ts'
import { ApiError, type Issue } from '../../protocol/error.ts'
import type { Store, Transaction } from '../../store/store.ts'
import type { Maybe } from '../../store/work.ts'
import type { Call, Outcome, Principal } from '../call/call.ts'
import { claimOfBatch, KEPT_FOR, mismatch, type Claim } from '../once/idempotency.ts'
import { isUnseen, noRow, toRepeat, type Repeatable, type RepeatablePart } from './repeat-batch.ts'

/** A call of a batch. */
export interface BatchPart {
  /** The name by which later calls refer to the row that it makes; null = they do not. */
  readonly name: string | null
  /** Makes the call. `made` are the ids of the rows that named calls have made. */
  readonly make: (made: ReadonlyMap<string, Id>) => Call
}

/** Several calls of one caller, all or nothing. */
export interface CallBatch {
  readonly parts: readonly BatchPart[]
  readonly principal: Principal | null
  /** The idempotency key of the whole; null = none. */
  readonly key: string | null
  /** What was sent, by which a repeated batch is told from another one with the same key. */
  readonly content: unknown
}

export interface BatchOutcome {
  /** What each call came to. None of them is a failure. */
  readonly outcomes: readonly Outcome[]
  /** `epoch.seq` after the batch. */
  readonly position: string
  /** The batch was done earlier, by a request with the same key. */
  readonly replayed: boolean
}

export interface BatchOptions {
  readonly store: Store
  readonly clock: () => number
  /** Runs a call within a transaction, or only its checks and hooks if it was done earlier. */
  readonly handle: (tx: Transaction, call: Call, part: RepeatablePart | null) => Maybe<Outcome>
}

/**
 * Runs calls in one transaction: each sees what those before it did, and together they are one commit. Rejects with the
 * ApiError of the first call that fails, with the place of that call; then nothing has happened.
 */
export function runBatch({ store, clock, handle }: BatchOptions, batch: CallBatch): Promise<BatchOutcome> {
  const claim = batch.key === null ? null : claimOfBatch(batch.principal, batch.key, batch.content)
  return store.transaction(async tx => {
    const kept = claim && (await tx.recall(claim.key))
    const earlier = kept ? keptIn(kept, claim) : null
    const made = new Map<string, Id>()
    const outcomes: Outcome[] = []
    const repeatable: Repeatable[] = []
    for (const [i, { name, make }] of batch.parts.entries()) {
      const outcome = await placed(i, async () => {
        const call: Call = { ...make(made), batchKey: batch.key }
        if (claim === null) return handle(tx, call, null)
        const part: RepeatablePart = { earlier: earlier?.outcomes[i] ?? null, outcome: null }
        const done = await handle(tx, call, part)
        repeatable.push(toRepeat(part.outcome ?? done))
        if (!earlier || !isUnseen(done)) return done
        const ids = part.earlier?.kind === 'item' ? part.earlier.ids : []
        return { ...noRow(call, earlier.position), ids }
      })
      outcomes.push(outcome)
      if (name !== null && outcome.kind === 'item' && outcome.ids.length === 1) made.set(name, outcome.ids[0]!)
    }
    const position = earlier?.position ?? store.terms.position(tx.position)
    if (claim && !earlier) {
      const text = JSON.stringify({
        print: claim.print,
        position,
        outcomes: repeatable,
      } satisfies KeptBatch)
      await tx.keep(claim.key, text, clock() + KEPT_FOR)
    }
    return { outcomes, position, replayed: earlier !== null }
  })
}

interface KeptBatch {
  readonly print: string
  readonly position: string
  readonly outcomes: readonly Repeatable[]
}

function keptIn(text: string, { print }: Claim): KeptBatch {
  const kept = JSON.parse(text) as KeptBatch
  if (kept.print !== print) throw mismatch()
  return kept
}

/** Runs a call. If it fails, says which one it was. */
async function placed(i: number, work: () => Promise<Outcome>): Promise<Outcome> {
  let outcome: Outcome
  try {
    outcome = await work()
  } catch (thrown) {
    throw placedError(ApiError.from(thrown), i, false)
  }
  // The engine has reported a fault already.
  if (outcome.kind === 'failure') throw placedError(outcome.error, i, true)
  return outcome
}

function placedError(error: ApiError, i: number, expected: boolean): ApiError {
  const { code, status, headers, members, message, cause = error } = error
  const issues = error.issues.map(issue => placedIssue(issue, i))
  const detail = `#/${i}: ${message}`
  return new ApiError(code, {
    status,
    error: error.error,
    detail,
    issues,
    headers,
    members: { ...members, failed: i },
    cause,
    expected,
  })
}

function placedIssue({ pointer, parameter, header, code, detail }: Issue, i: number): Issue {
  if (pointer !== undefined) return { code, detail, pointer: `#/${i}/body${pointer.slice(1)}` }
  if (header !== undefined) return { code, detail, pointer: `#/${i}/headers/${header}` }
  return { code, detail, pointer: parameter === undefined ? `#/${i}` : `#/${i}/uri` }
}
