import type { Id } from '../../model/model.ts'
import type { Maybe } from '../../store/work.ts'
import type { Call, Item, Outcome } from '../call/call.ts'

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

/** How the calls of a batch are repeated. */
export interface Repetition {
  /** Runs a read. */
  readonly handle: (call: Call) => Maybe<Outcome>
  /** `epoch.seq` after the batch, when it was done. */
  readonly position: string
}

/** The outcome of a call that was done earlier, with its rows as the caller may see them now. */
export async function repeated(was: Repeatable, call: Call, repetition: Repetition): Promise<Outcome> {
  const { resource, action = null } = call
  switch (was.kind) {
    case 'read':
      return readAgain(call, repetition)
    case 'other': {
      const outcome = { ...was.outcome, resource, replayed: true } as unknown as Outcome
      return outcome.kind === 'value' ? { ...outcome, action, value: JSON.parse(outcome.body ?? 'null') } : outcome
    }
    case 'item': {
      const { input: _, ...asked } = call
      const reading = { ...asked, operation: 'get' as const, parent: null, key: null, conditions: null, batchKey: null }
      const items: Item[] = []
      for (const id of was.ids) {
        const item = await readAgain({ ...reading, id }, repetition)
        if (item.kind !== 'item') return item
        items.push(item)
      }
      const [only = nothing(call, repetition)] = items
      const shown = { ...only, ids: was.ids, created: was.created, replayed: true }
      return was.isArray
        ? { ...shown, etag: null, modified: null, body: `[${items.map(one => one.body).join()}]` }
        : shown
    }
  }
}

/** Statuses of rows that are gone, or that the caller may not see any more. */
const unseen: ReadonlySet<number> = new Set([401, 403, 404, 410])

/** Reads what a call reads or made. What is not seen any more is null: the batch was done, so its repetition does not fail. */
async function readAgain(call: Call, repetition: Repetition): Promise<Outcome> {
  const outcome = await repetition.handle(call)
  return outcome.kind === 'failure' && unseen.has(outcome.error.status) ? nothing(call, repetition) : outcome
}

const nothing = ({ resource }: Call, { position }: Repetition): Item => ({
  kind: 'item',
  resource,
  ids: [],
  created: false,
  body: 'null',
  etag: null,
  modified: null,
  position,
  cut: [],
})
