import type { Transaction } from './store.ts'
import type { Work } from './work.ts'

/** A unit of work that waits for its turn. */
export interface QueuedWrite {
  readonly work: (tx: Transaction) => Work<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** The result of a unit of work. */
export type WriteResult = { readonly value: unknown } | { readonly error: unknown }

/** Tells those who wait for units what became of them. */
export function settle(units: readonly QueuedWrite[], results: readonly WriteResult[]): void {
  units.forEach(({ resolve, reject }, i) => {
    const result = results[i]!
    if ('error' in result) reject(result.error)
    else resolve(result.value)
  })
}
