import { Refused } from './refused.ts'

/** Parses a JSON text in a path, a query or a form. */
export function parseJsonText(text: unknown): unknown {
  try {
    return JSON.parse(text as string)
  } catch {
    return new Refused('format', 'must be JSON')
  }
}
