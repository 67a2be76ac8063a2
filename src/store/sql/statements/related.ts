import { ID, type Join, type OneField, type Resource } from '../../../model/model.ts'
import type { SqlDialect } from '../dialect.ts'
import { bound, compileStatement, sql, type Compiled, type Sql } from '../kysely.ts'
import { columnExpression, fromOf, idExpression, inOrder, rowOf } from '../expressions.ts'
import { codecAt, type Layout } from '../layout.ts'
import { idFormOf, asShown, asStored, idIn, idsIn } from '../stored-id.ts'
import { joinTableOf, tableOf } from '../tables/table-name.ts'

/** The alias of the pairs that a statement is about. */
const T = 't'

/** Pairs of (owner, other), selected by owners: the children of parents, or the links of a join. */
export interface PairTable {
  readonly table: Sql
  readonly dialect: SqlDialect
  readonly owner: (alias: string) => Sql
  readonly other: (alias: string) => Sql
  /** The resource of the owners, and that of the others. */
  readonly of: Resource
  readonly others: Resource
  /** How ids of owners and of others are read. */
  readonly readOwner: (id: Sql) => Sql
  readonly readOther: (id: Sql) => Sql
}

/** How ids of a resource are read. */
function reading(resource: Resource, dialect: SqlDialect): (id: Sql) => Sql {
  if (resource.options.foreign === null) return id => id
  return idFormOf(resource) === 'plain' ? dialect.readSafe : id => asShown(resource, id, dialect)
}

/** The pairs of a to-one relation, seen from its target: the foreign key is the owner, the row that has it the other. */
export function childPairs(via: OneField, layout: Layout): PairTable {
  return {
    table: tableOf(layout.resource),
    dialect: layout.dialect,
    owner: alias => columnExpression(layout, via, alias),
    other: alias => idExpression(layout, alias),
    of: via.target,
    others: via.owner,
    readOwner: reading(via.target, layout.dialect),
    readOther: reading(via.owner, layout.dialect),
  }
}

/** The pairs of a join table, seen from one of its sides. */
export function joinPairs(join: Join, from: 'a' | 'b', dialect: SqlDialect): PairTable {
  const [owner, other] = from === 'a' ? [join.a, join.b] : [join.b, join.a]
  return {
    table: joinTableOf(join),
    dialect,
    owner: alias => sql.id(alias, owner.column),
    other: alias => sql.id(alias, other.column),
    of: owner.resource,
    others: other.resource,
    readOwner: reading(owner.resource, dialect),
    readOther: reading(other.resource, dialect),
  }
}

/**
 * Which pairs are wanted: all, at most some number together, at most some number of each owner, or of the only one. `unsorted`
 * = of each owner, in the order in which the database comes to them, so that nothing is read that nobody takes.
 */
export type Bounded = 'all' | 'together' | 'each' | 'unsorted' | 'one'

/** Binds the owners as JSON, or the only one, then the limit if there is one. */
export function selectPairs(pairs: PairTable, bounded: Bounded): Compiled {
  const [owner, other] = [pairs.owner(T), pairs.other(T)]
  const table = sql`${pairs.table} as ${sql.id(T)}`
  const columns = sql`${pairs.readOwner(owner)}, ${pairs.readOther(other)}`
  return compileStatement(sql`select ${columns}${ofOwners(pairs, table, bounded)}`, pairs.dialect.text)
}

/** The rest of a `select` about the pairs of some owners. */
function ofOwners(pairs: PairTable, table: Sql, bounded: Bounded, and: Sql = sql``): Sql {
  const [owner, other] = [pairs.owner(T), pairs.other(T)]
  if (bounded === 'one')
    return sql` from ${table} where ${owner} = ${asStored(pairs.of, bound(0), pairs.dialect)}${and} order by ${inOrder(pairs.others, other, pairs.dialect)} limit ${bound(1)}`
  const order = sql`order by ${inOrder(pairs.of, owner, pairs.dialect)}, ${inOrder(pairs.others, other, pairs.dialect)}`
  if (bounded !== 'each' && bounded !== 'unsorted') {
    const limit = bounded === 'together' ? sql` limit ${bound(1)}` : sql``
    return sql` from ${table} where ${owner} in ${idsIn(pairs.of, bound(0), pairs.dialect)}${and} ${order}${limit}`
  }
  // One owner at a time, using the index over (owner, other): pairs beyond the limit cost nothing.
  const x = 'x'
  const first = sql`select ${pairs.other(x)} from ${pairs.table} as ${sql.id(x)} where ${pairs.owner(x)} = o.value order by ${inOrder(pairs.others, pairs.other(x), pairs.dialect)} limit ${bound(1)}`
  return sql` from (select distinct ${idIn(pairs.of, pairs.dialect)} as value from ${pairs.dialect.elements(bound(0))}) as o cross join ${table} where ${owner} = o.value and ${other} in (${first})${and} ${bounded === 'each' ? order : sql``}`
}

/** Counts the pairs of each owner. Binds the owners as one JSON text. */
export function countPairs(pairs: PairTable): Compiled {
  const owner = pairs.owner(T)
  return compileStatement(
    sql`select ${pairs.readOwner(owner)}, count(*) from ${pairs.table} as ${sql.id(T)} where ${owner} in ${idsIn(pairs.of, bound(0), pairs.dialect)} group by ${owner}`,
    pairs.dialect.text,
  )
}

/** How many pairs some owners have together. Binds the owners as JSON, then up to how many are counted. */
export function countPairsUpTo(pairs: PairTable): Compiled {
  return compileStatement(
    sql`select count(*) from (select 1 from ${pairs.table} as ${sql.id(T)} where ${pairs.owner(T)} in ${idsIn(pairs.of, bound(0), pairs.dialect)} limit ${bound(1)}) as n`,
    pairs.dialect.text,
  )
}

/** Whole rows of children. */
export function selectChildRows(via: OneField, layout: Layout, bounded: Bounded): Compiled {
  const pairs = childPairs(via, layout)
  const { text } = layout.dialect
  const isSorted = layout.baseline === null && codecAt(layout, ID).column !== 'INTEGER'
  if (!isSorted || bounded === 'all' || bounded === 'each' || bounded === 'unsorted')
    return compileStatement(sql`select ${rowOf(layout, T)}${ofOwners(pairs, fromOf(layout, T), bounded)}`, text)
  // No index has the children of an owner in the order of such ids. So the ids are sorted, and not the rows.
  const table = sql`${pairs.table} as ${sql.id(T)}`
  const first = sql`select ${pairs.owner(T)} as owner, ${pairs.other(T)} as other${ofOwners(pairs, table, bounded)}`
  const row = 'r'
  const order = bounded === 'one' ? sql`f.other` : sql`f.owner, f.other`
  const select = sql`select ${rowOf(layout, row)} from (${first}) as f cross join ${fromOf(layout, row)}`
  return compileStatement(sql`${select} where ${idExpression(layout, row)} = f.other order by ${order}`, text)
}

/** Whole rows at the far side of a join. The owner is one more column at the end. */
export function selectPairRows(join: Join, from: 'a' | 'b', target: Layout, bounded: Bounded): Compiled {
  const pairs = joinPairs(join, from, target.dialect)
  const row = 'r'
  const owner = pairs.readOwner(pairs.owner(T))
  const table = sql`${joinTableOf(join)} as ${sql.id(T)}, ${fromOf(target, row)}`
  const and = sql` and ${idExpression(target, row)} = ${pairs.other(T)}`
  return compileStatement(
    sql`select ${rowOf(target, row)}, ${owner}${ofOwners(pairs, table, bounded, and)}`,
    target.dialect.text,
  )
}

/** Binds a and b. Adding a pair that is there changes nothing. */
export function addPair(join: Join, dialect: SqlDialect): Compiled {
  const { a, b } = join
  const { text, insertOnce } = dialect
  const values = sql`${asStored(a.resource, bound(0), dialect)}, ${asStored(b.resource, bound(1), dialect)}`
  return compileStatement(
    insertOnce(sql`${joinTableOf(join)} (${sql.id(a.column)}, ${sql.id(b.column)}) values (${values})`),
    text,
  )
}

/** Binds a and b. Removing a pair that is not there changes nothing. */
export function removePair(join: Join, dialect: SqlDialect): Compiled {
  const { a, b } = join
  return compileStatement(
    sql`delete from ${joinTableOf(join)} where ${sql.id(a.column)} = ${asStored(a.resource, bound(0), dialect)} and ${sql.id(b.column)} = ${asStored(b.resource, bound(1), dialect)}`,
    dialect.text,
  )
}
