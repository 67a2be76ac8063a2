import type { Author } from '../server/inner.ts'

/** Who changed something, in words: what the user is called, or else its id. */
export function authorWords({ id, label }: NonNullable<Author>): string {
  return label || `user ${String(id)}`
}
