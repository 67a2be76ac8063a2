import type { Resource } from '../model/model.ts'
import { ApiError } from '../protocol/error.ts'
import type { Predicate, SortKey } from '../query/predicate.ts'

/** A query, as far as an index may serve it. */
export interface Visiting {
  readonly where: Predicate
  readonly sort: readonly SortKey[]
}

/** ApiError `too_complex` for a query that visits more rows than it may, with the index that would help. */
export function tooManyVisits(resource: Resource, asked: Visiting, most: number): ApiError {
  const fields = helpful(resource, asked)
  const help =
    fields.length > 0
      ? `an index of ${resource.name} over ${fields.join(', ')} would help`
      : 'no index serves this condition; filter by an indexed field as well'
  return new ApiError('too_complex', {
    detail: `more than ${most} rows of ${resource.name} would have to be visited: ${help}`,
    members: { visited: most, ...(fields.length > 0 && { index: fields }) },
  })
}

/** What is compared with one value, then what is sorted by or compared with a range: the order of an index's fields. */
function helpful(resource: Resource, { where, sort }: Visiting): string[] {
  const tests = where.kind === 'and' ? where.of : [where]
  const equal: string[] = []
  const ranges: string[] = []
  for (const test of tests) {
    if (test.kind === 'compare' && test.op === 'eq') equal.push(test.field)
    else if (test.kind === 'in' && !test.negated) ranges.push(test.field)
    else if (test.kind === 'compare' && test.op !== 'ne') ranges.push(test.field)
    else if (test.kind === 'text' && !test.fold && (test.op === 'eq' || test.op === 'startsWith'))
      (test.op === 'eq' ? equal : ranges).push(test.field)
  }
  const sorted = sort.filter(({ path }) => path.length === 1).map(({ path }) => path[0]!)
  const isColumn = (name: string): boolean => {
    const field = resource.field.get(name)
    return (field?.is === 'scalar' && field !== resource.id) || field?.is === 'one'
  }
  return [...new Set([...equal, ...(sorted.length > 0 ? sorted : ranges)])].filter(isColumn)
}
