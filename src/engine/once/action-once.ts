import { ApiError } from '../../protocol/error.ts'
import type { ThisNode } from '../../store/shared/this-node.ts'
import type { Store } from '../../store/store.ts'
import { wait, type Maybe } from '../../store/work.ts'
import type { Answered, Arguments, Call, Outcome } from '../call/call.ts'
import {
  claimOf,
  isLasting,
  KEPT_FOR,
  keptError,
  mismatch,
  restoredError,
  type Claim,
  type KeptError,
} from './idempotency.ts'

/** Which node runs an action. */
interface Running {
  readonly by: string
}

/** What is stored for an action with an idempotency key. */
interface Note {
  readonly print: string
  /** Absent once the action has ended. */
  readonly running?: Running
  readonly answer?: Pick<Answered, 'status' | 'headers' | 'body'>
  readonly error?: KeptError
}

/**
 * Runs an action with an idempotency key once. An action may take any time and do anything, so unlike a write it cannot share
 * one commit with its claim: the key is claimed in a commit before, and the answer is stored in a commit after. While the
 * action runs, the same key gets 409. If its node died in between, nobody knows what happened, and the key gets
 * `outcome_unknown`.
 */
export async function actOnce(
  { store, node, clock }: { readonly store: Store; readonly node: ThisNode; readonly clock: () => number },
  call: Call & { arguments?: (() => Maybe<Arguments>) | undefined },
  perform: () => Maybe<Outcome>,
  /** Throws if the caller may not call the action (any more). */
  check: () => Maybe<void>,
): Promise<Outcome> {
  let input = call.input
  if (call.arguments) {
    const given = await call.arguments()
    call.arguments = () => given
    // The files are part of the request's identity; their bytes are not at hand, so names and sizes have to do.
    input = [given.value, given.files?.map(({ name, file }) => [name, file.name, file.size])]
  }
  const claim = claimOf(call, input)
  if (!claim) return perform()
  await node.join()
  const now = clock()
  const running: Running = { by: node.name }
  const known = await store.write(function* (tx) {
    const kept = yield* wait(tx.recall(claim.key))
    if (kept === undefined) yield* wait(tx.keep(claim.key, JSON.stringify(begun(claim, running)), now + KEPT_FOR))
    return kept
  })
  if (known !== undefined) {
    await check()
    const note = JSON.parse(known) as Note
    if (note.print !== claim.print) throw mismatch()
    if (note.running) throw await unfinished(note.running, node)
    return replayed(call, note)
  }
  const keep = (note: Note | null): Promise<void> =>
    store
      .write(function* (tx) {
        // A text that has already expired counts as absent: the key can be used again.
        yield* wait(tx.keep(claim.key, JSON.stringify(note), note ? now + KEPT_FOR : 0))
      })
      .catch(() => undefined) // the action is done and its caller must get the answer, even if it cannot be stored
  try {
    const outcome = await perform()
    if (outcome.kind === 'failure') await keep(isLasting(outcome.error) ? noted(claim, outcome.error) : null)
    else if (outcome.kind === 'value') await keep({ print: claim.print, answer: keptAnswer(outcome) })
    return outcome
  } catch (thrown) {
    const error = ApiError.from(thrown)
    await keep(isLasting(error) ? noted(claim, error) : null)
    throw thrown
  }
}

const begun = ({ print }: Claim, running: Running): Note => ({ print, running })
const noted = ({ print }: Claim, error: ApiError): Note => ({ print, error: keptError(error) })
const noAnswer: NonNullable<Note['answer']> = { status: 200, headers: [], body: null }
const keptAnswer = ({ status, headers, body }: Answered): NonNullable<Note['answer']> => ({ status, headers, body })

/** The refusal while an earlier request with the same key is running, or when its node has died. */
async function unfinished({ by }: Running, node: ThisNode): Promise<ApiError> {
  if (!(await node.isAlive(by)))
    return new ApiError('outcome_unknown', {
      detail: 'the process that was doing this ended; check whether it was done',
    })
  const detail = 'the first request with this key is still being done'
  return new ApiError('conflict', { detail, headers: { 'retry-after': '1' } })
}

/** What an earlier request with the same key came to. */
function replayed(call: Call, note: Note): Outcome {
  if (note.error) return { kind: 'failure', error: restoredError(note.error) }
  const { status, headers, body } = note.answer ?? noAnswer
  if (body === null) throw new ApiError('conflict', { detail: 'this was done, and its answer was none that is kept' })
  return {
    kind: 'value',
    resource: call.resource,
    action: call.action ?? null,
    status,
    headers: [...headers, ['idempotency-replayed', 'true']],
    value: JSON.parse(body) as unknown,
    body,
  }
}
