import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { Resource } from '../../model/model.ts'
import type { MePlace, RuleOperand, Rule } from '../../model/rules/rule.ts'
import { allOf, anyOf, everything, negate, nothing, type CompareOp, type Predicate } from '../../query/predicate.ts'
import { compareText } from '../../schema/compare.ts'
import type { Value } from '../../schema/field.ts'
import type { Principal } from '../call/call.ts'

/** How many `.can(…)` may lead to another `.can(…)`. In trees that refer to themselves the rule ends here and denies. */
const DEEPEST = 8

/** A rule bound to a caller: a predicate over rows, and functions that no query can express. */
export interface Bound {
  readonly predicate: Predicate
  /** Functions that must hold as well. They are called for each row. */
  readonly tests: readonly FunctionRule[]
}

/**
 * Binds a rule to a caller. Parts about the caller alone are decided here. Comparisons with a value that the caller does not
 * have are false.
 */
export function bindRules(resource: Resource, rule: Rule, me: Principal | null): Bound {
  const tests: FunctionRule[] = []
  const predicate = bindRule(resource, rule, { me, depth: 0, tests })
  return { predicate, tests }
}

type FunctionRule = Rule & { kind: 'js' }

interface Binding {
  readonly me: Principal | null
  /** How many `.can(…)` led here. */
  readonly depth: number
  /** Collects the functions, which no predicate can express. */
  readonly tests: FunctionRule[]
}

function bindRule(resource: Resource, rule: Rule, binding: Binding): Predicate {
  const { me } = binding
  switch (rule.kind) {
    case 'constant':
      return rule.value ? everything : nothing
    case 'and':
      return allOf(...rule.of.map(part => bindRule(resource, part, binding)))
    case 'or':
      return anyOf(...rule.of.map(part => bindRule(resource, part, { ...binding, tests: refused })))
    case 'not':
      return negate(bindRule(resource, rule.of, { ...binding, tests: refused }))
    case 'signedIn':
      return me ? everything : nothing
    case 'compare':
      return bindCompare(resource, rule, me)
    case 'in':
      return bindIn(resource, rule, me)
    case 'null':
      if (rule.left.of === 'me') return holds(((memberOfCaller(rule.left, me) ?? null) === null) === rule.is)
      return at(resource, rule.left.path, (name, owner) => isNull(owner, name, rule.is))
    case 'text': {
      const { op, left, value } = rule
      if (left.of === 'me') return holds(textHolds(op, memberOfCaller(left, me), value))
      return at(resource, left.path, field => ({ kind: 'text', op, field, value, fold: false }))
    }
    case 'has':
      return bindHas(resource, rule, me)
    case 'can':
      return binding.depth >= DEEPEST ? nothing : bindCan(resource, rule, binding)
    case 'js':
      binding.tests.push(rule)
      return everything
  }
}

function bindCompare(resource: Resource, rule: Rule & { kind: 'compare' }, me: Principal | null): Predicate {
  const value = valueOf(rule.right, me)
  if (rule.left.of === 'me') return holds(compareMe(rule.op, memberOfCaller(rule.left, me), value))
  // Without this, rows without an owner would belong to callers without an id.
  if (value === undefined || (value === null && rule.op !== 'ne')) return nothing
  return at(resource, rule.left.path, (name, owner) => compared(owner, name, rule.op, value))
}

function bindIn(resource: Resource, rule: Rule & { kind: 'in' }, me: Principal | null): Predicate {
  const list = Array.isArray(rule.right) ? (rule.right as readonly Value[]) : memberOfCaller(rule.right as MePlace, me)
  const values = Array.isArray(list) ? (list as readonly Value[]) : []
  if (rule.left.of === 'me') return holds(values.includes(memberOfCaller(rule.left, me) as Value))
  if (values.length === 0) return nothing
  return at(resource, rule.left.path, (name, owner) =>
    onId(owner, name, field => ({ kind: 'in', field, values, negated: false })),
  )
}

function bindHas(resource: Resource, rule: Rule & { kind: 'has' }, me: Principal | null): Predicate {
  const value = valueOf(rule.right, me)
  if (rule.left.of === 'me') {
    const list = memberOfCaller(rule.left, me)
    return holds(Array.isArray(list) && list.includes(value))
  }
  if (value === undefined || value === null) return nothing
  return at(resource, rule.left.path, (field, owner) => hasOne(owner, field, value))
}

/**
 * Functions inside any() or not() cannot be separated from the query. Linking refuses such rules; if one gets here, it throws.
 */
const refused: FunctionRule[] = new Proxy([], {
  get: (target, name) =>
    name === 'push'
      ? () => {
          throw new TypeError('a rule by a function may stand alone or within all(), not within any() or not()')
        }
      : Reflect.get(target, name),
})

/** The caller may do something with the related row: its rule becomes a condition on it. */
function bindCan(resource: Resource, { left, action }: Rule & { kind: 'can' }, { me, depth }: Binding): Predicate {
  return at(resource, left.path, (name, owner) => {
    const field = getOrThrow(owner.field, name)
    const target = field.target as Resource
    const rule = ruleFor(target, action)
    if (rule === null) return nothing
    const of = rule === 'open' ? everything : bindRule(target, rule, { me, depth: depth + 1, tests: refused })
    if (of.kind === 'constant' && !of.value) return nothing
    return field.toMany ? { kind: 'many', field: name, quantifier: 'some', of } : { kind: 'one', field: name, of }
  })
}

/**
 * The rule that guards an operation: `open` if the resource has no rules at all, null if it has rules but none for this
 * operation.
 */
export function ruleFor(resource: Resource, action: string): Rule | 'open' | null {
  const { rules } = resource
  if (rules === null) return 'open'
  switch (action) {
    case 'read':
      return rules.read ?? null
    case 'create':
      return rules.create ?? null
    case 'write':
      return rules.write ?? null
    case 'delete':
      return rules.delete ?? rules.write ?? null
    default:
      // An action may be called `delete` like an operation, so its rule is looked up as `act delete`.
      return rules.actions?.[action.startsWith('act ') ? action.slice(4) : action] ?? null
  }
}

/** A condition on the value at the end of a path of to-one relations. */
function at(
  resource: Resource,
  path: readonly string[],
  end: (field: string, owner: Resource) => Predicate,
): Predicate {
  const [name, ...rest] = path as [string, ...string[]]
  const field = resource.field.get(name) ?? resource.id
  if (rest.length === 0) return end(field.name, resource)
  const of = at(field.target as Resource, rest, end)
  return of.kind === 'constant' && !of.value ? nothing : { kind: 'one', field: name, of }
}

function compared(owner: Resource, name: string, op: CompareOp, value: Value): Predicate {
  // If there is no row on the other side, it differs from every value.
  if (op === 'ne' && isBack(owner, name)) return negate(compared(owner, name, 'eq', value))
  return onId(owner, name, field => ({ kind: 'compare', op, field, value }))
}

function isNull(owner: Resource, name: string, is: boolean): Predicate {
  if (!isBack(owner, name)) return { kind: 'null', field: name, is }
  const exists: Predicate = { kind: 'one', field: name, of: everything }
  return is ? negate(exists) : exists
}

/** The other side of a one-to-one relation stores nothing, so a condition on its id becomes one on the related row. */
function onId(owner: Resource, name: string, test: (field: string) => Predicate): Predicate {
  const field = owner.field.get(name)
  return field?.is === 'back' ? { kind: 'one', field: name, of: test(field.target.id.name) } : test(name)
}

const isBack = (owner: Resource, name: string): boolean => owner.field.get(name)?.is === 'back'

function hasOne(owner: Resource, name: string, value: Value): Predicate {
  const field = getOrThrow(owner.field, name)
  if (!field.toMany) return { kind: 'has', field: name, mode: 'any', values: [value] }
  const target = field.target as Resource
  return {
    kind: 'many',
    field: name,
    quantifier: 'some',
    of: { kind: 'compare', op: 'eq', field: target.id.name, value },
  }
}

function valueOf(operand: RuleOperand, me: Principal | null): Value | undefined {
  return operand.of === 'value' ? operand.value : (memberOfCaller(operand, me) as Value | undefined)
}

/** A member of the caller; undefined if the caller does not have it. Sets become lists. */
export function memberOfCaller(place: MePlace, me: Principal | null): unknown {
  let value: unknown = me
  for (const name of place.path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[name]
  }
  return value instanceof Set ? [...value] : value
}

function holds(truth: boolean): Predicate {
  return truth ? everything : nothing
}

/** Compares two values of the caller as SQL would compare those of a row. */
function compareMe(op: string, left: unknown, right: unknown): boolean {
  if (left === undefined || left === null || right === undefined || right === null)
    return op === 'ne' && (left ?? null) !== (right ?? null)
  if (op === 'eq') return left === right
  if (op === 'ne') return left !== right
  if (typeof left !== typeof right) return false
  const order = typeof left === 'string' ? compareText(left, right as string) : Number(left) - Number(right)
  return op === 'gt' ? order > 0 : op === 'gte' ? order >= 0 : op === 'lt' ? order < 0 : order <= 0
}

function textHolds(op: string, left: unknown, text: string): boolean {
  if (typeof left !== 'string') return false
  return op === 'startsWith'
    ? left.startsWith(text)
    : op === 'endsWith'
      ? left.endsWith(text)
      : op === 'contains'
        ? left.includes(text)
        : left === text
}
