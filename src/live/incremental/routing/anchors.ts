import {
  ID,
  type BackField,
  type Field,
  type ManyField,
  type Resource,
  type StoredField,
  type Value,
} from '../../../model/model.ts'
import { hasOrder } from '../../../schema/scalar-type.ts'
import type { Predicate } from '../../../query/predicate.ts'
import { prefixEnd } from '../../../query/prefix.ts'
import { idOnly } from './holds.ts'
import { orderAt, relationPath, type RelationPath, type PathStep } from './path.ts'

/** Values at the end of a path. Every row that satisfies the part of the predicate has one of them. */
export interface ValueAnchor {
  readonly path: RelationPath
  readonly values: readonly Value[]
  readonly cost: number
}

/**
 * An interval that contains a value of every such row; null = unbounded. Its ends are approximate: the predicate itself
 * decides.
 */
export interface RangeAnchor {
  readonly path: RelationPath
  readonly low: Value | null
  readonly high: Value | null
  readonly cost: number
}

/** The place of a predicate in the index of groups. */
export type Anchor = ValueAnchor | RangeAnchor

/**
 * An estimate of how many groups share the values of an anchor. In a conjunction, the part that best tells groups apart is
 * used: an owner rather than a flag.
 */
const COST = {
  id: 1,
  member: 2,
  scalar: 2,
  element: 3,
  prefix: 40,
  betweenTwo: 50,
  enum: 300,
  null: 300,
  oneSided: 500,
  bool: 1_000,
} as const

/** Above this cost, groups are better found in another way, if there is one. */
export const EXPENSIVE = 400

/** How many groups a look-up at all of these anchors is expected to find: every one of them is asked. */
export const costOf = (anchors: readonly Anchor[]): number => anchors.reduce((sum, { cost }) => sum + cost, 0)

/**
 * The anchors of a predicate: if it holds for a row, the row has one of them. null = there are none. A conjunction only needs
 * the part with the fewest candidates, a disjunction needs anchors for every part.
 */
export function anchorsOf(root: Resource, where: Predicate): readonly Anchor[] | null {
  return anchorsAt({ root, steps: [], at: root }, where)
}

/** The rows that a part of a predicate is about: those at the end of some relations. */
export interface Place {
  readonly root: Resource
  readonly steps: readonly PathStep[]
  /** The resource of the rows. */
  readonly at: Resource
}

/** The place that one more relation leads to. */
export function placeBeyond({ root, steps }: Place, field: PathStep): Place {
  return { root, steps: [...steps, field], at: field.target }
}

/** The same for a part of a predicate that is about rows at some place. */
export function anchorsAt(place: Place, where: Predicate): readonly Anchor[] | null {
  const { root, steps, at } = place
  switch (where.kind) {
    case 'constant':
      return where.value ? null : []
    case 'and':
      return cheapest(anchoredParts(place, where.of).map(({ anchors }) => anchors))
    case 'or': {
      const all: Anchor[] = []
      for (const part of where.of) {
        const anchors = anchorsAt(place, part)
        if (!anchors) return null
        all.push(...anchors)
      }
      return all
    }
    case 'not':
      return null
    case 'one': {
      return anchorsAt(placeBeyond(place, at.field.get(where.field) as PathStep), where.of)
    }
    case 'many': {
      if (where.quantifier !== 'some') return null
      const field = at.field.get(where.field) as BackField | ManyField
      const id = idOnly(field.target, where.of)
      if (id === undefined) return anchorsAt(placeBeyond(place, field), where.of)
      return [{ path: relationPath(root, steps, field), values: [id], cost: COST.member }]
    }
    default:
      return anchorOfLeaf(place, where)
  }
}

function anchorOfLeaf(
  { root, steps, at }: Place,
  where: Exclude<Predicate, { kind: 'constant' | 'and' | 'or' | 'not' | 'one' | 'many' }>,
): readonly Anchor[] | null {
  const field = at.field.get(where.field) as Field
  if (field.is !== 'scalar' && field.is !== 'one') return null
  const path = relationPath(root, steps, field)
  const cost = costOfField(field)
  switch (where.kind) {
    case 'compare': {
      const { op, value } = where
      // Nothing equals null, so no row can match.
      if (value === null) return op === 'ne' ? null : []
      if (op === 'ne') return null
      if (op === 'eq') return [{ path, values: [value], cost }]
      if (!isOrdered(field)) return null
      const isLower = op === 'gt' || op === 'gte'
      return [{ path, low: isLower ? value : null, high: isLower ? null : value, cost: COST.oneSided }]
    }
    case 'in': {
      if (where.negated) return null
      return [{ path, values: where.values.filter(v => v !== null), cost: cost * Math.max(where.values.length, 1) }]
    }
    case 'null':
      return where.is ? [{ path, values: [null], cost: COST.null }] : null
    case 'has':
      return where.mode === 'any'
        ? [{ path, values: where.values, cost: COST.element * where.values.length }]
        : where.values.length === 0
          ? null
          : [{ path, values: where.values.slice(0, 1), cost: COST.element }]
    case 'text':
      if (where.fold) return null
      if (where.op === 'eq') return [{ path, values: [where.value], cost }]
      if (where.op !== 'startsWith' || where.value === '') return null
      return [{ path, low: where.value, high: prefixEnd(where.value), cost: COST.prefix }]
    case 'size':
      return null
  }
}

/** A part of a conjunction, with its anchors. */
export interface AnchoredPart {
  readonly where: Predicate
  readonly anchors: readonly Anchor[] | null
}

/** The parts of a conjunction. A lower and an upper bound of the same value are combined into one more part, an interval. */
export function anchoredParts(place: Place, of: readonly Predicate[]): AnchoredPart[] {
  const parts = of.map((where): AnchoredPart => ({ where, anchors: anchorsAt(place, where) }))
  const oneSided = new Map<RelationPath, RangeAnchor[]>()
  for (const { anchors } of parts) {
    const [only, ...others] = anchors ?? []
    if (!only || others.length > 0 || !('low' in only) || (only.low !== null && only.high !== null)) continue
    // Only for to-one paths: of several related rows, one may satisfy the lower bound and another the upper one.
    if (!only.path.steps.slice(place.steps.length).every(step => step.is === 'one')) continue
    const list = oneSided.get(only.path)
    if (list) list.push(only)
    else oneSided.set(only.path, [only])
  }
  for (const [path, ranges] of oneSided)
    if (ranges.length > 1) parts.push({ where: { kind: 'and', of: [] }, anchors: [intersection(path, ranges)] })
  return parts
}

function intersection(path: RelationPath, ranges: readonly RangeAnchor[]): RangeAnchor {
  const order = orderAt(path)
  let low: Value | null = null
  let high: Value | null = null
  for (const range of ranges) {
    if (range.low !== null && (low === null || order(range.low, low) > 0)) low = range.low
    if (range.high !== null && (high === null || order(range.high, high) < 0)) high = range.high
  }
  return { path, low, high, cost: low !== null && high !== null ? COST.betweenTwo : COST.oneSided }
}

/** The anchors with the lowest cost; null if there are none at all. One part of a conjunction is enough to be found by. */
export function cheapest(all: readonly (readonly Anchor[] | null)[]): readonly Anchor[] | null {
  let least: readonly Anchor[] | null = null
  for (const anchors of all) if (anchors && (!least || costOf(anchors) < costOf(least))) least = anchors
  return least
}

const isOrdered = ({ type }: StoredField): boolean => hasOrder(type)

function costOfField(field: StoredField): number {
  if (field.is === 'one' || field.slot === ID) return COST.id
  const { schema } = field.type
  return schema['type'] === 'boolean' ? COST.bool : 'enum' in schema ? COST.enum : COST.scalar
}
