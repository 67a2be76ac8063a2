import { ApiError, type Issue } from '../protocol/error.ts'

const pageWords: ReadonlySet<string> = new Set(['sort', 'limit', 'offset', 'cursor', 'total'])

/** A write of many rows takes a filter and the words of its answer: no part of a list that another request may change. */
export function checkBulk(
  words: Iterable<string>,
  placeOf: (word: string) => Pick<Issue, 'parameter' | 'pointer'>,
): void {
  const detail = 'A write is for all rows that a filter selects'
  const issues: Issue[] = []
  for (const word of words) if (pageWords.has(word)) issues.push({ code: 'unknown_param', ...placeOf(word), detail })
  if (issues.length > 0) throw new ApiError('unknown_param', { issues })
}
