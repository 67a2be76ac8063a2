import type { PostgresConnection } from '../connection.ts'

/** What the store keeps beside rows, by its keys. Empty while the table is not there. */
export async function storedMeta(connection: PostgresConnection): Promise<ReadonlyMap<string, string>> {
  const exists = "select to_regclass('_restuary_meta') is not null"
  const [row] = await connection.all({ name: undefined, sql: exists, slots: null })
  return row![0] === 1 ? readStoreMeta(connection) : new Map()
}

/** The same of a table that is there. */
export async function readStoreMeta(connection: PostgresConnection): Promise<ReadonlyMap<string, string>> {
  const sql = 'select key, value from _restuary_meta'
  return new Map((await connection.all({ name: undefined, sql, slots: null })) as [string, string][])
}

/** Keeps what is different from what is `stored`. */
export async function storeMeta(
  connection: PostgresConnection,
  stored: ReadonlyMap<string, string>,
  now: Readonly<Record<string, string>>,
): Promise<void> {
  const changed = Object.entries(now).filter(([key, text]) => stored.get(key) !== text)
  if (changed.length === 0) return
  const sql = `insert into _restuary_meta(key, value) select * from unnest($1::text[], $2::text[])
    on conflict (key) do update set value = excluded.value`
  const columns = [0, 1].map(i => changed.map(entry => entry[i]!))
  await connection.all({ name: undefined, sql, slots: null }, ...columns)
}
