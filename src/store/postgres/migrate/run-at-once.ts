import type { DatabaseShape } from '../../migrate/shape.ts'
import type { MigrationStep } from '../../migrate/step.ts'
import type { CustomTypes } from '../../migrate/type-data.ts'
import type { PostgresConnection } from '../connection.ts'
import { quoted } from '../schema/identifier.ts'
import { addShadows, builtName, CHECKED, keyIndexName, linkedSql, linksSql, newKey, swapSql } from './alter-tables.ts'
import { RowConverter } from './convert-rows.ts'
import type { FoundTables } from './found-tables.ts'
import { nativeIndexSql } from './native-column.ts'
import { pairsSql } from './pairs-sql.ts'
import { LogRewriting } from './rewrite-log.ts'
import { tableChanges, type ChangedTable } from './table-changes.ts'

/** Rows that are converted by one statement. */
const BATCH = 2_000

/** A lock of the whole schema for which starts wait, and plans that begin. */
export const startLock = (schema: string | undefined): string =>
  `select pg_advisory_xact_lock(hashtext('restuary ${schema ?? ''}'))`

interface AtOnce {
  readonly shape: DatabaseShape
  readonly found: FoundTables
  readonly steps: readonly MigrationStep[]
  readonly custom: CustomTypes
}

/** Carries out steps within the open transaction, as a start does. What they take away is lost. */
export async function runAtOnce(
  connection: PostgresConnection,
  { shape, found, steps, custom }: AtOnce,
): Promise<void> {
  const changes = tableChanges(shape, found, steps, { custom, keeping: null })
  for (const table of changes.changed) {
    await executeAll(connection, addShadows(table, custom))
    await fillAll(connection, table, found, custom)
  }
  await executeAll(connection, linkedSql(changes, custom))
  for (const table of changes.changed)
    await executeAll(connection, missingIndexes(table, changes.after[table.name]!.key))
  await executeAll(connection, [
    ...swapSql(changes, found, custom),
    ...linksSql(changes, found),
    ...pairsSql(changes, custom),
    VALIDATED,
  ])
  const log = new LogRewriting(shape, steps, custom)
  await log.renameChanged(connection)
  let last: number | null = 0
  while (last !== null) last = await log.next(connection, last, Number.MAX_SAFE_INTEGER)
}

/** Fills the new columns of a table, in the open transaction. */
export async function fillAll(
  connection: PostgresConnection,
  table: ChangedTable,
  found: FoundTables,
  custom: CustomTypes,
): Promise<void> {
  const converter = new RowConverter(connection, table, found.get(table.actual)!, custom)
  if (!converter.hasWork) return
  let last = await converter.next(null, BATCH)
  while (last !== null) last = await converter.next(last, BATCH)
  await connection.exec(CHECKED)
}

/** The indexes that have to be built before everything takes its place. */
export function missingIndexes(table: ChangedTable, key: readonly string[], way: '' | 'concurrently' = ''): string[] {
  const built = table.indexes
    .filter(({ from }) => from === null)
    .map(index => nativeIndexSql(table.actual, builtName(table, index), index, way))
  if (!table.isKeyed) return built
  const keyIndex = { columns: newKey(table, key), unique: true }
  return [...built, nativeIndexSql(table.actual, keyIndexName(table), keyIndex, way)]
}

const UNCHECKED = `select k.conrelid::regclass::text as place, k.conname as name from pg_constraint k
  where k.contype = 'f' and not k.convalidated and k.connamespace = current_schema()::regnamespace`

/** The same as `validateReferences`, in one statement, for whoever has the tables to itself. */
const VALIDATED = `
  do $$ declare found record; begin
    for found in ${UNCHECKED} loop execute format('alter table %s validate constraint %I', found.place, found.name); end loop;
  end $$`

/** Checks foreign keys against the rows that were there before. Writers do not wait for it. */
export async function validateReferences(connection: PostgresConnection): Promise<void> {
  for (const [table, name] of await connection.all({ name: undefined, sql: UNCHECKED, slots: null }))
    await connection.exec(`alter table ${table as string} validate constraint ${quoted(name as string)}`)
}

export async function executeAll(connection: PostgresConnection, statements: readonly string[]): Promise<void> {
  if (statements.length > 0) await connection.exec(statements.join(';\n'))
}
