import { ApiError, type Issue } from '../protocol/error.ts'

const pageWords: ReadonlySet<string> = new Set(['sort', 'limit', 'offset', 'cursor', 'total'])

/**
 * Refuses parameters of a page for a write of many rows. Such a write applies to all rows that its filter selects: a page may
 * contain other rows by the time it runs.
 */
export function checkBulk(
  words: Iterable<string>,
  placeOf: (word: string) => Pick<Issue, 'parameter' | 'pointer'>,
): void {
  const detail = 'A write is for all rows that a filter selects'
  const issues: Issue[] = []
  for (const word of words) if (pageWords.has(word)) issues.push({ code: 'unknown_param', ...placeOf(word), detail })
  if (issues.length > 0) throw new ApiError('unknown_param', { issues })
}
