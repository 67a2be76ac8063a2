import { hash } from 'node:crypto'
import type { Code } from '../../protocol/codes.ts'
import { ApiError, type Issue } from '../../protocol/error.ts'
import type { Model } from '../../model/model.ts'
import type { Store, Transaction } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'
import type { Call, Outcome } from '../call/call.ts'
import type { Upload } from '../files/reception.ts'

/** Milliseconds for which the answer to a key is kept: a day. */
export const KEPT_FOR = 86_400_000

/** A key that a caller gave a write, so that it takes effect once however often it is sent. */
export interface Claim {
  /** Names the key together with who sent it and for what: nobody else's key is this one. */
  readonly key: string
  /** Tells the request from others: the same key may not be used for another (draft-ietf-httpapi-idempotency-key-header §2.7). */
  readonly print: string
}

/** The claim that a write makes; null if it has no key. Throws ApiError `validation` for a key that is none, and for none
 * where the resource insists on one. */
export function claimOf(call: Call, input: unknown = call.input): Claim | null {
  const { idempotencyKey: key, principal, resource, operation, id, parent, uploads, file } = call
  if (key === undefined || key === null) {
    if (resource.options.idempotency === 'required' && operation === 'create' && !call.trusted) throw required()
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

/** Files by their bytes: when they came and where they are kept is another each time. */
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

/** Whatever the order of members, the same value has the same digest. */
function digest(value: unknown): string {
  return hash('sha256', JSON.stringify(value, sorted), 'base64url')
}

function sorted(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const names = Object.keys(value)
  if (names.length < 2) return value
  return Object.fromEntries(names.toSorted().map(name => [name, (value as Record<string, unknown>)[name]]))
}

/**
 * Does the work and keeps its answer in the same unit, or answers with what was kept: work done, claimed and answered
 * are one commit, so that a crash leaves all of it or nothing. Units of one store do not overlap, so there is no
 * "in progress" to be told of.
 */
export function* once(
  tx: Transaction,
  model: Model,
  claim: Claim,
  now: number,
  work: () => Work<Outcome>,
): Work<Outcome> {
  const kept = yield* wait(tx.recall(claim.key))
  if (kept !== undefined) return replay(model, claim, kept)
  const outcome = yield* work()
  yield* wait(tx.keep(claim.key, JSON.stringify(toKeep(claim, outcome)), now + KEPT_FOR))
  return outcome
}

/**
 * The same as a unit of its own. A refusal that came of what is stored is kept as well, after what it left undone is
 * undone; one that came of the request alone is the same again anyway, and what may be better next time is not kept.
 */
export function writeOnce(
  store: Store,
  model: Model,
  claim: Claim,
  now: number,
  work: (tx: Transaction) => Work<Outcome>,
): Promise<Outcome> {
  return store
    .write(tx => once(tx, model, claim, now, () => work(tx)))
    .catch((thrown: unknown) => {
      if (!(thrown instanceof ApiError) || !isLasting(thrown)) throw thrown
      const refusal: Outcome = { kind: 'failure', error: thrown }
      return store.write(tx =>
        // eslint-disable-next-line require-yield -- work that needs nothing
        once(tx, model, claim, now, function* () {
          return refusal
        }),
      )
    })
}

const lasting: ReadonlySet<number> = new Set([403, 404, 409, 410, 412])

/** Whether a refusal came of what is stored, so that it is kept. */
export function isLasting(error: ApiError): boolean {
  return lasting.has(error.status)
}

/** An outcome as it is kept; its resource by name, its error without the stack. */
interface Kept {
  readonly print: string
  readonly resource: string | null
  readonly outcome: Readonly<Record<string, unknown>> | null
  readonly error: KeptError | null
}
/** An error as it is kept. */
export interface KeptError {
  readonly code: Code
  readonly status: number
  readonly error: string
  readonly detail: string
  readonly issues: readonly Issue[]
  readonly headers: Readonly<Record<string, string>>
  readonly members: Readonly<Record<string, unknown>>
}

function toKeep({ print }: Claim, outcome: Outcome): Kept {
  if (outcome.kind === 'failure') {
    return { print, resource: null, outcome: null, error: keptError(outcome.error) }
  }
  const { resource, ...rest } = outcome
  return { print, resource: resource.name, outcome: rest, error: null }
}

export function keptError({ code, status, error, message: detail, issues, headers, members }: ApiError): KeptError {
  return { code, status, error, detail, issues, headers, members }
}

/** The error again, saying that it is told again. */
export function restoredError({ code, ...options }: KeptError): ApiError {
  return new ApiError(code, { ...options, headers: { ...options.headers, 'idempotency-replayed': 'true' } })
}

export function mismatch(): ApiError {
  return new ApiError('idempotency_mismatch', {
    detail: 'another request was sent with this key; give this one its own',
  })
}

function replay(model: Model, claim: Claim, text: string): Outcome {
  const { print, resource, outcome, error } = JSON.parse(text) as Kept
  if (print !== claim.print) throw mismatch()
  if (error) return { kind: 'failure', error: restoredError(error) }
  return { ...outcome, resource: model.resources.get(resource!), replayed: true } as unknown as Outcome
}
