import { ApiError } from '../../protocol/error.ts'
import type { Id } from '../../model/model.ts'
import type { Change } from '../store.ts'
import { rowIn, rowsWith, type MemoryState } from './state.ts'

/**
 * Checks what a database's foreign keys would check at the end of a unit: written rows refer to rows that exist, and nothing
 * refers to deleted rows.
 */
export function checkForeignKeys(state: MemoryState, changes: readonly Change[]): void {
  for (const { resource, id } of changes) {
    const row = rowIn(state, resource, id)
    if (row) {
      for (const field of resource.columns) {
        const target = row[field.slot] as Id | null
        if (field.is !== 'one' || target === null || rowIn(state, field.target, target)) continue
        throw dangling(`#${field.pointer}`, `There is no ${field.target.name} ${target}`)
      }
      continue
    }
    for (const field of resource.inbound) {
      // Ephemeral rows are kept elsewhere, and are deleted with the row that they refer to.
      if (field.owner.options.ephemeral) continue
      const [other] = rowsWith(state, field.owner, field.slot, id)
      if (other) throw dangling('#', `A ${field.owner.name} refers to ${resource.name} ${id}`)
    }
  }
}

function dangling(place: string, detail: string): ApiError {
  return new ApiError('conflict', { issues: [{ code: 'reference', pointer: place, detail }] })
}
