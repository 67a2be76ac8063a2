import type { Id } from '../../model/model.ts'
import type { Maybe } from '../../store/work.ts'
import type { Call, Outcome } from '../call/call.ts'

/** What is kept of the outcome of a call. Rows are not: when the batch is repeated, its caller may see others. */
export type Repeatable =
  | { readonly kind: 'item'; readonly ids: readonly Id[]; readonly created: boolean; readonly isArray: boolean }
  | { readonly kind: 'other'; readonly outcome: Readonly<Record<string, unknown>> }
  /** A read, which is done again. */
  | { readonly kind: 'read' }

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

/** The outcome of a call that was done earlier, with its rows as the caller may see them now. */
export async function repeated(was: Repeatable, call: Call, handle: (call: Call) => Maybe<Outcome>): Promise<Outcome> {
  const { resource, action = null } = call
  switch (was.kind) {
    case 'read':
      return handle(call)
    case 'other': {
      const outcome = { ...was.outcome, resource, replayed: true } as unknown as Outcome
      return outcome.kind === 'value' ? { ...outcome, action, value: JSON.parse(outcome.body ?? 'null') } : outcome
    }
    case 'item': {
      const { input: _, ...asked } = call
      const reading = { ...asked, operation: 'get' as const, parent: null, key: null, conditions: null, batchKey: null }
      const bodies: string[] = []
      let last: Outcome | null = null
      for (const id of was.ids) {
        last = await handle({ ...reading, id })
        if (last.kind !== 'item') return last
        bodies.push(last.body)
      }
      if (last?.kind !== 'item') return handle(call)
      const shown = { ...last, ids: was.ids, created: was.created, replayed: true }
      return was.isArray ? { ...shown, etag: null, modified: null, body: `[${bodies.join()}]` } : shown
    }
  }
}
