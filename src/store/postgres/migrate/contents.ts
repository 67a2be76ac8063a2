import type { TableContent } from '../../migrate/migrations.ts'
import { isVersion, type DatabaseShape } from '../../migrate/shape.ts'
import type { PostgresConnection } from '../connection.ts'
import { quoted } from '../schema/identifier.ts'

/** What the tables of a shape hold. */
export async function tableContents(
  connection: PostgresConnection,
  shape: DatabaseShape,
): Promise<Record<string, TableContent>> {
  const contents: Record<string, TableContent> = {}
  for (const [name, { columns, key }] of Object.entries(shape)) {
    const sorted = Object.keys(columns)
      .filter(column => !isVersion(column))
      .toSorted()
    const line = sorted.map(column => `coalesce(${quoted(column)}::text, '~')`).join(' || chr(1) || ')
    const order = key.map(column => `${quoted(column)}::text collate "C"`).join()
    const lines = `select md5(${line}) as line from ${quoted(name)} order by ${order}`
    const sql = `select count(*), coalesce(md5(string_agg(line, '')), '') from (${lines}) as lines`
    const [row] = await connection.all({ name: undefined, sql, slots: null })
    contents[name] = { rows: row![0] as number, digest: JSON.stringify([sorted, row![1]]) }
  }
  return contents
}
