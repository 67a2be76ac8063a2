import type { DeclaredField, Fields, FieldType } from '../../schema/types.ts'
import type { MaskedField } from '../declare/masked.ts'
import type { Rule } from './rule.ts'

/**
 * A value of type T in a rule: a field of the row, or of the caller.
 *
 * @example
 * resource({ id: t.id(), state: t.enum(['open', 'new', 'done']) }).rules((me, card) => ({ read: card.state.in(['open', 'new']) }))
 */
export interface Expression<T> {
  is(value: T | Expression<T>): Rule
  ne(value: T | Expression<T>): Rule
  gt(value: T): Rule
  gte(value: T): Rule
  lt(value: T): Rule
  lte(value: T): Rule
  in(values: readonly T[] | Expression<readonly T[]>): Rule
  isNull(): Rule
  notNull(): Rule
  contains(text: string): Rule
  startsWith(text: string): Rule
  endsWith(text: string): Rule
}

/**
 * A relation in a rule. It is compared with rows or ids, or leads to fields of the related row.
 *
 * @example
 * resource({ id: t.id(), board: t.one('board'), author: t.one('user') }).rules((me, card) => ({
 *   read: card.board.can('read'),
 *   write: card.author.is(me),
 * }))
 */
export interface RelationExpression {
  is(value: unknown): Rule
  ne(value: unknown): Rule
  in(values: unknown): Rule
  isNull(): Rule
  notNull(): Rule
  /** For a to-many relation: it contains this row. */
  has(value: unknown): Rule
  /** The caller may do this with the related row. For a to-many relation, with at least one of them. */
  can(action: 'read' | 'write' | 'create' | 'delete'): Rule
  /** A field of the related row. */
  readonly [field: string]: any // oxlint-disable-line typescript/no-explicit-any -- the target's fields are known to linking, which refuses unknown ones
}

type ExpressionOf<T extends FieldType> = T['kind'] extends 'scalar' | 'derived'
  ? Expression<T['read']>
  : RelationExpression

/** The row in a rule. */
export type RowExpression<F extends Fields> = { readonly [P in keyof F]: ExpressionOf<F[P]['~type']> } & {
  /** The row itself: `user.is(me)`. */
  is(value: unknown): Rule
}

interface Anyone {
  /** Holds for every known caller. */
  readonly signedIn: Rule
  readonly scopes: { has(scope: string): Rule }
}

/** The caller in a rule: the fields of the user resource, or any member if there is no such resource. */
export type MeExpression<U> = Anyone &
  (U extends Fields
    ? keyof U extends never
      ? { readonly [member: string]: any } // oxlint-disable-line typescript/no-explicit-any -- without a user resource nothing is known of me
      : RowExpression<U>
    : { readonly [member: string]: any }) // oxlint-disable-line typescript/no-explicit-any -- as above

/**
 * What the function given to `.rules(…)` returns. An operation without a rule is refused. `delete` is as `write` unless it has
 * its own rule.
 */
export interface Rules<F extends Fields> {
  readonly read?: Rule
  readonly create?: Rule
  readonly write?: Rule
  readonly delete?: Rule
  readonly actions?: Readonly<Record<string, Rule>>
  readonly fields?: { readonly [P in keyof F]?: FieldRules }
}

interface FieldRules {
  readonly read?: Rule
  readonly write?: Rule
}

/** Refuses unknown rule names. Without this the compiler would accept `delte` in what a function returns. */
export type KnownRules<R, F extends Fields> = Only<R, keyof Rules<F>> &
  (R extends { readonly fields: infer G }
    ? { readonly fields: Only<G, keyof F> & { readonly [P in keyof G]: Only<G[P], keyof FieldRules> } }
    : unknown)

// The compiler prints the text as the type that the value should have.
type Only<T, K extends PropertyKey> = { readonly [P in Exclude<keyof T, K>]: `there is no "${P & string}" here` }

/** The fields of a resource with rules R. Those with a rule for reading are absent from the rows of some callers. */
export type Masked<F extends Fields, R> = R extends { readonly fields: infer G }
  ? { readonly [P in keyof F]: P extends keyof G ? MaskedBy<F[P], G[P]> : F[P] }
  : F
type MaskedBy<S extends DeclaredField, G> = G extends { readonly read: unknown } ? S & MaskedField : S
