import type { Id } from './client.ts'

/** An id as somebody wrote it: digits are a number. */
export function idOf(text: string): Id {
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text
}
