import type { Value } from '../schema/field.ts'
import { compareText } from '../schema/compare.ts'
import { everything, nothing, type Predicate, type Query, type SortKey } from './predicate.ts'

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
