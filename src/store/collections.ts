import { getOrThrow } from '../protocol/get-or-throw.ts'
import * as types from '../schema/field-types/built-in.ts'
import { checkBigint } from '../schema/field-types/bigint.ts'
import { Refused } from '../schema/read/refused.ts'
import { spelledId } from '../schema/read/spelled-id.ts'
import type { ScalarType } from '../schema/scalar-type.ts'
import { isInternalTable } from '../model/link/names.ts'
import { camelCase, singular } from '../model/link/uri-names.ts'
import { isArgon2id, isPasswordHash } from './sql/tables/password-hash.ts'
import type { Catalog, ColumnInfo, Reference, TableInfo } from './sql/tables/catalog.ts'

type Item = Readonly<Record<string, unknown>>

/**
 * Reads a document in the form of json-server: `{ "posts": [{ "id": 1, … }], "comments": [{ "id": 1, "postId": 1 }] }`. The
 * type of a member is derived from all rows. A member is nullable if some rows lack it, and `postId` is a relation if all its
 * values are ids of `posts`.
 */
export function readCollections(document: unknown): Catalog {
  const skipped: { name: string; why: string }[] = []
  const found: { name: string; items: readonly Item[] }[] = []
  for (const [name, value] of Object.entries(isObject(document) ? document : {})) {
    if (name.startsWith('_restuary_') || isInternalTable(name)) continue // members that Restuary itself uses
    const why = faultOf(value)
    if (why === null) found.push({ name, items: value as Item[] })
    else skipped.push({ name, why })
  }
  const ids = new Map(found.map(({ name, items }) => [name, new Set(items.map(item => item['id']))]))
  const tables = found.map(({ name, items }) => readTable(name, items, ids))
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1)
  return { tables: tables.toSorted(byName), skipped: skipped.toSorted(byName) }
}

/** Why a member of the document cannot be served as a collection; null if it can. */
function faultOf(value: unknown): string | null {
  if (isObject(value)) return 'it is a single object: those are served with --json-server'
  if (!Array.isArray(value)) return 'it is not a list: only lists of objects are served'
  if (!value.every(isObject)) return 'not all of it are objects'
  const ids = value.map(item => item['id'])
  const odd = ids.find(id => typeof id === 'string' && textId.check(spelledId(id)) instanceof Refused)
  if (odd !== undefined) return `its id ${JSON.stringify(odd)} cannot be part of a URI`
  if (!ids.every(id => Number.isSafeInteger(id)) && !isText(ids) && !isLong(ids)) {
    return 'its objects do not all have an "id" that is an integer, or all one that is text: give each one'
  }
  return new Set(ids).size < ids.length ? 'an "id" occurs twice in it: give each object its own' : null
}

const textId = types.id('text')
const isText = (ids: readonly unknown[]): boolean => ids.every(id => typeof id === 'string')
/** Integers, some of which no number can hold: they are read as text. */
const isLong = (values: readonly unknown[]): boolean =>
  values.some(value => typeof value === 'number') && values.every(value => !(checkBigint(value) instanceof Refused))

function readTable(name: string, items: readonly Item[], ids: ReadonlyMap<string, ReadonlySet<unknown>>): TableInfo {
  const members = [...new Set(['id', ...items.flatMap(item => Object.keys(item))])]
  const columns = members.map(member => readColumn(member, items))
  const references = columns.flatMap((column): Reference[] => {
    const target = targetOf(column.name, ids)
    if (target === undefined) return []
    const known = getOrThrow(ids, target)
    // One id without a row is enough: as a relation, that row could not be stored.
    const dangling = items.some(item => item[column.name] != null && !known.has(item[column.name]))
    const onDelete = column.nullable ? 'null' : 'restrict'
    return dangling ? [] : [{ columns: [column.name], table: target, to: ['id'], onDelete }]
  })
  return { name, kind: 'table', columns, key: ['id'], readOnly: null, unique: [], references }
}

function readColumn(name: string, items: readonly Item[]): ColumnInfo {
  const values = items.map(item => item[name])
  const present = values.filter(value => value != null)
  const nullable = present.length < values.length
  const type = items.length === 0 ? types.integer() : typeOf(present)
  return {
    name,
    type,
    mixed: false,
    untyped: false,
    secret: type.name !== 'password' && present.some(value => typeof value === 'string' && isPasswordHash(value)),
    nullable,
    generated: false,
    default: null,
  }
}

function typeOf(values: readonly unknown[]): ScalarType {
  const all = (test: (value: unknown) => boolean): boolean => values.length > 0 && values.every(test)
  if (all(value => Number.isSafeInteger(value))) return types.integer()
  if (isLong(values)) return types.bigint()
  if (all(value => typeof value === 'number')) return types.number()
  if (all(value => typeof value === 'boolean')) return types.bool()
  if (all(value => typeof value === 'string' && isArgon2id(value))) return types.password()
  if (all(value => typeof value === 'string')) return types.text()
  return all(Array.isArray) ? types.list() : types.json()
}

/** The collection that a member refers to: `postId` means `posts` or `post`, as in json-server. */
function targetOf(member: string, ids: ReadonlyMap<string, ReadonlySet<unknown>>): string | undefined {
  const [, base] = /^(.+?)(?:Id|_id)$/.exec(member) ?? []
  if (base === undefined) return undefined
  const wanted = camelCase(base, '')
  return [...ids.keys()].toSorted().find(name => singular(camelCase(name, '')) === wanted)
}

function isObject(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
