import type { Field, Id, Resource, Row, Value } from '../../model/model.ts'
import type { MePlace, RuleOperand, RulePlace, Rule } from '../../model/rules/rule.ts'
import type { Snapshot } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'
import { bindRules, memberOfCaller, ruleFor } from './bind.ts'
import type { Principal } from '../call/call.ts'
import { allowedRows, guardFrom } from './permissions.ts'

/** Why a caller may or may not do something with a row: each part of the rule, and whether it holds. */
export interface RuleExplanation {
  readonly allowed: boolean
  /** One line per part, indented: `✗ any`, `  ✗ list.owner.is(me)`. */
  readonly lines: readonly string[]
  /** Of each line the values that it compares: `row.owner = 2, me = 1`. Empty = it compares none that can be told. */
  readonly values: readonly string[]
}

/** What is explained: an action of a caller on a row. */
export interface RuleQuestion {
  readonly resource: Resource
  readonly action: string
  readonly id: Id
  readonly me: Principal | null
  /** The resource whose rows are the callers, if there is one. What it hides of them is not told. */
  readonly users?: Resource | null
}

/** Explains a rule for one row. Meant for developers: it reveals what callers may not know. */
export function* explainRule(snapshot: Snapshot, question: RuleQuestion): Work<RuleExplanation> {
  const { resource, action, id, me, users = null } = question
  const row = yield* wait(snapshot.get(resource, id))
  if (!row) return { allowed: false, lines: [`✗ there is no ${resource.name} ${id}`], values: [''] }
  const rule = ruleFor(resource, action)
  if (rule === 'open' || rule === null) return withoutRule(resource, action, rule === 'open')
  const [lines, values]: [string[], string[]] = [[], []]
  const allowed = yield* explainPart({ snapshot, resource, row, me, users, lines, values }, rule, '')
  return { allowed, lines, values }
}

interface Explaining {
  readonly snapshot: Snapshot
  readonly resource: Resource
  readonly row: Row
  readonly me: Principal | null
  readonly users: Resource | null
  readonly lines: string[]
  readonly values: string[]
}

function* explainPart(explaining: Explaining, rule: Rule, indent: string): Work<boolean> {
  const { snapshot, resource, row, me, lines, values } = explaining
  // The line of a group comes before its parts, but its result is known after them.
  const at = lines.length
  lines.push('')
  values.push(yield* valuesIn(explaining, rule))
  let holds: boolean
  if (rule.kind === 'and' || rule.kind === 'or') {
    const parts: boolean[] = []
    for (const part of rule.of) parts.push(yield* explainPart(explaining, part, `${indent}  `))
    holds = rule.kind === 'and' ? parts.every(Boolean) : parts.some(Boolean)
  } else if (rule.kind === 'not') holds = !(yield* explainPart(explaining, rule.of, `${indent}  `))
  else {
    const guard = guardFrom(resource, bindRules(resource, rule, me), me)
    holds = (yield* allowedRows(snapshot, resource, [row], guard)).length > 0
  }
  lines[at] = `${indent}${holds ? '✓' : '✗'} ${headOf(rule)}`
  return holds
}

/** Why a caller may or may not do what is about no row yet; null = it depends on what is written. */
export interface CallerExplanation {
  readonly allowed: boolean | null
  /** As in a RuleExplanation; `?` = the part depends on what is written. */
  readonly lines: readonly string[]
  readonly values: readonly string[]
}

/** Explains a rule as far as it depends on the caller alone: for creating, and for actions of a whole resource. */
export function explainForCaller(question: Omit<RuleQuestion, 'id'>): CallerExplanation {
  const { resource, action, me, users = null } = question
  const rule = ruleFor(resource, action)
  if (rule === 'open' || rule === null) return withoutRule(resource, action, rule === 'open')
  const [lines, values]: [string[], string[]] = [[], []]
  const part = (one: Rule, indent: string): boolean | null => {
    const at = lines.length
    lines.push('')
    values.push(
      placesOf(one)
        .filter(isOfCaller)
        .filter(place => isToldOf(users, place))
        .map(place => told(place, memberOfCaller(place, me)))
        .join(', '),
    )
    const holds = holdsFor(resource, one, me, inner => part(inner, `${indent}  `))
    lines[at] = `${indent}${holds === null ? '?' : holds ? '✓' : '✗'} ${headOf(one)}`
    return holds
  }
  return { allowed: part(rule, ''), lines, values }
}

/** Whether a rule holds for a caller whatever the row is; null = that depends on the row. */
function holdsFor(
  resource: Resource,
  rule: Rule,
  me: Principal | null,
  part: (rule: Rule) => boolean | null,
): boolean | null {
  if (rule.kind === 'and' || rule.kind === 'or') {
    const parts = rule.of.map(part)
    const decides = rule.kind === 'or'
    return parts.includes(decides) ? decides : parts.includes(null) ? null : !decides
  }
  if (rule.kind === 'not') {
    const holds = part(rule.of)
    return holds === null ? null : !holds
  }
  const { predicate, tests } = bindRules(resource, rule, me)
  const isSure = predicate.kind === 'constant' && (!predicate.value || tests.length === 0)
  return isSure ? predicate.value : null
}

/** Without a rule, everybody may do it where there are no rules at all, and nobody where there are others. */
function withoutRule({ name }: Resource, action: string, allowed: boolean): RuleExplanation {
  const line = allowed
    ? `✓ ${name} has no rules`
    : `✗ ${name} has no rule for ${action.replace(/^act /, '')}, which refuses it`
  return { allowed, lines: [line], values: [''] }
}

/** The values that a part compares. */
function* valuesIn({ snapshot, resource, row, me, users }: Explaining, rule: Rule): Work<string> {
  const values: string[] = []
  for (const place of placesOf(rule)) {
    if (isOfCaller(place)) {
      if (isToldOf(users, place)) values.push(told(place, memberOfCaller(place, me)))
    } else {
      const value = yield* fieldOf(snapshot, resource, row, place.path)
      if (value !== undefined) values.push(told(place, value))
    }
  }
  return values.join(', ')
}

/** The places of the row and of the caller that a part without parts looks at. */
function placesOf(rule: Rule): readonly RulePlace[] {
  switch (rule.kind) {
    case 'compare':
    case 'has':
      return rule.right.of === 'value' ? [rule.left] : [rule.left, rule.right]
    case 'in':
      return 'of' in rule.right ? [rule.left, rule.right] : [rule.left]
    case 'null':
    case 'text':
      return [rule.left]
    default:
      return []
  }
}

const isOfCaller = (place: RulePlace): place is MePlace => place.of === 'me'

/** Whether a member of the caller may be told. */
function isToldOf(users: Resource | null, { path }: MePlace): boolean {
  const field = users?.field.get(path[0] ?? 'id')
  return field === undefined || isShown(field)
}

const isShown = (field: Field): boolean => !field.hidden && !(field.is === 'scalar' && field.type.secret)

/** A value of a row, or of a row that it points to; undefined = it is hidden, a list, or of another row than these. */
function* fieldOf(snapshot: Snapshot, resource: Resource, row: Row, path: readonly string[]): Work<Value | undefined> {
  const [name, ...rest] = path
  const field = resource.field.get(name!)
  if (!field || !isShown(field)) return undefined
  if (field.is === 'one' && rest.length > 0) {
    const id = row[field.slot] as Id | null
    const next = id === null ? null : yield* wait(snapshot.get(field.target, id))
    return next ? yield* fieldOf(snapshot, field.target, next, rest) : undefined
  }
  return field.is === 'scalar' || field.is === 'one' ? row[field.slot] : undefined
}

/** A place and its value as a short text. */
function told(place: RulePlace, value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}` : part)) ?? 'none'
  return `${printOperand(place)} = ${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}`
}

/** How many characters of a value are told. */
const LONGEST = 60

function headOf(rule: Rule): string {
  return rule.kind === 'and' ? 'all of' : rule.kind === 'or' ? 'any of' : rule.kind === 'not' ? 'not' : printRule(rule)
}

/** A rule as it was written in the declaration. */
export function printRule(rule: Rule): string {
  switch (rule.kind) {
    case 'constant':
      return rule.value ? 'always' : 'never'
    case 'and':
    case 'or':
      return `${rule.kind === 'and' ? 'all' : 'any'}(${rule.of.map(printRule).join(', ')})`
    case 'not':
      return `not(${printRule(rule.of)})`
    case 'signedIn':
      return 'me.signedIn'
    case 'compare':
      return `${printPlace(rule.left)}.${rule.op === 'eq' ? 'is' : rule.op}(${printOperand(rule.right)})`
    case 'in':
      return `${printPlace(rule.left)}.in(${'of' in rule.right ? printPlace(rule.right) : JSON.stringify(rule.right)})`
    case 'null':
      return `${printPlace(rule.left)}.${rule.is ? 'isNull' : 'notNull'}()`
    case 'text':
      return `${printPlace(rule.left)}.${rule.op}(${JSON.stringify(rule.value)})`
    case 'has':
      return `${printPlace(rule.left)}.has(${printOperand(rule.right)})`
    case 'can':
      return `${printPlace(rule.left)}.can(${JSON.stringify(rule.action)})`
    case 'js':
      return `js(${JSON.stringify(rule.name)})`
  }
}

function printPlace(place: RulePlace): string {
  return [...(place.of === 'me' ? ['me'] : ['row']), ...place.path].join('.')
}

function printOperand(operand: RuleOperand | RulePlace): string {
  if (operand.of === 'value') return JSON.stringify(operand.value)
  return operand.of === 'me' && operand.path.join('.') === 'id' ? 'me' : printPlace(operand)
}
