import { randomUUID } from 'node:crypto'
import type { DatabaseShape } from '../../migrate/shape.ts'
import { PostgresConnection, type PostgresAddress } from '../connection.ts'
import { quoted } from '../schema/identifier.ts'
import { foundTables } from './found-tables.ts'
import { addReferenceSql, nativeIndexSql } from './native-column.ts'
import { validateReferences } from './run-at-once.ts'

/** What is copied of the store's own tables. Records of the log are not: they are many, and need no trial. */
const OWN = ['_restuary_meta', '_restuary_head', '_restuary_changed', '_restuary_migration']

/**
 * Copies the tables of an application to a new schema, with their rows and what migrations have put aside. Returns its name.
 */
export async function copySchema(connection: PostgresConnection, shape: DatabaseShape): Promise<string> {
  const to = `restuary_copy_${randomUUID().slice(0, 8)}`
  const found = await foundTables(connection)
  const tables = [...found.keys()].filter(name => shape[name] !== undefined || name.startsWith('_restuary_was_'))
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
      [...found.get(name)!.references].map(([column, reference]) => addReferenceSql(name, column, reference)),
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
