import type { Planning } from './plan-steps.ts'
import type { TableShape } from '../shape.ts'

/** A join table, and its columns with the ids of the rows that have a relation, and of those that it leads to. */
export interface FormerJoin {
  readonly join: string
  readonly owner: string
  readonly other: string
}

/** A join table that is not needed any more. Those of other programs lack our index, and stay as they are. */
export const isSurplus = ({ resource, key, indexes }: TableShape): boolean =>
  resource === null && key.length === 2 && Object.keys(indexes).length > 0

/** The join table of a to-many relation that is the to-one relation of a column now, as it says or somebody asked. null = none. */
export function formerJoinOf(table: string, column: string, { shape, target, asked }: Planning): FormerJoin | null {
  const { field, references } = target.shape[table]!.columns[column]!
  const former = target.formerPairs.get(`${table}.${column}`)
  if (references === null || former === undefined) return null
  const renamed = [...asked.renames].flatMap(([place, name]) => (name === field ? [place.replace('.', '_')] : []))
  const own = [...former.own, ...renamed.filter(name => name.startsWith(`${table}_`))]
  for (const [join, as] of Object.entries(shape)) {
    if (target.shape[join] !== undefined || !isSurplus(as)) continue
    const [a, b] = as.key as readonly [string, string]
    const [owner, other] = own.includes(join) ? [a, b] : former.others.includes(join) ? [b, a] : []
    if (owner === undefined || other === undefined) continue
    const leads = (side: string, to: string): boolean => as.columns[side]!.references?.table === to
    if (leads(owner, table) && leads(other, references.table)) return { join, owner, other }
  }
  return null
}
