import { randomUUID } from 'node:crypto'
import type { DatabaseShape } from '../../migrate/shape.ts'
import { PostgresConnection, type PostgresAddress } from '../connection.ts'
import { quoted } from '../schema/identifier.ts'
import { foundTables, type FoundTables } from './found-tables.ts'
import { addReferenceSql, nativeIndexSql } from './native-column.ts'
import { validateReferences } from './run-at-once.ts'

/** What is copied of the store's own tables. Records of the log are not: they are many, and need no trial. */
const OWN = ['_restuary_meta', '_restuary_head', '_restuary_changed', '_restuary_migration']

/** The tables that are copied: those of the application, and what migrations have put aside. */
const copiedTables = (found: FoundTables, shape: DatabaseShape): string[] =>
  [...found.keys()].filter(name => shape[name] !== undefined || name.startsWith('_restuary_was_'))

const TRIGGERS = `
  select 'trigger ' || t.tgname || ' of ' || c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid
  where not t.tgisinternal and t.tgname !~ '^_?restuary_' and c.relnamespace = current_schema()::regnamespace
    and c.relname = any($1::text[])`
const VIEWS = `
  select distinct 'view ' || v.relname from pg_depend d join pg_rewrite r on r.oid = d.objid
    join pg_class v on v.oid = r.ev_class join pg_class c on c.oid = d.refobjid
  where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and v.oid <> c.oid
    and c.relnamespace = current_schema()::regnamespace and c.relname = any($1::text[])`
const FOREIGN_KEYS = `
  select 'foreign key ' || k.conname || ' of ' || c.relname || ', which refers to ' || f.relname
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class f on f.oid = k.confrelid
  where k.contype = 'f' and c.relname <> f.relname and (
    (c.relnamespace = current_schema()::regnamespace and c.relname = any($1::text[]))
    <> (f.relnamespace = current_schema()::regnamespace and f.relname = any($1::text[])))`

/** What depends on the tables of an application, or they on it, and is not in a copy of them. */
export async function uncopied(connection: PostgresConnection, shape: DatabaseShape): Promise<string[]> {
  const tables = copiedTables(await foundTables(connection), shape)
  const all = [TRIGGERS, VIEWS, FOREIGN_KEYS].map(sql =>
    connection.all({ name: undefined, sql: `${sql} order by 1`, slots: null }, tables),
  )
  return (await Promise.all(all)).flat().map(([name]) => name as string)
}

/**
 * Copies the tables of an application to a new schema, with their rows and what migrations have put aside. Returns its name.
 */
export async function copySchema(connection: PostgresConnection, shape: DatabaseShape): Promise<string> {
  const to = `restuary_copy_${randomUUID().slice(0, 8)}`
  const found = await foundTables(connection)
  const tables = copiedTables(found, shape)
  const [row] = await connection.all({ name: undefined, sql: 'select current_schema()', slots: null })
  const from = quoted(row![0] as string)
  const own = OWN.filter(name => found.has(name))
  const statements = [
    'begin isolation level repeatable read',
    `create schema ${to}`,
    `set local search_path = ${to}`,
    ...[...tables, ...own, '_restuary_log'].map(
      name =>
        `create table ${quoted(name)} (like ${from}.${quoted(name)} including defaults including identity including constraints)`,
    ),
    ...[...tables, ...own].map(
      name => `insert into ${quoted(name)} overriding system value select * from ${from}.${quoted(name)}`,
    ),
    // A store that opens the copy makes what is not copied.
    ...(own.includes('_restuary_meta') ? [`delete from _restuary_meta where key in ('tables', 'functions')`] : []),
    // What is noted in the copy has the next number.
    ...(own.includes('_restuary_migration')
      ? [`select setval(pg_get_serial_sequence('_restuary_migration', 'number'), max(number)) from _restuary_migration`]
      : []),
    ...[...tables, ...own, '_restuary_log'].flatMap(name => {
      const { key, indexes, keyName } = found.get(name)!
      return [
        ...(key.length === 0 ? [] : [`alter table ${quoted(name)} add primary key (${key.map(quoted).join()})`]),
        ...[...indexes]
          .filter(([index]) => index !== keyName && index.startsWith('restuary_'))
          .map(([index, as]) => nativeIndexSql(name, index, as)),
      ]
    }),
    ...tables.flatMap(name =>
      [...found.get(name)!.references]
        .filter(([, { table }]) => tables.includes(table))
        .map(([column, reference]) => addReferenceSql(name, column, reference)),
    ),
  ]
  try {
    await connection.exec(statements.join(';\n'))
    await validateReferences(connection)
    await connection.exec('commit')
    return to
  } catch (error) {
    if (!connection.isLost) await connection.exec('rollback')
    throw error
  }
}

export async function dropSchema(address: PostgresAddress, schema: string): Promise<void> {
  const connection = await PostgresConnection.open(address)
  await connection.exec(`drop schema if exists ${schema} cascade`)
  await connection.close()
}
