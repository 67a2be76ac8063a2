import type { Predicate } from '../../../query/predicate.ts'
import type { Select } from '../../store.ts'

/**
 * Whether SQLite's plan of a list (EXPLAIN QUERY PLAN) visits hardly more rows than it answers with: an index or the
 * table itself is read in the order of the list, all tests are terms of that search, and a limit ends it.
 */
export function isServed(plan: readonly string[], { where, limit, cursor }: Select): boolean {
  if (limit === null) return false
  const [first = '', ...rest] = plan.filter(step => !IN_LIST.test(step))
  if (!rest.every(step => BY_KEY.test(step))) return false
  const tests = termsOf(where) + (cursor ? 1 : 0)
  if (/^SCAN t(?: USING (?:COVERING )?INDEX \S+)?$/.test(first)) return tests === 0
  const terms = /^SEARCH t USING (?:INTEGER PRIMARY KEY|(?:COVERING )?INDEX \S+) \((.*)\)$/.exec(first)?.[1]
  return terms !== undefined && terms.split(' AND ').length === tests
}

/** Whether a plan visits each row of its table at most once, and other rows only by their keys. */
export function visitsOnce(plan: readonly string[]): boolean {
  const [first = '', ...rest] = plan.filter(step => !IN_LIST.test(step))
  return /^(?:SCAN|SEARCH) t(?: |$)/.test(first) && rest.every(step => SORTING.test(step) || BY_KEY.test(step))
}

/** Whether a plan visits each row once, and one beside the other: other rows are often on pages that have to be read first. */
export function visitsNeighbours(plan: readonly string[]): boolean {
  return visitsOnce(plan) && NEIGHBOURS.test(plan.find(step => !IN_LIST.test(step)) ?? '')
}

/**
 * The index in whose order a list is read, where SQLite sorts at most rows alike in the first key; null if there is none.
 */
export function indexInOrder(plan: readonly string[]): string | null {
  const [first = '', ...rest] = plan
  if (!rest.every(step => SORTING_LAST.test(step) || BY_KEY.test(step))) return null
  return /^SCAN t USING (?:COVERING )?INDEX (.+)$/.exec(first)?.[1] ?? null
}

/** The table itself, or an index that has all that is needed. */
const NEIGHBOURS = /^(?:SCAN|SEARCH) t(?: USING (?:INTEGER PRIMARY KEY|COVERING INDEX) .*)?$/

/** Values of an `in`. */
const IN_LIST = /^(?:LIST SUBQUERY \d+|SCAN json_each VIRTUAL TABLE.*)$/

const SORTING = /^USE TEMP B-TREE FOR (?:LAST (?:TERM|\d+ TERMS) OF )?ORDER BY$/

/** Rows that are alike in the first keys are sorted by the others. */
const SORTING_LAST = /^USE TEMP B-TREE FOR LAST (?:TERM|\d+ TERMS) OF ORDER BY$/

/** A related row, or a row's version, that is found by its key. */
const BY_KEY =
  /^SEARCH (?:t\d+|tv) USING (?:INTEGER PRIMARY KEY|PRIMARY KEY|(?:COVERING )?INDEX sqlite_autoindex_\S+) \([^<>]*\)(?: LEFT-JOIN)?$/

/** How many terms a search has that tests all of it; Infinity for what is no term of a search. */
function termsOf(where: Predicate): number {
  switch (where.kind) {
    case 'constant':
      return where.value ? 0 : Infinity
    case 'and':
      return where.of.reduce((sum, part) => sum + termsOf(part), 0)
    case 'compare':
      return where.value === null || where.op === 'ne' ? Infinity : 1
    case 'null':
      return where.is ? 1 : Infinity
    case 'in':
      return where.negated ? Infinity : 1
    case 'text':
      if (where.fold) return Infinity
      return where.op === 'eq' ? 1 : where.op === 'startsWith' ? 2 : Infinity
    default:
      return Infinity
  }
}
