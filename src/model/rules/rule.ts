import type { CompareOp, TextOp } from '../../query/predicate.ts'
import type { Value } from '../../schema/field.ts'

/**
 * A rule as declared: frozen data over the row and over who asks. Bound to a caller it becomes a predicate,
 * so one expression decides in SQL, in memory and in subscriptions.
 */
export type Rule =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Rule[] }
  | { readonly kind: 'not'; readonly of: Rule }
  | { readonly kind: 'signedIn' }
  | { readonly kind: 'compare'; readonly op: CompareOp; readonly left: Place; readonly right: Operand }
  | { readonly kind: 'in'; readonly left: Place; readonly right: readonly Value[] | MePlace }
  | { readonly kind: 'null'; readonly left: Place; readonly is: boolean }
  | { readonly kind: 'text'; readonly op: TextOp; readonly left: Place; readonly value: string }
  | { readonly kind: 'has'; readonly left: Place; readonly right: Operand }
  | { readonly kind: 'can'; readonly left: RowPlace; readonly action: string }
  | { readonly kind: 'js'; readonly name: string; readonly test: RuleTest }

/** A path of fields from the row, or from who asks. */
export type Place = RowPlace | MePlace
export interface RowPlace {
  readonly of: 'row'
  readonly path: readonly string[]
}
export interface MePlace {
  readonly of: 'me'
  readonly path: readonly string[]
}
export type Operand = { readonly of: 'value'; readonly value: Value } | MePlace

/** An opaque rule: asked for each row in memory, never part of a query. */
export type RuleTest = (me: Readonly<Record<string, unknown>> | null, row: Readonly<Record<string, unknown>>) => boolean

/** What a resource allows. An operation without a rule is refused; `delete` is as `write` unless it has its own. */
export interface RuleSet {
  readonly read?: Rule
  readonly create?: Rule
  readonly write?: Rule
  readonly delete?: Rule
  readonly actions?: Readonly<Record<string, Rule>>
  readonly fields?: Readonly<Record<string, { readonly read?: Rule; readonly write?: Rule }>>
}

/** The function of `.rules(…)`, without its types. */
export type RuleFunction = (me: never, row: never) => RuleSet

const PLACE = Symbol('place')

/** Both (or all) must hold. */
export function all(...rules: Rule[]): Rule {
  return Object.freeze({ kind: 'and', of: Object.freeze(rules) })
}

/** One of them must hold. */
export function any(...rules: Rule[]): Rule {
  return Object.freeze({ kind: 'or', of: Object.freeze(rules) })
}

export function not(of: Rule): Rule {
  return Object.freeze({ kind: 'not', of })
}

/** Always and never. */
export const always: Rule = Object.freeze({ kind: 'constant', value: true })
export const never: Rule = Object.freeze({ kind: 'constant', value: false })

/** A rule by a function. It is asked for each row in memory: fine for one row, slow for lists, so prefer expressions. */
export function js(name: string, test: RuleTest): Rule {
  return Object.freeze({ kind: 'js', name, test })
}

/** Runs the function of a declaration with places instead of values, which gives its rules as data. */
export function ruleSetOf(rules: RuleFunction): RuleSet {
  return rules(placeOf({ of: 'me', path: [] }) as never, placeOf({ of: 'row', path: [] }) as never)
}

/** Operators of a place; every other name leads on to a field. */
const operators: Readonly<Record<string, (left: Place) => unknown>> = {
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

function placeOf(place: Place): unknown {
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

function placeIn(value: unknown): Place | null {
  return typeof value === 'object' && value !== null ? ((value as { [PLACE]?: Place })[PLACE] ?? null) : null
}

/** The row, or who asks, as a whole stands for its id. */
function ided(place: Place): Place {
  return place.path.length === 0 ? { of: place.of, path: ['id'] } : place
}

function operandOf(value: unknown): Operand {
  const place = placeIn(value)
  if (place?.of === 'me') return ided(place) as MePlace
  if (place)
    throw new TypeError(
      'a rule compares a field of the row with a value or with something of me, not with another field of the row',
    )
  return Object.freeze({ of: 'value', value: value as Value })
}

function compare(op: CompareOp, left: Place, value: unknown): Rule {
  const swapped = left.of === 'me' ? placeIn(value) : null
  // me.id.is(row.owner) says the same as row.owner.is(me)
  if (swapped?.of === 'row' && (op === 'eq' || op === 'ne'))
    return Object.freeze({ kind: 'compare', op, left: ided(swapped), right: ided(left) as MePlace })
  return Object.freeze({ kind: 'compare', op, left, right: operandOf(value) })
}
