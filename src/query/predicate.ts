import { compareText } from '../schema/compare.ts'
import type { Value } from '../schema/field.ts'

/**
 * The one language of conditions. URL filters, row rules, filters of subscriptions and filters of clients all become this
 * frozen data. Its logic has two values: a comparison with null is false, `ne` and `nin` are true for null, and `not` simply
 * negates. Texts are compared by code point. `fold` ignores case: NFC, then the table in `fold.ts`.
 */
export type Predicate =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Predicate[] }
  | { readonly kind: 'not'; readonly of: Predicate }
  | { readonly kind: 'compare'; readonly op: CompareOp; readonly field: string; readonly value: Operand }
  | { readonly kind: 'in'; readonly field: string; readonly values: readonly Value[]; readonly negated: boolean }
  | { readonly kind: 'null'; readonly field: string; readonly is: boolean }
  | {
      readonly kind: 'text'
      readonly op: TextOp
      readonly field: string
      readonly value: string
      readonly fold: boolean
    }
  | { readonly kind: 'has'; readonly field: string; readonly mode: 'any' | 'all'; readonly values: readonly Value[] }
  | { readonly kind: 'size'; readonly field: string; readonly value: number }
  | { readonly kind: 'one'; readonly field: string; readonly of: Predicate }
  | {
      readonly kind: 'many'
      readonly field: string
      readonly quantifier: 'some' | 'every' | 'none'
      readonly of: Predicate
    }
  | CountPredicate

/** Compares how many related rows fulfil a predicate: what counts are compared with, and sizes where rows are hidden. */
export interface CountPredicate {
  readonly kind: 'many'
  readonly field: string
  readonly quantifier: 'count'
  readonly of: Predicate
  readonly op: CompareOp
  readonly value: number
}

export type CompareOp = 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte'
/** `json`: the value is the canonical text of a JSON value, which equals that of the field. */
export type TextOp = 'eq' | 'contains' | 'startsWith' | 'endsWith' | 'json'
export type Operand = Value

/** One key of a sort order. */
export interface SortKey {
  /** Names of to-one relations and a final field: `album.artist.name`. */
  readonly path: readonly string[]
  readonly descending: boolean
}

/** What a list asks for, decoded, checked and canonical. */
export interface Query {
  readonly where: Predicate
  readonly sort: readonly SortKey[]
  /** null = no limit. Only calls of the application may have none. */
  readonly limit: number | null
  readonly offset: number
  /**
   * The values of the sort keys and the id at the edge of a page, and the direction in which the page goes from there. null =
   * the first page.
   */
  readonly cursor: { readonly before: boolean; readonly keys: readonly Value[] } | null
  /** Whether the answer states how many rows match. */
  readonly total: boolean
}

/** Which parts of a row are shown. */
export interface Shape {
  /** How deep related rows are expanded. 1 = they are ids. */
  readonly depth: number
  /** Dotted paths of relations that are expanded in addition. */
  readonly include: readonly string[]
  /** Dotted paths of fields. null = all fields. */
  readonly fields: readonly string[] | null
}

/** The default shape: the row's own fields, and the ids of related rows. */
export const plainShape: Shape = Object.freeze({ depth: 1, include: Object.freeze([]), fields: null })

export const everything: Predicate = Object.freeze({ kind: 'constant', value: true })
export const nothing: Predicate = Object.freeze({ kind: 'constant', value: false })

/** Joins predicates by AND. Nested ANDs are flattened, and constants are simplified away. */
export function allOf(...of: readonly Predicate[]): Predicate {
  return join('and', of, false)
}

/** Joins predicates by OR. Nested ORs are flattened, and constants are simplified away. */
export function anyOf(...of: readonly Predicate[]): Predicate {
  return join('or', of, true)
}

/** The opposite of a predicate. Constants and double negations are resolved at once, so that stores never see them. */
export function negate(of: Predicate): Predicate {
  if (of.kind === 'constant') return of.value ? nothing : everything
  return of.kind === 'not' ? of.of : Object.freeze({ kind: 'not', of })
}

function join(kind: 'and' | 'or', of: readonly Predicate[], absorbing: boolean): Predicate {
  const parts: Predicate[] = []
  for (const p of of) {
    if (p.kind === 'constant') {
      if (p.value === absorbing) return p
    } else if (p.kind === kind) parts.push(...p.of)
    else parts.push(p)
  }
  if (parts.length === 0) return absorbing ? nothing : everything
  return parts.length === 1 ? parts[0]! : Object.freeze({ kind, of: Object.freeze(parts) })
}

type Filter = { readonly [key: string]: unknown }

/**
 * Writes a predicate in canonical JSON form: sorted and without repeated parts. Equal texts mean equal predicates. It is part
 * of cursors and cache keys, and documents show rules in this form.
 */
export function printFilter(predicate: Predicate): string {
  return JSON.stringify(filterOf(predicate))
}

/** Writes sort keys: `-createdAt,name`. */
export function printSort(sort: readonly SortKey[]): string {
  return sort.map(key => (key.descending ? '-' : '') + key.path.join('.')).join(',')
}

/** A text that identifies the list of a query within its resource, whatever page is asked for. */
export function printQuery(query: Pick<Query, 'where' | 'sort'>): string {
  return `${printSort(query.sort)} ${printFilter(query.where)}`
}

/** The JSON form of a predicate as an object. parseFilter reads it back. */
function filterOf(predicate: Predicate): Filter {
  switch (predicate.kind) {
    case 'constant':
      return predicate.value ? {} : { $or: [] }
    case 'and':
      return merged(parts(predicate.of))
    case 'or':
      return { $or: parts(predicate.of) }
    case 'not':
      return { $not: filterOf(predicate.of) }
    case 'compare':
      if (predicate.value === null) return filterOf(predicate.op === 'ne' ? everything : nothing)
      return { [predicate.field]: predicate.op === 'eq' ? predicate.value : { [`$${predicate.op}`]: predicate.value } }
    case 'in':
      return {
        [predicate.field]: { [predicate.negated ? '$nin' : '$in']: set(predicate.values.filter(v => v !== null)) },
      }
    case 'null':
      return { [predicate.field]: predicate.is ? null : { $null: false } }
    case 'text':
      if (predicate.op === 'json') return { [predicate.field]: { $eq: JSON.parse(predicate.value) as Value } }
      return { [predicate.field]: { [textOperator(predicate)]: predicate.value } }
    case 'has': {
      const values = set(predicate.values)
      return {
        [predicate.field]:
          values.length === 1 ? { $has: values[0] } : { [predicate.mode === 'any' ? '$hasAny' : '$hasAll']: values },
      }
    }
    case 'size':
      return { [predicate.field]: { $size: predicate.value } }
    case 'one':
      return { [predicate.field]: filterOf(predicate.of) }
    case 'many':
      if (predicate.quantifier === 'count')
        return { [predicate.field]: { $count: [predicate.op, predicate.value, filterOf(predicate.of)] } }
      return { [predicate.field]: { [`$${predicate.quantifier}`]: filterOf(predicate.of) } }
  }
}

function textOperator(predicate: Predicate & { kind: 'text' }): string {
  return predicate.fold ? `$i${predicate.op.toLowerCase().replace('with', 'With')}` : `$${predicate.op}`
}

/** Each part once, sorted by its text. */
function parts(of: readonly Predicate[]): Filter[] {
  const texts = new Set(of.map(printFilter))
  return [...texts].toSorted(compareText).map(text => JSON.parse(text) as Filter)
}

function set(values: readonly Value[]): Value[] {
  return [...new Set(values)].toSorted((a, b) => compareText(JSON.stringify(a), JSON.stringify(b)))
}

/** Merges filters into one object, as people write it, if they have no member in common. Otherwise they become `$and`. */
function merged(filters: readonly Filter[]): Filter {
  const keys = filters.flatMap(filter => Object.keys(filter))
  return new Set(keys).size === keys.length ? Object.assign({}, ...filters) : { $and: filters }
}
