import { ApiError } from '../../protocol/error.ts'
import { patternFault } from '../../schema/pattern/pattern.ts'
import { asText, withNumbers, type JsonItem } from './document.ts'

/** The parameters of a query by their names, each with all its values. */
export type JsonServerQuery = ReadonlyMap<string, readonly string[]>

/** A part of a list, with its total length and its neighbouring pages. */
export interface Slice {
  readonly items: readonly JsonItem[]
  /** The length of the whole list, if the query asks for a part. */
  readonly total: number | null
  /** The numbers of the pages to link to, if the query asks for a page. */
  readonly pages: Readonly<Record<'first' | 'prev' | 'next' | 'last', number | null>> | null
}

const WORDS: ReadonlySet<string> = new Set(
  'q _start _end _page _sort _order _limit _embed _expand _delay callback _'.split(' '),
)
const OPERATOR = /_(lte|gte|ne|like)$/
/** The maximal lengths of a pattern and a text for `_like`, so that matching is fast. */
const LONGEST = { pattern: 1_000, text: 10_000 }

/** The rows that match a query, sorted. As in json-server, parameters that name no member of any row are ignored. */
export function selectItems(items: readonly JsonItem[], query: JsonServerQuery): readonly JsonItem[] {
  const tests = [...query]
    .filter(([name]) => !WORDS.has(name))
    .filter(([name]) => OPERATOR.test(name) || items.some(item => memberAt(withNumbers(item), name) !== undefined))
    .map(([name, values]) => testOf(name, values))
  const search = query.get('q')?.[0]?.toLowerCase()
  const found = items.filter(
    item => (!search || holds(withNumbers(item), search)) && tests.every(test => test(withNumbers(item))),
  )
  const sort = query.get('_sort')?.[0]
  return sort ? sorted(found, sort.split(','), (query.get('_order')?.[0] ?? '').toLowerCase().split(',')) : found
}

/** The part of a list that `_page`, `_start`, `_end` and `_limit` select. */
export function sliceItems(items: readonly JsonItem[], query: JsonServerQuery): Slice {
  const numberOf = (name: string): number => Number.parseInt(query.get(name)?.[0] ?? '', 10) || 0
  const has = (name: string): boolean => (query.get(name)?.[0] ?? '') !== ''
  const whole = has('_end') || has('_limit') || has('_page') ? items.length : null
  if (has('_page')) return pageOf(items, Math.max(numberOf('_page'), 1), numberOf('_limit') || 10)
  if (has('_end')) return { items: items.slice(numberOf('_start'), numberOf('_end')), total: whole, pages: null }
  if (!has('_limit')) return { items, total: null, pages: null }
  const start = numberOf('_start')
  return { items: items.slice(start, start + numberOf('_limit')), total: whole, pages: null }
}

function pageOf(items: readonly JsonItem[], page: number, size: number): Slice {
  const part = items.slice((page - 1) * size, page * size)
  const isPart = part.length > 0 && part.length < items.length
  return {
    items: part,
    total: items.length,
    pages: {
      first: isPart ? 1 : null,
      prev: isPart && page > 1 ? page - 1 : null,
      next: isPart && page * size < items.length ? page + 1 : null,
      last: isPart ? Math.ceil(items.length / size) : null,
    },
  }
}

function testOf(name: string, values: readonly string[]): (item: JsonItem) => boolean {
  const operator = OPERATOR.exec(name)?.[1]
  const path = name.replace(OPERATOR, '')
  const tests = values.map(value => comparison(operator, value))
  return item => {
    const value = memberAt(item, path)
    if (value === undefined || value === null) return false
    return operator === 'ne' ? tests.every(test => test(value)) : tests.some(test => test(value))
  }
}

function comparison(operator: string | undefined, wanted: string): (value: unknown) => boolean {
  switch (operator) {
    // JavaScript's own comparison of a text with a number or another text, as json-server does it.
    case 'gte':
      return value => wanted <= (value as string)
    case 'lte':
      return value => wanted >= (value as string)
    case 'ne':
      return value => wanted !== asText(value)
    case 'like': {
      const pattern = patternOf(wanted)
      return value => pattern.test(asText(value).slice(0, LONGEST.text))
    }
    default:
      return value => wanted === asText(value)
  }
}

function patternOf(text: string): RegExp {
  const refused = (detail: string): ApiError =>
    new ApiError('validation', { issues: [{ code: 'format', parameter: '_like', detail }] })
  if (text.length > LONGEST.pattern) throw refused(`a pattern has at most ${LONGEST.pattern} characters`)
  let pattern: RegExp
  try {
    pattern = new RegExp(text, 'i')
  } catch (error) {
    throw refused((error as Error).message)
  }
  const fault = patternFault(pattern, LONGEST.text)
  if (fault !== null) throw refused(`the pattern ${fault.problem}: ${fault.fix}`)
  return pattern
}

/** The value at a path such as `author.name` or `tags[0]`. A member that has the whole path as its name takes precedence. */
function memberAt(item: JsonItem, path: string): unknown {
  if (Object.hasOwn(item, path)) return item[path]
  let at: unknown = item
  for (const key of path.replaceAll(/\[(\w*)\]/g, '.$1').split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as JsonItem)[key]
  }
  return at
}

/** Whether a value contains a text anywhere, ignoring case. */
function holds(value: unknown, text: string): boolean {
  if (!value) return false
  if (typeof value === 'object') return Object.values(value).some(part => holds(part, text))
  return asText(value).toLowerCase().includes(text)
}

function sorted(items: readonly JsonItem[], paths: readonly string[], orders: readonly string[]): readonly JsonItem[] {
  return items.toSorted((a, b) => {
    for (const [i, path] of paths.entries()) {
      const order = compare(memberAt(withNumbers(a), path), memberAt(withNumbers(b), path))
      if (order !== 0) return orders[i] === 'desc' ? -order : order
    }
    return 0
  })
}

/** Sorts null after all values, and absent members after null. */
function compare(a: unknown, b: unknown): number {
  const rank = (value: unknown): number => (value === undefined ? 2 : value === null ? 1 : 0)
  if (rank(a) !== 0 || rank(b) !== 0) return rank(a) - rank(b)
  return (a as string) > (b as string) ? 1 : (a as string) < (b as string) ? -1 : 0
}
