import type { DatabaseSync } from 'node:sqlite'
import * as types from '../../../schema/field-types/built-in.ts'
import type { ScalarType } from '../../../schema/scalar-type.ts'
import { columnType, type Seen } from './column-type.ts'

/** Tables that an application of Restuary made, with the kind of each column. */
export type OwnTables = ReadonlyMap<string, ReadonlyMap<string, string>>

/**
 * The key of `_restuary_meta` under which the kinds of columns are kept, as `{"table.column": "kind"}`. SQLite's types do
 * not distinguish a decimal from an integer, for instance.
 */
export const KINDS = 'kinds'
export type Kinds = Readonly<Record<string, string>>

/** Reads which tables are an application's own. Empty for files of other programs. */
export function ownTables(db: DatabaseSync): OwnTables {
  const has = db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = '_restuary_meta'`).get()
  const text = has && db.prepare('SELECT value FROM _restuary_meta WHERE key = ?').get(KINDS)?.['value']
  const kinds = JSON.parse(typeof text === 'string' ? text : '{}') as Kinds
  const columns = Object.entries(kinds)
  const tables = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all()
  return new Map(
    tables.flatMap(({ name }) => {
      const prefix = `${String(name)}.`
      const own = columns.filter(([path]) => path.startsWith(prefix))
      return own.length === 0
        ? []
        : [[String(name), new Map(own.map(([path, kind]) => [path.slice(prefix.length), kind]))]]
    }),
  )
}

const TYPES: Readonly<Record<string, ScalarType>> = {
  bool: types.bool(),
  date: types.date(),
  datetime: types.datetime(),
  json: types.json(),
  list: types.list(),
  password: types.password(),
}

/** The type of an application's own column. Its own types are unknown here; their values are shown as stored. */
export function ownType(kind: string, declared: string, seen: ReadonlySet<Seen>): ScalarType {
  const places = /^decimal\.(\d+)$/.exec(kind)?.[1]
  if (places !== undefined) return types.decimal({ digits: 18, places: Number(places) })
  return TYPES[kind] ?? columnType(declared, seen).type
}
