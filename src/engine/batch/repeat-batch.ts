import { ID, type Id } from '../../model/model.ts'
import type { Transaction } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'
import type { Call, Item, Outcome } from '../call/call.ts'
import type { ReadEnvironment } from '../call/call-environment.ts'
import { showItem } from '../read/read.ts'
import { viewOf } from '../read/view.ts'
import { allowedRows } from '../rules/permissions.ts'

/** What is kept of the outcome of a call. Rows are not: when the batch is repeated, its caller may see others. */
export type Repeatable =
  | { readonly kind: 'item'; readonly ids: readonly Id[]; readonly created: boolean; readonly isArray: boolean }
  | { readonly kind: 'other'; readonly outcome: Readonly<Record<string, unknown>> }
  /** A read, which is done again. */
  | { readonly kind: 'read' }

/**
 * What is kept of an outcome to answer the same batch again. Rows are kept by their ids only: they are shown anew, as the
 * caller may see them by then.
 */
export function toRepeat(outcome: Outcome): Repeatable {
  switch (outcome.kind) {
    case 'item':
      return { kind: 'item', ids: outcome.ids, created: outcome.created, isArray: outcome.etag === null }
    case 'gone':
      return { kind: 'other', outcome: { kind: 'gone', position: outcome.position } }
    case 'value':
      return { kind: 'other', outcome: { ...outcome, resource: null, action: null, value: null } }
    case 'list':
    case 'unchanged':
    case 'failure':
      return { kind: 'read' }
  }
}

/** A call of a batch with an idempotency key. */
export interface RepeatablePart {
  /** What the call came to when the batch was first done; null if it is done now. */
  readonly earlier: Repeatable | null
  /** What the operation comes to now, before hooks change it; null until it is done. */
  outcome: Outcome | null
}

/**
 * The outcome of a call that was done earlier, with its rows as the caller may see them now. Rows that are not seen any more are
 * null: the batch was done, so its repetition does not fail.
 */
export function* repeated(
  tx: Transaction,
  call: Call,
  reading: ReadEnvironment,
  was: Exclude<Repeatable, { kind: 'read' }>,
): Work<Outcome> {
  const { resource, action = null } = call
  if (was.kind === 'other') {
    const outcome = { ...was.outcome, resource, replayed: true } as unknown as Outcome
    return outcome.kind === 'value' ? { ...outcome, action, value: JSON.parse(outcome.body ?? 'null') } : outcome
  }
  const rows = yield* wait(tx.many(resource, was.ids))
  const seen = yield* allowedRows(tx, resource, rows, reading.permissions.read(resource))
  const byId = new Map(seen.map(row => [row[ID] as Id, row]))
  const position = reading.terms.position(tx.position)
  const items: Item[] = []
  for (const id of was.ids) {
    const row = byId.get(id)
    items.push(row ? yield* showItem(tx, viewOf(resource, call.shape), row, reading) : noRow(call, position))
  }
  const [only = noRow(call, position)] = items
  const shown = { ...only, ids: was.ids, created: was.created, replayed: true }
  return was.isArray ? { ...shown, etag: null, modified: null, body: `[${items.map(one => one.body).join()}]` } : shown
}

/** Statuses of rows that are gone, or that the caller may not see any more. */
const unseen: ReadonlySet<number> = new Set([401, 403, 404, 410])

/** Whether a call that was done earlier is refused now because its caller may not see what it shows. */
export function isUnseen(outcome: Outcome): boolean {
  return outcome.kind === 'failure' && unseen.has(outcome.error.status)
}

/** What is shown of a row that is not seen. */
export function noRow({ resource }: Call, position: string): Item {
  return {
    kind: 'item',
    resource,
    ids: [],
    created: false,
    body: 'null',
    etag: null,
    modified: null,
    position,
    cut: [],
  }
}
