import { MigrationRefused } from '../../migrate/migrations.ts'
import type { DatabaseShape } from '../../migrate/shape.ts'
import type { CopyPairs } from '../../migrate/step.ts'
import type { CustomTypes } from '../../migrate/type-data.ts'
import { identifier, quoted } from '../schema/identifier.ts'
import { CHECKED } from './alter-tables.ts'
import { encodedNative, nativeColumn, nativeLiteral } from './native-column.ts'
import { isPassing, type TableChanges } from './table-changes.ts'

/** Makes rows of pairs, or pairs of rows, when everything has its place: the tables that they are in have their new names. */
export function pairsSql({ pairs, dropped, after, shape }: TableChanges, custom: CustomTypes): string[] {
  return pairs.flatMap(step => {
    const [source, to] = step.way === 'there' ? [step.join, step.table] : [step.table, step.join]
    const from = dropped.find(({ name }) => name === source)!.to!
    return [
      ...copySql(step, from, to, { ...shape, ...after }, custom),
      CHECKED,
      ...(isPassing(from) ? [`drop table ${quoted(from)}`] : []),
    ]
  })
}

/** What was there before and has its counterpart stays, and the rest goes. */
function copySql(step: CopyPairs, from: string, to: string, shape: DatabaseShape, custom: CustomTypes): string[] {
  const { columns, way, values } = step
  const sides = columns.map(([of, side]) => (way === 'there' ? [of, side] : [side, of]).map(quoted)) as [
    string,
    string,
  ][]
  const same = sides.map(([source, target]) => `f.${source} = t.${target}`).join(' and ')
  const isWhole = sides.map(([source]) => `f.${source} is not null`).join(' and ')
  const copied = sides.map(([source, target]) => [target, `f.${source}`] as const)
  const given = Object.entries(values).map(([column, value]) => {
    const native = nativeColumn(shape[step.table]!.columns[column]!, custom)
    return [quoted(column), nativeLiteral(encodedNative(native, value))] as const
  })
  const all = way === 'back' ? copied : [...versionAndId(step, shape, custom), ...copied, ...given]
  return [
    `delete from ${quoted(to)} t where not exists (select 1 from ${quoted(from)} f where ${same})`,
    CHECKED,
    `insert into ${quoted(to)} (${all.map(([column]) => column).join()})
      select ${all.map(([, value]) => value).join()} from ${quoted(from)} f
      where ${isWhole} and not exists (select 1 from ${quoted(to)} t where ${same}) on conflict do nothing`,
  ]
}

/** What new rows have beside their fields. They are not in the log: they are older than what it has of their resource. */
function versionAndId(
  { table, columns }: CopyPairs,
  shape: DatabaseShape,
  custom: CustomTypes,
): (readonly [column: string, value: string])[] {
  const { key, columns: all, resource } = shape[table]!
  const id = key[0]!
  const order = columns.map(([of]) => `f.${quoted(of)}`).join()
  const sequence = quoted(identifier(`_restuary_id_${table}`)).replaceAll("'", "''")
  const highest = `(select greatest(coalesce(max(${quoted(id)}), 0),
    coalesce(pg_sequence_last_value(to_regclass('${sequence}')), 0)) from ${quoted(table)})`
  const { type, codec } = nativeColumn(all[id]!, custom)
  const made = {
    bigint: `${highest} + row_number() over (order by ${order})`,
    uuid: 'gen_random_uuid()',
    text: 'gen_random_uuid()::text',
  }[type]
  if (made === undefined || codec.kind === 'hex')
    throw new MigrationRefused(`A row of ${resource!} needs an id, which cannot be made: make the rows by a data step`)
  return [
    [quoted(id), made],
    ['_seq', '(select greatest(pos, 1) from _restuary_head where k = 1)'],
    ['_at', '(extract(epoch from clock_timestamp()) * 1000)::bigint'],
  ]
}
