import type { Query } from '../../query/predicate.ts'
import { everything } from '../../query/predicate.ts'
import { isMembers } from './request.ts'

/** The page of a list that is asked for, 1-based; a text says what is wrong with it. */
export function pageIn(data: unknown): number | string {
  const asked = isMembers(data) && Object.hasOwn(data, 'page') ? data['page'] : 1
  const page = typeof asked === 'string' && /^\s*[+-]?\d+\s*$/.test(asked) ? Number(asked) : asked
  if (typeof page !== 'number' || !Number.isSafeInteger(page)) return 'That page number is not an integer'
  return page < 1 ? 'That page number is less than 1' : page
}

/** The query of a page of rows by ascending id. */
export function pageQuery(page: number, size: number): Query {
  return { where: everything, sort: [], limit: size, offset: (page - 1) * size, cursor: null, total: false }
}
