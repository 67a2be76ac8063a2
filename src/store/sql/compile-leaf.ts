import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { ID, type BackField, type Field, type ManyField } from '../../model/model.ts'
import type { CompareOp } from '../../query/predicate.ts'
import type { SqlDialect } from './dialect.ts'
import { sql, type Sql } from './kysely.ts'
import { comparedOf, typedFor } from './expressions.ts'
import { type Layout } from './layout.ts'
import { codecOfField, fieldOf, shapeOfLeaf, type Leaf } from './leaf.ts'
import { joinIds, visited, visitedRelated, type TableReference } from './place.ts'
import { asShown, idsIn } from './stored-id.ts'

/** The SQL expression for the value of a field. */
export interface SqlExpression {
  readonly sql: Sql
  readonly nullable: boolean
}

/** The SQL expression for the value of a field in a row. */
export function expressionOf(field: Field, place: TableReference): SqlExpression {
  switch (field.is) {
    case 'scalar':
    case 'one': {
      // A table of another program may hold null even where the declaration says otherwise.
      const nullable = field.nullable || (place.layout.baseline !== null && field.slot !== ID)
      return { sql: comparedOf(place.layout, field, place.alias), nullable }
    }
    case 'back': {
      if (field.toMany) throw new Error(`${field.owner.name}.${field.name} has no single value`)
      const { from, on, id } = joinIds(field, place)
      return { sql: sql`(select ${id} from ${from} where ${on})`, nullable: true }
    }
    case 'count':
      return { sql: count(field.of, place), nullable: false }
    case 'many':
    case 'calc':
    case 'self':
      throw new Error(`${field.owner.name}.${field.name} has no single value in the database`)
  }
}

function count(field: BackField | ManyField, place: TableReference): Sql {
  const { from, on } = joinIds(field, place)
  return sql`(select count(*) from ${from} where ${visited(place)}${on})`
}

export const operators: Record<CompareOp, Sql> = {
  eq: sql`=`,
  ne: sql`<>`,
  gt: sql`>`,
  gte: sql`>=`,
  lt: sql`<`,
  lte: sql`<=`,
}

/** The SQL of a condition on one field: where an operator such as `rank[gte]=3` becomes SQL. */
export function compileLeaf(leaf: Leaf, place: TableReference, exact: boolean): Sql {
  const field = fieldOf(place.layout.resource, leaf.field)
  const { variant, binds } = shapeOfLeaf(leaf, place.layout, field)
  // Each value is taken where the text has its place, so the places have the order of `binds`.
  const { names } = place
  const { dialect } = place.layout
  if (leaf.kind === 'has') {
    return variant.endsWith('j')
      ? compileHasMany(leaf, field, place, names.value())
      : compileHas(leaf, field, place, binds.length)
  }
  if (leaf.kind === 'size') {
    if (field.is === 'back' || field.is === 'many') return sql`(${count(field, place)} = ${names.value()})`
    const { sql: list, nullable } = expressionOf(field, place)
    return decided(sql`${dialect.lengthOf(list)} = ${names.value()}`, nullable && exact, dialect)
  }
  if ((field.is === 'back' && field.toMany) || field.is === 'many') return compileMembers(leaf, field, place)
  const { sql: e, nullable } = expressionOf(field, place)
  switch (leaf.kind) {
    case 'null':
      return leaf.is ? sql`(${e} is null)` : sql`(${e} is not null)`
    case 'compare': {
      if (leaf.value === null) return leaf.op === 'ne' ? dialect.yes : dialect.no
      const value = typedFor(place.layout, field, names.value())
      if (leaf.op === 'ne' && nullable) return sql`(${dialect.isOther(e, value)})`
      return decided(sql`${e} ${operators[leaf.op]} ${value}`, nullable && exact, dialect)
    }
    case 'in': {
      if (binds.length === 0) return leaf.negated ? dialect.yes : dialect.no
      const values = binds.map(() => typedFor(place.layout, field, names.value()))
      // The values one by one, or the elements of one JSON text.
      const list = variant === 'j' ? elementsOf(sql.join(values), place.layout, field) : sql.join(values)
      if (!leaf.negated) return decided(sql`${e} in (${list})`, nullable && exact, dialect)
      return nullable ? sql`(${e} is null or ${e} not in (${list}))` : sql`(${e} not in (${list}))`
    }
    case 'text': {
      const isSpelled = variant.endsWith('s')
      const shown = isSpelled ? asShown(field.is === 'one' ? field.target : field.owner, e, dialect) : e
      const text = leaf.fold ? ((isSpelled ? null : place.folded?.get(leaf.field)) ?? dialect.folded(shown)) : shown
      const test = compileText(leaf, text, isSpelled ? variant.slice(0, -1) : variant, place)
      return decided(test, nullable && exact, dialect)
    }
  }
}

/** The elements of a bound list, as the column of a field holds them. */
function elementsOf(list: Sql, layout: Layout, field: Field): Sql {
  const { element, elements } = layout.dialect
  return sql`select ${element(codecOfField(layout, field))} from ${elements(list)}`
}

/** Adds parentheses and, if it matters, turns null into false. */
export function decided(test: Sql, matters: boolean, { orElse, no }: SqlDialect): Sql {
  return matters ? orElse(test, no) : sql`(${test})`
}

function compileText(
  leaf: Extract<Leaf, { kind: 'text' }>,
  text: Sql,
  variant: string,
  { names, layout: { dialect } }: TableReference,
): Sql {
  switch (leaf.op) {
    case 'eq':
      return sql`${text} = ${names.value()}`
    case 'json':
      return dialect.isJson(text, names.value())
    case 'contains':
      return dialect.contains(text, names.value())
    case 'startsWith':
      return variant === 'open'
        ? sql`${text} >= ${names.value()}`
        : sql`${text} >= ${names.value()} and ${text} < ${names.value()}`
    case 'endsWith':
      return variant === 'empty' ? sql`${text} is not null` : dialect.endsWith(text, names.value(), names.value())
  }
}

/** Conditions on the elements of a stored list, or on the ids of a to-many relation. */
function compileHas(leaf: Extract<Leaf, { kind: 'has' }>, field: Field, place: TableReference, binds: number): Sql {
  const { names } = place
  const { yes, no } = place.layout.dialect
  const tests: Sql[] = []
  if (field.is === 'back' || field.is === 'many') {
    for (let i = 0; i < binds; i++) tests.push(contains(field, place, names.value()))
  } else {
    const { sql: list } = expressionOf(field, place)
    // Each element has two binds: its value, and its type.
    for (let i = 0; i < binds; i += 2) tests.push(hasElement(list, place))
    // A list that is null does not contain anything, so `hasAll []` is false for it.
    if (leaf.mode === 'all' && tests.length === 0) return sql`(${list} is not null)`
  }
  if (tests.length === 0) return leaf.mode === 'all' ? yes : no
  return sql`(${sql.join(tests, leaf.mode === 'all' ? sql` and ` : sql` or `)})`
}

/** The same for many values, which are bound as one JSON text: those of a list with their types. */
function compileHasMany(leaf: Extract<Leaf, { kind: 'has' }>, field: Field, place: TableReference, wanted: Sql): Sql {
  const { dialect } = place.layout
  if (field.is === 'back' || field.is === 'many') {
    const { from, on, id } = joinIds(field, place)
    const found = sql`from ${from} where ${visitedRelated(place, id)}${on} and ${id} in ${idsIn(field.target, wanted, dialect)}`
    return leaf.mode === 'any'
      ? sql`exists (select 1 ${found})`
      : sql`((select count(*) ${found}) = ${dialect.lengthOf(wanted)})`
  }
  const { sql: list } = expressionOf(field, place)
  const alias = place.names.table()
  const element = dialect.elementTuple(alias)
  const found = sql`from ${dialect.unpacked(list, alias)} where (${element}) in (${dialect.tuplesOf(wanted)})`
  return leaf.mode === 'any'
    ? sql`exists (select 1 ${found})`
    : sql`((select count(*) from (select distinct ${element} ${found}) as n) = ${dialect.lengthOf(wanted)})`
}

function hasElement(list: Sql, { names, layout: { dialect } }: TableReference): Sql {
  const alias = names.table()
  const test = sql`${dialect.isSame(dialect.elementValue(alias), names.value())} and ${dialect.elementType(alias)} = ${names.value()}`
  return sql`exists (select 1 from ${dialect.unpacked(list, alias)} where ${test})`
}

function contains(field: BackField | ManyField, place: TableReference, value: Sql): Sql {
  const { from, on, id } = joinIds(field, place)
  const typed = typedFor(getOrThrow(place.layouts, field.target), field.target.id, value)
  return sql`exists (select 1 from ${from} where ${on} and ${id} = ${typed})`
}

/** Conditions on a to-many relation as a set of ids: it matches if one id does, and is null if there are none. */
function compileMembers(leaf: Leaf, field: BackField | ManyField, place: TableReference): Sql {
  if (leaf.kind === 'null') {
    const { from, on } = joinIds(field, place)
    return leaf.is
      ? sql`not exists (select 1 from ${from} where ${on})`
      : sql`exists (select 1 from ${from} where ${on})`
  }
  if (leaf.kind === 'compare' && (leaf.op === 'eq' || leaf.op === 'ne') && leaf.value !== null) {
    const test = contains(field, place, place.names.value())
    return leaf.op === 'eq' ? test : sql`not ${test}`
  }
  throw new Error(`${field.owner.name}.${field.name} is a list; ${leaf.kind} does not apply to it`)
}
