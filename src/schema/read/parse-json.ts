import { Refused } from './refused.ts'

/** The value of a JSON text, where a path, a query or a form holds one. */
export function parseJson(text: unknown): unknown {
  try {
    return JSON.parse(text as string)
  } catch {
    return new Refused('format', 'must be JSON')
  }
}
