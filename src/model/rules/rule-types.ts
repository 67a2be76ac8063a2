import type { Fields, FieldType } from '../../schema/types.ts'
import type { Rule } from './rule.ts'

/** A place with values of T in a rule. */
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

/** A relation in a rule: whom it leads to, or what is allowed there. */
export interface RelationExpression {
  is(value: unknown): Rule
  ne(value: unknown): Rule
  in(values: unknown): Rule
  isNull(): Rule
  notNull(): Rule
  /** Of a to-many: one of its rows is this. */
  has(value: unknown): Rule
  /** The caller may do this with the row at the other end; with one of them for a to-many. */
  can(action: 'read' | 'write' | 'create' | 'delete'): Rule
  /** A field of the row at the other end. */
  readonly [field: string]: any // oxlint-disable-line typescript/no-explicit-any -- the target's fields are known to linking, which refuses unknown ones
}

type ExpressionOf<T extends FieldType> = T['kind'] extends 'scalar' | 'derived'
  ? Expression<T['read']>
  : RelationExpression

/** The row in a rule. */
export type RowExpression<F extends Fields> = { readonly [P in keyof F]: ExpressionOf<F[P]['~type']> } & {
  /** This very row: `user.is(me)`. */
  is(value: unknown): Rule
}

interface Anyone {
  /** Somebody calls, whoever it is. */
  readonly signedIn: Rule
  readonly scopes: { has(scope: string): Rule }
}

/** Who calls, in a rule: the fields of the user resource, or any member where none was named. */
export type MeExpression<U> = Anyone &
  (U extends Fields
    ? keyof U extends never
      ? { readonly [member: string]: any } // oxlint-disable-line typescript/no-explicit-any -- without a user resource nothing is known of me
      : RowExpression<U>
    : { readonly [member: string]: any }) // oxlint-disable-line typescript/no-explicit-any -- as above

/** What `.rules(…)` answers with. An operation without a rule is refused; `delete` is as `write` unless it has its own. */
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

/** Without words that no rule has: in what a function returns the compiler would pass over `delte`. */
export type Checked<R, F extends Fields> = Only<R, keyof Rules<F>> &
  (R extends { readonly fields: infer G }
    ? { readonly fields: Only<G, keyof F> & { readonly [P in keyof G]: Only<G[P], keyof FieldRules> } }
    : unknown)

type Only<T, K extends PropertyKey> = { readonly [P in Exclude<keyof T, K>]: never }
