import type { Value } from '../schema/field.ts'

/**
 * The one predicate language: a URL filter, a row rule, a subscription's filter and a client's filter are this frozen data.
 * Two-valued logic: a comparison with null is false, `ne` and `nin` match null, `not` is plain negation.
 * Text compares by code point. `fold` folds case by the table of `fold.ts` after NFC.
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

export type CompareOp = 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte'
export type TextOp = 'eq' | 'contains' | 'startsWith' | 'endsWith'
export type Operand = Value

export interface SortKey {
  /** Dotted path of to-one relations, ending in a field: `album.artist.name`. */
  readonly path: readonly string[]
  readonly descending: boolean
}

/** What a list asks for, decoded, checked and canonical. */
export interface Query {
  readonly where: Predicate
  readonly sort: readonly SortKey[]
  /** null: no limit (programmatic calls only). */
  readonly limit: number | null
  readonly offset: number
  /** Decoded key values of a cursor, in the order of the sort keys plus the id, and which way it goes. */
  readonly cursor: { readonly before: boolean; readonly keys: readonly Value[] } | null
  readonly total: boolean
}

/** What of a row is shown. */
export interface Shape {
  readonly depth: number
  /** Dotted relation paths expanded over `depth`. */
  readonly include: readonly string[]
  /** Dotted field paths; null = all. */
  readonly fields: readonly string[] | null
}

/** What is shown where nothing is said: the row's own fields, and ids of what is related. */
export const plainShape: Shape = Object.freeze({ depth: 1, include: Object.freeze([]), fields: null })

export const everything: Predicate = Object.freeze({ kind: 'constant', value: true })
export const nothing: Predicate = Object.freeze({ kind: 'constant', value: false })

/** ANDs predicates, flattening and folding constants. */
export function all(...of: readonly Predicate[]): Predicate {
  return join('and', of, false)
}

/** ORs predicates, flattening and folding constants. */
export function any(...of: readonly Predicate[]): Predicate {
  return join('or', of, true)
}

export function not(of: Predicate): Predicate {
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
