import type { PostgresConnection } from '../connection.ts'

/** What the store keeps beside rows, by its keys. Empty while the table is not there. */
export async function storedMeta(connection: PostgresConnection): Promise<ReadonlyMap<string, string>> {
  const all = (sql: string): Promise<unknown[][]> => connection.all({ name: undefined, sql, slots: null })
  const [exists] = await all("select to_regclass('_restuary_meta') is not null")
  if (exists![0] !== 1) return new Map()
  return new Map((await all('select key, value from _restuary_meta')) as [string, string][])
}

/** Keeps what is different from what is `stored`. */
export async function storeMeta(
  connection: PostgresConnection,
  stored: ReadonlyMap<string, string>,
  now: Readonly<Record<string, string>>,
): Promise<void> {
  const sql = `insert into _restuary_meta(key, value) values ($1, $2) on conflict (key) do update set value = excluded.value`
  const changed = Object.entries(now).filter(([key, text]) => stored.get(key) !== text)
  await Promise.all(changed.map(([key, text]) => connection.all({ name: undefined, sql, slots: null }, key, text)))
}
