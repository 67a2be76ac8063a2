import { randomUUID } from 'node:crypto'
import { MigrationRefused } from '../../migrate/migrations.ts'
import type { DatabaseShape } from '../../migrate/shape.ts'
import type { CopyPairs } from '../../migrate/step.ts'
import { columnTypeOf, type CustomTypes } from '../../migrate/type-data.ts'
import { Refused } from '../../../schema/read/refused.ts'
import type { Connection } from '../connection.ts'
import { literal, quote } from './table-sql.ts'

/** Makes rows of pairs, or pairs of rows. What was there before and has its counterpart stays, and the rest goes. */
export function copyPairs(connection: Connection, step: CopyPairs, shape: DatabaseShape, custom: CustomTypes): void {
  const { columns, way, values } = step
  const [from, to] = way === 'there' ? [step.join, step.table] : [step.table, step.join]
  const sides = columns.map(([of, side]) => (way === 'there' ? [of, side] : [side, of]).map(quote)) as [
    string,
    string,
  ][]
  const same = sides.map(([source, target]) => `f.${source} = t.${target}`).join(' AND ')
  const isWhole = sides.map(([source]) => `f.${source} IS NOT NULL`).join(' AND ')
  const copied = sides.map(([source, target]) => [target, `f.${source}`] as const)
  const given = Object.entries(values).map(([column, value]) => {
    const { sql } = columnTypeOf(shape[step.table]!.columns[column]!, custom)
    return [quote(column), literal(value === null ? null : sql.encode(value))] as const
  })
  const all = way === 'back' ? copied : [...versionAndId(connection, step, shape, custom), ...copied, ...given]
  connection.exec(
    `DELETE FROM ${quote(to)} AS t WHERE NOT EXISTS (SELECT 1 FROM ${quote(from)} f WHERE ${same});
     INSERT OR IGNORE INTO ${quote(to)} (${all.map(([column]) => column).join()})
       SELECT ${all.map(([, value]) => value).join()} FROM ${quote(from)} f
       WHERE ${isWhole} AND NOT EXISTS (SELECT 1 FROM ${quote(to)} t WHERE ${same})`,
  )
}

/** What new rows have beside their fields. They are not in the log: they are older than what it has of their resource. */
function versionAndId(
  connection: Connection,
  { table, columns }: CopyPairs,
  shape: DatabaseShape,
  custom: CustomTypes,
): (readonly [column: string, value: string])[] {
  const { key, resource, columns: all } = shape[table]!
  const id = key[0]!
  const order = columns.map(([of]) => `f.${quote(of)}`).join()
  const highest = `max((SELECT coalesce(max(${quote(id)}), 0) FROM ${quote(table)}),
    coalesce((SELECT CAST(value AS INTEGER) FROM _restuary_meta WHERE key = ${literal(`id:${resource!}`)}), 0))`
  const type = columnTypeOf(all[id]!, custom)
  if (all[id]!.storage !== 'INTEGER')
    connection.db.function('restuary_new_id', { deterministic: false }, () => {
      const read = type.readText(randomUUID())
      if (read instanceof Refused || read === null)
        throw new MigrationRefused(
          `A row of ${resource!} needs an id, which cannot be made: make the rows by a data step`,
        )
      return type.sql.encode(read)
    })
  return [
    [
      quote(id),
      all[id]!.storage === 'INTEGER' ? `${highest} + row_number() OVER (ORDER BY ${order})` : 'restuary_new_id()',
    ],
    ['_seq', '(SELECT max(coalesce(max(seq), 0), 1) FROM _restuary_log)'],
    ['_at', `CAST(unixepoch('subsec') * 1000 AS INTEGER)`],
  ]
}
