import type { Predicate } from '../../../query/predicate.ts'

/** A predicate without the values that it compares with. Groups with the same shape share a plan. */
export function shapeOf(where: Predicate): string {
  switch (where.kind) {
    case 'constant':
      return String(where.value)
    case 'and':
    case 'or':
      return `${where.kind}(${where.of.map(shapeOf).join()})`
    case 'not':
      return `not(${shapeOf(where.of)})`
    case 'one':
      return `${where.field}.(${shapeOf(where.of)})`
    case 'many':
      if (where.quantifier === 'count') return `count ${where.field} ${where.op} (${shapeOf(where.of)})`
      return `${where.quantifier} ${where.field}.(${shapeOf(where.of)})`
    case 'compare':
      return `${where.field} ${where.op}${where.value === null ? ' null' : ''}`
    case 'in':
      // The length affects the cost of the anchor, and with it which anchor is chosen.
      return `${where.field} ${where.negated ? 'nin' : 'in'}${where.values.length}`
    case 'null':
      return `${where.field} ${where.is ? 'null' : 'set'}`
    case 'text':
      return `${where.field} ${where.op}${where.fold ? 'i' : ''}${where.value === '' ? '0' : ''}`
    case 'has':
      return `${where.field} has${where.mode}${where.values.length}`
    case 'size':
      return `${where.field} size`
  }
}
