import {
  ID,
  type Join,
  type Model,
  type OneField,
  type Resource,
  type StoredField,
  type Value,
} from '../../model/model.ts'
import { Refused } from '../../schema/read/refused.ts'
import { tablesOf, type TableSpec } from '../sql/tables/schema.ts'
import type { DatabaseShape, TableShape } from './shape.ts'
import { typeData, type CustomTypes } from './type-data.ts'

/** What a database shall look like, and what only the declaration can say of the way there. */
export interface Target {
  readonly shape: DatabaseShape
  /** The former tables of a table, and the former fields of a column (`table.column`), the newest first. */
  readonly formerTables: ReadonlyMap<string, readonly string[]>
  readonly formerFields: ReadonlyMap<string, readonly string[]>
  /** What a new join table may have been before, by its name: a to-one relation. */
  readonly formerLinks: ReadonlyMap<string, readonly FormerLink[]>
  /** What a to-one relation may have been before, by its column (`table.column`): a to-many relation. */
  readonly formerPairs: ReadonlyMap<string, FormerPairs>
  /** The value that rows get for a column (`table.column`) if they have none. */
  readonly presets: ReadonlyMap<string, Value>
  readonly custom: CustomTypes
}

/** A to-many relation that says what it was called: the table that has the column of a former field, and its own columns. */
export interface FormerLink {
  readonly table: string
  readonly fields: readonly string[]
  readonly owner: string
  readonly other: string
}

/** The names that a join table may have had, by the side that it was named after. */
export interface FormerPairs {
  readonly own: readonly string[]
  readonly others: readonly string[]
}

/** What a model needs of a database. `now` is the time for defaults, in milliseconds since the epoch. */
export function targetOf(model: Model, now: number): Target {
  const tables = tablesOf(model)
  const fields = tables.flatMap(({ name, columns }) =>
    columns.flatMap(({ name: column, field }) => (field === null ? [] : [[`${name}.${column}`, field] as const])),
  )
  return {
    shape: Object.fromEntries(tables.map(table => [table.name, tableShape(table, model)])),
    formerLinks: new Map(model.joins.map(join => [join.table, formerLinks(join)])),
    formerPairs: new Map(fields.flatMap(([place, field]) => (field.is === 'one' ? [[place, formerPairs(field)]] : []))),
    formerTables: new Map(
      tables.map(({ name, resource }) => [
        name,
        resource === null ? formerJoins(model.joins.find(({ table }) => table === name)!) : resource.was,
      ]),
    ),
    formerFields: new Map(fields.map(([place, field]) => [place, field.was])),
    presets: new Map(
      fields.flatMap(([place, field]) => {
        const value = presetOfField(field, now)
        return value === null ? [] : [[place, value] as const]
      }),
    ),
    custom: customTypes(model),
  }
}

function tableShape({ name: table, resource, key, columns, indexes }: TableSpec, { joins }: Model): TableShape {
  const join = joins.find(one => one.table === table)
  const sides = new Map(join && [join.a, join.b].map(side => [side.column, typeData(side.resource.id.type)]))
  return {
    resource: resource?.name ?? null,
    key,
    columns: Object.fromEntries(
      columns.map(({ name, codec, required, references, field }) => [
        name,
        {
          field: field?.name ?? null,
          storage: codec.column,
          kind: codec.kind,
          type: field === null ? (sides.get(name) ?? null) : typeData(field.type),
          required,
          references,
        },
      ]),
    ),
    indexes: Object.fromEntries(indexes.map(({ name, columns, unique }) => [name, { columns, unique }])),
  }
}

/** The types of a model that the application has made itself. */
function customTypes(model: Model): CustomTypes {
  const all = [...model.resources.values()].flatMap(({ columns }) => columns.map(({ type }) => type))
  return new Map(all.map(type => [type.name, type]))
}

const names = ({ name, was }: Pick<Resource, 'name' | 'was'>): string[] => [name, ...was]

/** The names that a join table had when its resources and fields had theirs: it is named after one of its two sides. */
function formerJoins({ a, b }: Join): string[] {
  const sides = [a.resource, b.resource].flatMap(resource =>
    resource.fields
      .filter(field => field.is === 'many' && field.join.a === a)
      .flatMap(field => names(resource).flatMap(table => names(field).map(name => `${table}_${name}`))),
  )
  return [...new Set(sides)]
}

function formerLinks({ a, b }: Join): FormerLink[] {
  return [a.resource, b.resource].flatMap(({ table, fields }) =>
    fields.flatMap(field => {
      if (field.is !== 'many' || field.join.a !== a || field.was.length === 0) return []
      const [owner, other] = field.side === 'a' ? [a, b] : [b, a]
      return [{ table, fields: field.was, owner: owner.column, other: other.column }]
    }),
  )
}

/** A to-one relation says what it was called, and so may its other side. */
function formerPairs({ owner, target, was, inverse }: OneField): FormerPairs {
  return {
    own: names(owner).flatMap(table => was.map(name => `${table}_${name}`)),
    others:
      was.length === 0 || inverse === null
        ? []
        : names(target).flatMap(table => names(inverse).map(name => `${table}_${name}`)),
  }
}

function presetOfField(field: StoredField, now: number): Value {
  if (field.slot === ID) return null
  if (field.is === 'scalar' && field.def.now) return field.type.fromDate!(new Date(now))
  if (field.default === null || field.secret) return null
  try {
    const value = 'value' in field.default ? field.default.value : field.default.from({ me: null, auth: {}, now })
    const read = field.type.check(value)
    return read instanceof Refused ? null : read
  } catch {
    return null // the default needs a caller, and a migration has none
  }
}
