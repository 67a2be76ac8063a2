// What is seldom done with writes that are kept. It is loaded when it is needed.
import type { Call, Id } from '../call.ts'
import type { Problem, ProblemDocument } from '../problem.ts'
import { quietly, type Database } from './database.ts'
import { withNewId } from './new-ids.ts'

/** Two writers have changed the same row. */
export interface Conflict {
  readonly resource: string
  readonly id: Id
  /** The row as it is. */
  readonly current: unknown
  /** What was to be written. */
  readonly mine: unknown
  /** The row as a live query had it when the write was made. null = none had it. */
  readonly base: unknown
}

/** A write that the server has refused. */
export interface FailedWrite extends Pick<Call, 'op' | 'uri' | 'data'> {
  /** Its idempotency key. */
  readonly key: string
  readonly problem: ProblemDocument
}

/** A write as it is kept. */
export interface Kept {
  readonly user: string
  /** When it was made, in milliseconds since 1970. No two writes of a page have the same time. */
  readonly made: number
  /** What is sent. After a conflict that is what was merged. */
  call: Call
  readonly base: unknown
  readonly problem?: ProblemDocument
}

/** The writes that are kept, by their keys. */
export interface KeptWrites {
  /** Those of the user, oldest first. */
  readonly all: () => Promise<readonly Kept[]>
  readonly find: (key: string) => Promise<Kept | undefined>
  readonly put: (kept: Kept) => Promise<unknown>
  readonly drop: (key: string) => Promise<unknown>
  readonly within: Database
  /** Shows a write, and sends it. */
  readonly repeat: (call: Call) => Promise<unknown>
}

export async function failed({ all }: KeptWrites): Promise<FailedWrite[]> {
  return (await all()).flatMap(({ call: { op, uri, data, key }, problem }) =>
    problem ? { op, uri, data, key: key!, problem } : [],
  )
}

export async function retry({ find, drop, repeat }: KeptWrites, key: string): Promise<void> {
  const kept = await find(key)
  if (!kept?.problem) return
  await drop(key)
  // The server repeats a refusal to the same key.
  void repeat({ ...kept.call, key: `${key}r` }).catch(() => {})
}

export async function discard({ find, drop }: KeptWrites, key: string): Promise<void> {
  if ((await find(key))?.problem) await drop(key)
}

export async function clear({ within }: KeptWrites): Promise<void> {
  await within('writes', store => store.clear())
  await within('rows', store => store.clear())
}

/**
 * The write after a conflict. It takes the place of the kept one before it is sent, so that a page that ends before the answer
 * sends the same again: what is merged already would be merged twice. If it is no conflict, the refusal is kept, and thrown.
 */
export async function merged(
  { find, put, within }: KeptWrites,
  call: Call,
  problem: Problem,
  kept: Kept,
  merge: ((conflict: Conflict) => unknown) | undefined,
): Promise<Call> {
  const key = kept.call.key!
  const next = merge && problem.code === 'precondition_failed' ? mergedCall(call, problem, kept.base, merge) : null
  if (next) {
    kept.call = { ...next, signal: undefined, caller: undefined }
    const exchange = (store: IDBObjectStore): IDBRequest => {
      store.delete(key)
      return store.put(kept, next.key)
    }
    await quietly(within('writes', exchange))
    return next
  }
  const write = await quietly(find(key))
  if (write) await quietly(put({ ...write, problem: problem.document }))
  throw problem
}

function mergedCall(call: Call, problem: Problem, base: unknown, merge: (conflict: Conflict) => unknown): Call | null {
  const { key, shown, data: mine } = call
  const { current, etag } = problem.document
  // A refusal that is repeated, because its answer was lost, does not have the row. A new key asks for it.
  if (!current && !key!.endsWith('n')) return { ...call, key: `${key}n` }
  const data = current ? merge({ resource: shown!.resource, id: shown!.id!, current, mine, base: base ?? null }) : null
  return data === null ? null : { ...call, data, ifMatch: etag as string, key: `${key}m` }
}

/** Puts the id of a created row into the writes that are kept. */
export async function rename({ all, put }: KeptWrites, key: string, id: unknown): Promise<void> {
  for (const kept of await all()) {
    const text = JSON.stringify(kept)
    if (kept.call.key !== key && text.includes(key)) await put(JSON.parse(withNewId(text, key, id)) as Kept)
  }
}
