import type { TableShape } from '../shape.ts'
import type { CopyPairs } from '../step.ts'
import { isSurplus } from './former-relation.ts'
import type { Planning } from './plan-steps.ts'

/**
 * A to-many relation that is a resource with fields of its own now: each pair of its join table becomes a row. The resource says
 * that it was the relation (`.was('todo.labels')`), or somebody asked. null = it was none.
 */
export function pairsOf(table: string, { shape, target, asked }: Planning): CopyPairs | null {
  const wanted = target.shape[table]!
  if (wanted.resource === null) return null
  const relations = (target.formerTables.get(table) ?? []).filter(name => name.includes('.'))
  const named = [
    ...relations.map(name => name.replace('.', '_')),
    ...[...asked.renames].flatMap(([from, to]) => (to === table ? [from.replace('.', '_')] : [])),
  ]
  const surplus = Object.entries(shape).filter(([name, as]) => target.shape[name] === undefined && isSurplus(as))
  const exact = surplus.find(([name]) => named.includes(name))
  if (exact !== undefined) return matched(table, wanted, ...exact, target.presets)
  // The table of a relation with two sides is named after one of them.
  const owners = new Set(relations.map(name => name.split('.')[0]!))
  const fitting = surplus.flatMap(([join, as]) => {
    const tables = as.key.map(column => as.columns[column]!.references?.table)
    const isOwned = tables.some(one => one !== undefined && owners.has(shape[one]?.resource ?? one))
    return isOwned ? (matched(table, wanted, join, as, target.presets) ?? []) : []
  })
  return fitting.length === 1 ? fitting[0]! : null
}

/** The step, if the rows have a to-one relation for each side of the pairs. */
function matched(
  table: string,
  { columns, key }: TableShape,
  join: string,
  as: TableShape,
  presets: Planning['target']['presets'],
): CopyPairs | null {
  const used = new Set<string>()
  const sides = as.key.flatMap((side): (readonly [string, string])[] => {
    const { references } = as.columns[side]!
    const found = Object.entries(columns).find(
      ([name, one]) => !used.has(name) && one.references?.table === references?.table,
    )
    if (references === null || found === undefined) return []
    used.add(found[0])
    return [[side, found[0]]]
  })
  const [a, b] = sides
  if (a === undefined || b === undefined) return null
  const others = Object.entries(columns).filter(
    ([name, { field, required }]) => field !== null && required && !key.includes(name) && !used.has(name),
  )
  const values = others.flatMap(([name]) => {
    const preset = presets.get(`${table}.${name}`)
    return preset === undefined ? [] : [[name, preset] as const]
  })
  return {
    do: 'copy pairs',
    table,
    join,
    columns: [a, b],
    way: 'there',
    values: Object.fromEntries(values),
    lacking: others.map(([name]) => name).filter(name => !values.some(([one]) => one === name)),
  }
}
