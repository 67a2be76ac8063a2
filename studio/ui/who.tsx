import type { VNode } from 'preact'
import type { Id } from '../server/client.ts'

/** A user: what it is called, and its id. */
export function Who({ id, label }: { readonly id: Id; readonly label: string }): VNode {
  return (
    <span class="who" dir="auto">
      {label || 'user'} <small class="muted">{String(id)}</small>
    </span>
  )
}
