import { hash } from 'node:crypto'
import type { Code } from '../../protocol/codes.ts'
import { ApiError, type Issue } from '../../protocol/error.ts'
import type { Model } from '../../model/model.ts'
import type { Store, Transaction } from '../../store/store.ts'
import { ready, wait, type Work } from '../../store/work.ts'
import type { Call, Outcome, Principal } from '../call/call.ts'
import type { Upload } from '../files/reception.ts'

/** Milliseconds for which the answer to a key is kept: one day. */
export const KEPT_FOR = 86_400_000

/** The claim of a write on an idempotency key. */
export interface Claim {
  /** The key, combined with the caller and the target. Callers cannot see or take each other's keys. */
  readonly key: string
  /**
   * A digest of the request: a key may not be used for two different requests (draft-ietf-httpapi-idempotency-key-header §2.7).
   */
  readonly print: string
}

/**
 * The claim of a write; null if it has no key. Throws ApiError `validation` if the key is malformed, or missing where the
 * resource requires one.
 */
export function claimOf(call: Call, input: unknown = call.input): Claim | null {
  const { idempotencyKey: key, principal, resource, operation, id, parent, uploads, file } = call
  if (key === undefined || key === null) {
    const isOpen = call.trusted || call.batchKey != null
    if (resource.options.idempotency === 'required' && operation === 'create' && !isOpen) throw required()
    return null
  }
  checkKey(key)
  const who = call.trusted ? 'application' : [principal?.id ?? null]
  const where = [
    operation,
    resource.name,
    file ? [file.name] : call.action?.name,
    id,
    call.key ?? null,
    parent && [parent.resource.name, parent.id],
  ]
  const { jsonPatch, shape, query, conditions } = call
  return {
    key: digest([who, where, parent?.field.name, key]),
    print: digest([uploads ? [input, printed(uploads)] : input, jsonPatch ?? false, shape, query, conditions]),
  }
}

/** The claim of a batch, whose key is another than those of single writes. Throws ApiError `validation` for a malformed key. */
export function claimOfBatch(principal: Principal | null, key: string, content: unknown): Claim {
  checkKey(key)
  return { key: digest(['batch', [principal?.id ?? null], key]), print: digest(content) }
}

/** Files are compared by name, type and digest. Their time and storage key differ with every upload. */
function printed(uploads: readonly Upload[]): unknown {
  return uploads.map(({ field, value }) => [field.name, value && [value.name, value.type, value.digest]])
}

/** Throws ApiError `validation` for a text that cannot be a key. */
export function checkKey(key: string): void {
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return
  const detail = 'must be 1 to 255 visible ASCII characters'
  throw new ApiError('validation', { issues: [{ code: 'format', header: 'idempotency-key', detail }] })
}

function required(): ApiError {
  return new ApiError('validation', {
    issues: [
      { code: 'required', header: 'idempotency-key', detail: 'is required: a text of your own, new for each row' },
    ],
    headers: { link: '</problems/validation>; rel="describedby"' },
  })
}

/** A digest that does not depend on the order of members. */
function digest(value: unknown): string {
  return hash('sha256', JSON.stringify(value, sorted), 'base64url')
}

function sorted(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const names = Object.keys(value)
  if (names.length < 2) return value
  return Object.fromEntries(names.toSorted().map(name => [name, (value as Record<string, unknown>)[name]]))
}

/** Makes of a stored answer what its caller may see of it now. */
export type Again = (tx: Transaction, kept: Outcome) => Work<Outcome>

/** A write that takes effect once. */
export interface OnceOptions {
  readonly model: Model
  readonly claim: Claim
  /** Milliseconds since 1970. */
  readonly now: number
  readonly again: Again
}

/**
 * Does a write and stores its answer, or returns the answer that was stored earlier. Claim, work and answer are one commit, so
 * a crash leaves all of it or nothing. The units of a store do not overlap, so there is no state "in progress".
 */
export function* once(tx: Transaction, options: OnceOptions, work: () => Work<Outcome>): Work<Outcome> {
  const { model, claim, now, again } = options
  const kept = yield* wait(tx.recall(claim.key))
  if (kept !== undefined) return yield* again(tx, replay(model, claim, kept))
  const outcome = yield* work()
  yield* wait(tx.keep(claim.key, JSON.stringify(toKeep(claim, outcome)), now + KEPT_FOR))
  return outcome
}

/**
 * Like `once`, as a unit of its own. A refusal that depends on stored data is kept too, after the unit was rolled back. A
 * refusal that depends only on the request is not: it would be the same again anyway, and a corrected request may use the same
 * key.
 */
export function writeOnce(
  store: Store,
  options: OnceOptions,
  work: (tx: Transaction) => Work<Outcome>,
): Promise<Outcome> {
  return store
    .write(tx => once(tx, options, () => work(tx)))
    .catch((thrown: unknown) => {
      if (!(thrown instanceof ApiError) || !isLasting(thrown)) throw thrown
      // The unit was rolled back, and its claim with it. The refusal gets a unit of its own.
      const refusal: Outcome = { kind: 'failure', error: thrown }
      return store.write(tx => once(tx, options, () => ready(refusal)))
    })
}

const lasting: ReadonlySet<number> = new Set([403, 404, 409, 410, 412])

/** Whether a refusal depends on stored data and is therefore kept. */
export function isLasting(error: ApiError): boolean {
  return lasting.has(error.status)
}

/** A stored outcome. The resource is stored by name, the error without its stack. */
interface StoredAnswer {
  readonly print: string
  readonly resource: string | null
  readonly outcome: Readonly<Record<string, unknown>> | null
  readonly error: KeptError | null
}
/** A stored error. */
export interface KeptError {
  readonly code: Code
  readonly status: number
  readonly error: string
  readonly detail: string
  readonly issues: readonly Issue[]
  readonly headers: Readonly<Record<string, string>>
  readonly members: Readonly<Record<string, unknown>>
}

function toKeep({ print }: Claim, outcome: Outcome): StoredAnswer {
  if (outcome.kind === 'failure') {
    return { print, resource: null, outcome: null, error: keptError(outcome.error) }
  }
  const { resource, ...rest } = outcome
  return { print, resource: resource.name, outcome: rest, error: null }
}

/** The parts of an error that are stored with its key. A stack would tell nobody anything after a restart. */
export function keptError({
  code,
  status,
  error,
  message: detail,
  issues,
  headers,
  lastingMembers: members,
}: ApiError): KeptError {
  return { code, status, error, detail, issues, headers, members }
}

/** The stored error, marked as a repetition. */
export function restoredError({ code, ...options }: KeptError): ApiError {
  return new ApiError(code, { ...options, headers: { ...options.headers, 'idempotency-replayed': 'true' } })
}

/** The refusal of a key that was used for another request: a client that reuses a key has a fault, and must learn of it. */
export function mismatch(): ApiError {
  return new ApiError('idempotency_mismatch', {
    detail: 'another request was sent with this key; give this one its own',
  })
}

function replay(model: Model, claim: Claim, text: string): Outcome {
  const { print, resource, outcome, error } = JSON.parse(text) as StoredAnswer
  if (print !== claim.print) throw mismatch()
  if (error) return { kind: 'failure', error: restoredError(error) }
  return { ...outcome, resource: model.resources.get(resource!), replayed: true } as unknown as Outcome
}
