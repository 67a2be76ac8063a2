import type { Query, SortKey } from '../../query/predicate.ts'
import { everything } from '../../query/predicate.ts'
import { isMembers } from './request.ts'

/** Reads the wanted page of a list, which counts from 1. If it is wrong, returns a text that says why. */
export function pageIn(data: unknown): number | string {
  const asked = isMembers(data) && Object.hasOwn(data, 'page') ? data['page'] : 1
  const page = typeof asked === 'string' && /^\s*[+-]?\d+\s*$/.test(asked) ? Number(asked) : asked
  if (typeof page !== 'number' || !Number.isSafeInteger(page)) return 'That page number is not an integer'
  return page < 1 ? 'That page number is less than 1' : page
}

/** The query for a page of rows; rows that are equal in all sort keys are sorted by id. */
export function pageQuery(page: number, size: number, sort: readonly SortKey[] = []): Query {
  return { where: everything, sort, limit: size, offset: (page - 1) * size, cursor: null, total: false }
}
