import type { CompareOp, TextOp } from '../../query/predicate.ts'
import type { Value } from '../../schema/field.ts'

/**
 * A declared rule: frozen data about the row and the caller. Bound to a caller it becomes a predicate, so the same
 * expression decides in SQL, in memory and in subscriptions.
 */
export type Rule =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Rule[] }
  | { readonly kind: 'not'; readonly of: Rule }
  | { readonly kind: 'signedIn' }
  | { readonly kind: 'compare'; readonly op: CompareOp; readonly left: RulePlace; readonly right: RuleOperand }
  | { readonly kind: 'in'; readonly left: RulePlace; readonly right: readonly Value[] | MePlace }
  | { readonly kind: 'null'; readonly left: RulePlace; readonly is: boolean }
  | { readonly kind: 'text'; readonly op: TextOp; readonly left: RulePlace; readonly value: string }
  | { readonly kind: 'has'; readonly left: RulePlace; readonly right: RuleOperand }
  | { readonly kind: 'can'; readonly left: RowPlace; readonly action: string }
  | { readonly kind: 'js'; readonly name: string; readonly test: RuleTest }

/** A path of fields that begins at the row, or at the caller. */
export type RulePlace = RowPlace | MePlace
export interface RowPlace {
  readonly of: 'row'
  readonly path: readonly string[]
}
export interface MePlace {
  readonly of: 'me'
  readonly path: readonly string[]
}
export type RuleOperand = { readonly of: 'value'; readonly value: Value } | MePlace

/** A rule as a function. It is called in memory for each row and cannot be part of a query. */
export type RuleTest = (me: Readonly<Record<string, unknown>> | null, row: Readonly<Record<string, unknown>>) => boolean

/** The rules of a resource. An operation without a rule is refused. `delete` is as `write` unless it has its own rule. */
export interface RuleSet {
  readonly read?: Rule
  readonly create?: Rule
  readonly write?: Rule
  readonly delete?: Rule
  readonly actions?: Readonly<Record<string, Rule>>
  readonly fields?: Readonly<Record<string, { readonly read?: Rule; readonly write?: Rule }>>
}

/** The function given to `.rules(…)`, without its types. */
export type RuleFunction = (me: never, row: never) => RuleSet

const PLACE = Symbol('place')

/**
 * Holds if all of these rules hold.
 *
 * @example
 * todo.rules((me, todo) => ({ write: all(todo.owner.is(me), todo.done.is(false)) }))
 */
export function all(...rules: Rule[]): Rule {
  return Object.freeze({ kind: 'and', of: Object.freeze(rules) })
}

/**
 * Holds if at least one of these rules holds.
 *
 * @example
 * todo.rules((me, todo) => ({ read: any(todo.owner.is(me), me.role.is('admin')) }))
 */
export function any(...rules: Rule[]): Rule {
  return Object.freeze({ kind: 'or', of: Object.freeze(rules) })
}

/**
 * Holds if this rule does not hold.
 *
 * @example
 * todo.rules((me, todo) => ({ write: not(todo.done.is(true)) }))
 */
export function not(of: Rule): Rule {
  return Object.freeze({ kind: 'not', of })
}

/**
 * The rule that always holds, for everybody.
 *
 * @example
 * todo.rules(me => ({ read: always, write: me.role.is('admin') }))
 */
export const always: Rule = Object.freeze({ kind: 'constant', value: true })
/**
 * The rule that never holds. What has no rule is refused as well; this one says that it is meant.
 *
 * @example
 * todo.rules(() => ({ read: always, delete: never }))
 */
export const never: Rule = Object.freeze({ kind: 'constant', value: false })

/**
 * Makes a rule of a function. It is called in memory for each row. That is fine for one row and slow for lists, so prefer
 * expressions.
 * @example
 * todo.rules((me, row) => ({ read: always, write: js('same team', (me, row) => me?.['team'] === row['team']) }))
 */
export function js(name: string, test: RuleTest): Rule {
  return Object.freeze({ kind: 'js', name, test })
}

/** Calls the function of a declaration with placeholders instead of values. It returns its rules as data. */
export function ruleSetOf(rules: RuleFunction): RuleSet {
  return rules(placeOf({ of: 'me', path: [] }) as never, placeOf({ of: 'row', path: [] }) as never)
}

/** The operators of a placeholder. Every other name leads to a field. */
const operators: Readonly<Record<string, (left: RulePlace) => unknown>> = {
  is: left => (value: unknown) => compare('eq', ided(left), value),
  ne: left => (value: unknown) => compare('ne', ided(left), value),
  gt: left => (value: unknown) => compare('gt', left, value),
  gte: left => (value: unknown) => compare('gte', left, value),
  lt: left => (value: unknown) => compare('lt', left, value),
  lte: left => (value: unknown) => compare('lte', left, value),
  in: left => (values: unknown) => {
    const place = placeIn(values)
    return Object.freeze({
      kind: 'in',
      left,
      right: place?.of === 'me' ? place : Object.freeze([...(values as Value[])]),
    })
  },
  isNull: left => () => Object.freeze({ kind: 'null', left, is: true }),
  notNull: left => () => Object.freeze({ kind: 'null', left, is: false }),
  contains: left => (value: string) => Object.freeze({ kind: 'text', op: 'contains', left, value }),
  startsWith: left => (value: string) => Object.freeze({ kind: 'text', op: 'startsWith', left, value }),
  endsWith: left => (value: string) => Object.freeze({ kind: 'text', op: 'endsWith', left, value }),
  has: left => (value: unknown) => Object.freeze({ kind: 'has', left, right: operandOf(value) }),
  can: left => (action: string) => Object.freeze({ kind: 'can', left, action }),
}

function placeOf(place: RulePlace): unknown {
  return new Proxy(Object.freeze({ [PLACE]: place }), {
    get(target, name) {
      if (name === PLACE) return target[PLACE]
      if (typeof name === 'symbol') return undefined
      if (place.of === 'me' && place.path.length === 0 && name === 'signedIn')
        return Object.freeze({ kind: 'signedIn' })
      const operator = Object.hasOwn(operators, name) ? operators[name] : undefined
      return operator ? operator(place) : placeOf({ of: place.of, path: Object.freeze([...place.path, name]) })
    },
  })
}

function placeIn(value: unknown): RulePlace | null {
  return typeof value === 'object' && value !== null ? ((value as { [PLACE]?: RulePlace })[PLACE] ?? null) : null
}

/** The row, or the caller, as a whole stands for its id. */
function ided(place: RulePlace): RulePlace {
  return place.path.length === 0 ? { of: place.of, path: ['id'] } : place
}

function operandOf(value: unknown): RuleOperand {
  const place = placeIn(value)
  if (place?.of === 'me') return ided(place) as MePlace
  if (place)
    throw new TypeError(
      'a rule compares a field of the row with a value or with something of me, not with another field of the row',
    )
  return Object.freeze({ of: 'value', value: value as Value })
}

function compare(op: CompareOp, left: RulePlace, value: unknown): Rule {
  const swapped = left.of === 'me' ? placeIn(value) : null
  // `me.id.is(row.owner)` means the same as `row.owner.is(me)`.
  if (swapped?.of === 'row' && (op === 'eq' || op === 'ne'))
    return Object.freeze({ kind: 'compare', op, left: ided(swapped), right: ided(left) as MePlace })
  return Object.freeze({ kind: 'compare', op, left, right: operandOf(value) })
}
