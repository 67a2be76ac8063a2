// What to do with writes that the server has refused. It is loaded when it is needed.
import type { Call, Id } from '../call.ts'
import type { Problem, ProblemDocument } from '../problem.ts'

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
  /** Its place in the order. */
  readonly at?: number
  readonly user: string
  readonly made: number
  readonly call: Call
  readonly base: unknown
  readonly problem?: ProblemDocument
}

/** The writes that are kept. */
export interface KeptWrites {
  /** Those of the user, oldest first. */
  readonly all: () => Promise<readonly Kept[]>
  readonly find: (key: string) => Promise<Kept | undefined>
  readonly drop: (key: string) => Promise<void>
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

/** The write after a conflict. Throws the problem if there is none. */
export function merged(call: Call, problem: Problem, base: unknown, merge: (conflict: Conflict) => unknown): Call {
  const { key, shown, data: mine } = call
  const { current, etag } = problem.document
  // A refusal that is repeated, because its answer was lost, does not have the row. A new key asks for it.
  if (!current && !key!.endsWith('n')) return { ...call, key: `${key}n` }
  const data = current ? merge({ resource: shown!.resource, id: shown!.id!, current, mine, base: base ?? null }) : null
  if (data === null) throw problem
  return { ...call, data, ifMatch: etag as string, key: `${key}m` }
}
