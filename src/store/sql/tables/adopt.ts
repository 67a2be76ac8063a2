import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import type { AnyResource, ResourceDef } from '../../../model/declare/declaration.ts'
import { foreignOf } from './foreign-of.ts'
import { nameable } from './nameable.ts'
import { pathFault, reservedPaths } from '../../../model/link/names.ts'
import { camelCase, capital, claim, plural, relationName, singular } from '../../../model/link/uri-names.ts'
import type { IdKind } from '../../../schema/field-types/id.ts'
import * as types from '../../../schema/field-types/built-in.ts'
import type { Ctx, FieldDef, FieldOptions, ScalarDef } from '../../../schema/field.ts'
import type { Catalog, ColumnDefault, ColumnInfo, Reference, TableInfo } from './catalog.ts'

/** The resources that were made from a catalog, and what happened to each table. */
export interface Adoption {
  readonly resources: Readonly<Record<string, AnyResource>>
  readonly report: readonly TableReport[]
}

export interface TableReport {
  readonly table: string
  /** The name of the resource; null if the table is not served as one. */
  readonly resource: string | null
  readonly served: 'read and write' | 'read-only' | 'as a relation' | 'not'
  /** What may be unexpected about it, and why. */
  readonly notes: readonly string[]
}

export interface AdoptOptions {
  /** The tables belong to another program: their resources are marked as foreign. */
  readonly foreign: boolean
  /** The database is opened read-only. */
  readonly readOnly?: boolean
  /** Resources also answer under the name of their table: `/post` and `/posts`. */
  readonly tablePaths?: boolean
}

/** A resource while its fields are collected. */
interface Draft {
  readonly table: TableInfo
  readonly name: string
  readonly taken: Set<string>
  readonly fields: [name: string, def: FieldDef][]
  readonly unique: string[][]
  readonly notes: string[]
  /** Field names by column. */
  readonly fieldOf: Map<string, string>
  /** Its to-one relations. */
  readonly ones: { readonly field: string; readonly target: Draft; readonly unique: boolean }[]
}

// Paths of the API itself, and names that have a meaning in JavaScript.
const RESERVED: readonly string[] = [
  ...Object.values(reservedPaths).flatMap(path => (path === null ? [] : [path.slice(1)])),
  'constructor',
  'prototype',
]

/** Names what a catalog holds: the same catalog gives the same declaration, ties go by column name. */
export function adopt(found: Catalog, options: AdoptOptions): Adoption {
  const { catalog, notes } = nameable(found, options.foreign)
  const joins = new Set(catalog.tables.filter(table => isJoin(table, catalog)))
  const names = new Set(RESERVED)
  const drafts = new Map<string, Draft>()
  for (const table of catalog.tables)
    if (!joins.has(table)) drafts.set(table.name, draft(table, names, notes.get(table.name) ?? []))

  for (const one of drafts.values()) addColumns(one, drafts)
  for (const one of drafts.values()) addBacks(one, [...drafts.values()])
  const joined = [...joins].map(join => addMany(join, [...joins], drafts))

  const resources: [string, AnyResource][] = [...drafts.values()].map(one => [
    one.name,
    { '~resource': define(one, options, names) },
  ])
  const report: TableReport[] = [
    ...[...drafts.values()].map(one => reportOf(one, options)),
    ...joined,
    ...catalog.skipped.map(({ name, why }) => ({ table: name, resource: null, served: 'not' as const, notes: [why] })),
  ]
  return {
    resources: Object.freeze(Object.fromEntries(resources)),
    report: report.toSorted((a, b) => (a.table < b.table ? -1 : 1)),
  }
}

function draft(table: TableInfo, names: Set<string>, notes: string[]): Draft {
  const camel = camelCase(table.name, 'table')
  const name = claim(names, singular(camel), camel, `${singular(camel)}Table`)
  return {
    table,
    name,
    taken: new Set(['id', 'constructor', 'prototype']),
    fields: [],
    unique: [],
    notes,
    fieldOf: new Map(),
    ones: [],
  }
}

/**
 * Whether a table is a pure join table: exactly two foreign keys to tables with a key, each pair only once, and no other
 * columns.
 */
function isJoin(table: TableInfo, { tables }: Catalog): boolean {
  if (table.kind !== 'table' || table.columns.length !== 2 || table.references.length !== 2) return false
  const names = table.columns.map(column => column.name)
  const once = [table.key, ...table.unique].some(key => key.length === 2 && names.every(name => key.includes(name)))
  return (
    once &&
    table.references.every(
      one =>
        pointsToKey(
          one,
          tables.find(other => other.name === one.table),
        ) === null,
    )
  )
}

/** Why a foreign key cannot be served as a relation; null if it can. A relation needs one column that holds the id of a row. */
function pointsToKey(reference: Reference, target: TableInfo | undefined): string | null {
  if (target === undefined) return `it points to ${reference.table}, which does not exist`
  if (reference.columns.length > 1) return 'it has several columns'
  if (target.key.length !== 1 || reference.to.length !== 1) return `rows of ${target.name} have no single key`
  if (target.composed === true) return `the ids of ${target.name} are not the values of its key`
  return reference.to[0] === target.key[0] ? null : `it points to ${reference.to.join(', ')}, not to the primary key`
}

function addColumns(one: Draft, drafts: ReadonlyMap<string, Draft>): void {
  const { table, fields, fieldOf, notes, taken } = one
  const key = table.columns.find(
    column => table.key.length === 1 && table.composed !== true && column.name === table.key[0],
  )
  fields.push(['id', idOf(table, key)])
  if (key !== undefined) fieldOf.set(key.name, 'id')

  const relations = new Map<ColumnInfo, { reference: Reference; target: Draft }>()
  for (const reference of table.references) {
    const target = drafts.get(reference.table)
    const column = table.columns.find(column => column.name === reference.columns[0])
    const shown = `${reference.columns.join(', ')} → ${reference.table}`
    const why = pointsToKey(reference, target?.table) ?? (column === key ? 'it is the primary key, too' : null)
    if (why !== null) notes.push(`foreign key ${shown} is shown as stored: ${why}`)
    else if (column && target && !relations.has(column)) relations.set(column, { reference, target })
    else notes.push(`foreign key ${shown} is shown as stored: its column has another one`)
  }
  // Plain columns get their names first, so that a relation never takes the name of a column.
  const named = new Map<string, string>()
  for (const column of table.columns.toSorted(byName)) {
    if (column !== key && !relations.has(column)) named.set(column.name, claim(taken, camelCase(column.name, 'column')))
  }
  for (const [column, { target }] of [...relations].toSorted(([a], [b]) => byName(a, b))) {
    const name = relationName(column.name, target.name)
    named.set(column.name, claim(taken, name, camelCase(column.name, 'column')))
  }
  for (const column of table.columns) {
    const name = named.get(column.name)
    if (name === undefined) continue
    fieldOf.set(column.name, name)
    const unique = table.unique.some(columns => columns.length === 1 && columns[0] === column.name)
    const common = commonOf(column, unique)
    const relation = relations.get(column)
    if (relation === undefined) fields.push([name, { is: 'scalar', type: column.type, ...common }])
    else {
      const onDelete =
        relation.reference.onDelete === 'null' && !column.nullable ? 'restrict' : relation.reference.onDelete
      fields.push([name, { is: 'one', to: relation.target.name, onDelete, ...common }])
      one.ones.push({ field: name, target: relation.target, unique })
    }
  }
  for (const columns of table.unique) {
    const names = columns.map(column => fieldOf.get(column)).filter(name => name !== undefined)
    if (names.length > 1 && names.length === columns.length) one.unique.push(names)
  }
}

/** Kinds of ids by the types of their columns; the rest is text. */
const KEYS: Readonly<Record<string, IdKind>> = { integer: 'integer', bigint: 'bigint', bytes: 'hex' }

function idOf(table: TableInfo, key: ColumnInfo | undefined): ScalarDef {
  const column = table.key[0]
  if (table.key.length === 1 && key === undefined && table.composed !== true) {
    return { is: 'scalar', type: types.id(), readonly: true, ...(column === undefined ? {} : { column }) }
  }
  if (key === undefined) return { is: 'scalar', type: types.id('text'), readonly: true }
  const of = key.type.key ?? KEYS[key.type.name] ?? 'text'
  // Nobody can make up the next text, or which row of another table a key that points there means: the client does.
  const chosen = (of !== 'integer' && of !== 'uuid') || table.references.some(one => one.columns.includes(key.name))
  return {
    is: 'scalar',
    type: types.id(of),
    ...(chosen ? { client: true } : { readonly: true }),
    column: key.name,
  }
}

function commonOf(column: ColumnInfo, unique: boolean): FieldOptions {
  const { default: preset } = column
  return {
    column: column.name,
    ...(column.nullable ? { nullable: true } : {}),
    ...(column.generated ? { readonly: true, nullable: true } : {}),
    ...(unique ? { unique: true } : {}),
    ...(preset === null ? {} : { default: presetOf(preset) }),
  }
}

/** The default of a column. The SQL text is attached to the function, so that `restuary import` can print it. */
function presetOf(preset: ColumnDefault): NonNullable<FieldOptions['default']> {
  if ('value' in preset) return preset
  const from = (ctx: Ctx): unknown => preset.evaluate(ctx.now)
  return { from: Object.assign(from, { sql: preset.sql, ...(preset.isFilled && { isFilled: true }) }) }
}

/** Adds the other sides of foreign keys: `tracks`, or `customersBySupportRep` if several foreign keys lead here. */
function addBacks(parent: Draft, drafts: readonly Draft[]): void {
  for (const child of drafts) {
    const ways = child.ones.filter(one => one.target === parent)
    for (const { field, unique } of ways.toSorted((a, b) => (a.field < b.field ? -1 : 1))) {
      const base = unique ? child.name : plural(child.name)
      const by = `${base}By${capital(field)}`
      const name = ways.length > 1 ? claim(parent.taken, by) : claim(parent.taken, base, by)
      parent.fields.push([
        name,
        { is: 'back', to: child.name, via: field, ...(unique ? { one: true } : { ids: false }) },
      ])
      for (const [at, [known, def]] of child.fields.entries())
        if (known === field && def.is === 'one') child.fields[at] = [field, { ...def, inverse: name }]
    }
  }
}

/** Adds both sides of a join table. */
function addMany(join: TableInfo, joins: readonly TableInfo[], drafts: ReadonlyMap<string, Draft>): TableReport {
  const [a, b] = join.references.toSorted((x, y) => (columnOf(x) < columnOf(y) ? -1 : 1)) as [Reference, Reference]
  const self = a.table === b.table
  const alike = joins.filter(other => usedTables(other) === usedTables(join)).length > 1
  const [first, second] = [side(a, b), side(b, a)]
  for (const [{ owner, to, name, from, other }, inverse] of [[first, second] as const, [second, first] as const]) {
    const { name: table, ...place } = join.postgres ?? { name: join.name }
    const through = { table, from, to: other, ...place }
    owner.fields.push([name, { is: 'many', to: to.name, inverse: inverse.name, ids: false, through }])
  }
  const notes = [first, second].map(({ owner, name }) => `${owner.name}.${name}`)
  return { table: join.name, resource: null, served: 'as a relation', notes }

  function side(
    from: Reference,
    to: Reference,
  ): { owner: Draft; to: Draft; name: string; from: string; other: string } {
    const owner = getOrThrow(drafts, from.table)
    const target = getOrThrow(drafts, to.table)
    const base = plural(self ? relationName(columnOf(to), target.name) : target.name)
    const by = `${base}By${capital(singular(camelCase(join.name, 'table')))}`
    const name = alike ? claim(owner.taken, by) : claim(owner.taken, base, by)
    return { owner, to: target, name, from: columnOf(from), other: columnOf(to) }
  }
}

/** The only column of a foreign key that is served as a relation. */
const columnOf = ({ columns: [column = ''] }: Reference): string => column

const usedTables = (join: TableInfo): string =>
  join.references
    .map(one => one.table)
    .toSorted()
    .join('\n')

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1)

function define(one: Draft, options: AdoptOptions, names: ReadonlySet<string>): ResourceDef {
  const readOnly = options.readOnly === true || one.table.readOnly !== null
  const { name } = one.table
  const byTable = options.tablePaths === true && !names.has(name) && pathFault('/' + name) === null
  return Object.freeze({
    fields: Object.freeze(Object.fromEntries(one.fields)),
    table: one.table.name,
    // Two resources cannot have the same title, as `track` and `tracks` would.
    ...(singular(one.name) === one.name ? {} : { title: capital(one.name) }),
    checks: [],
    unique: one.unique,
    index: [],
    ...(readOnly ? { readOnly } : {}),
    ...(byTable ? { path: [one.name, one.table.name] } : {}),
    ...(options.foreign && one.table.own !== true ? { foreign: foreignOf(one.table) } : {}),
  })
}

function reportOf({ table, name, notes }: Draft, { readOnly }: AdoptOptions): TableReport {
  const all = [
    ...(table.readOnly === null ? [] : [`read-only: ${table.readOnly}`]),
    ...(table.own === true ? ['its rules are not in the file: what the application hides is shown'] : []),
    ...notes,
  ]
  const served = readOnly === true || table.readOnly !== null ? 'read-only' : 'read and write'
  return { table: table.name, resource: name, served, notes: all }
}
