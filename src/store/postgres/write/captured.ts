import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import type { Id, Join, Resource, Row } from '../../../model/model.ts'
import { recordCaptured, type CapturedLink, type CapturedRow } from '../../captured/captured-rows.ts'
import { fromOf, rowOf } from '../../sql/expressions.ts'
import { bound, compileStatement, sql, type Compiled } from '../../sql/kysely.ts'
import { decode } from '../../sql/layout.ts'
import { joinTableOf, tableOf } from '../../sql/tables/table-name.ts'
import type { Transaction } from '../../store.ts'
import { run } from '../../work.ts'
import type { PostgresConnection } from '../connection.ts'
import { postgresDialect } from '../postgres-dialect.ts'
import type { PostgresState } from '../state.ts'

/** How many captured changes are recorded in one commit. */
const MOST = 1_000

export const HAS_CAPTURED = 'select exists (select 1 from _restuary_captured)'
const TAKE = `
  with taken as (delete from _restuary_captured where n in (select n from _restuary_captured order by n limit ${MOST}) returning *)
  select own::int::text, schema, name, before::text, after::text from taken order by n`

type Taken = [own: string, schema: string, name: string, before: string | null, after: string | null]

/** Records in the log what triggers have captured, within an open transaction that has locked the head. */
export async function recordTaken(
  connection: PostgresConnection,
  state: PostgresState,
  tx: Transaction,
): Promise<void> {
  const { model } = state
  const places = placesOf(state)
  const rows: CapturedRow[] = []
  const links: CapturedLink[] = []
  for (const [own, schema, name, before, after] of (await connection.all(state.statements.of(TAKE))) as Taken[]) {
    // Tables that this version of the application does not declare are no business of it.
    const of = places.get(placeOf(own === '1' ? null : schema, name))
    if (of === undefined) continue
    const image = async (text: string | null): Promise<Row | null> =>
      text === null ? null : imageOf(connection, state, of, text)
    const [was, is] = [await image(before), await image(after)]
    if ('columns' in of) rows.push({ resource: of, before: was, after: is })
    else
      for (const [pair, op] of [[was, 'remove'] as const, [is, 'add'] as const])
        if (pair !== null) links.push({ join: of, op, a: pair[0] as Id, b: pair[1] as Id })
  }
  await run(recordCaptured(model, rows, links, tx))
}

const placeOf = (schema: string | null, name: string): string => JSON.stringify([schema, name])

function placesOf({ model }: PostgresState): ReadonlyMap<string, Resource | Join> {
  const resources = [...model.resources.values()].map((resource): [string, Resource] => {
    const { schema = null, name = resource.table } = resource.options.foreign?.postgres ?? {}
    return [placeOf(schema, name), resource]
  })
  return new Map<string, Resource | Join>([
    ...resources,
    ...model.joins.map((join): [string, Join] => [placeOf(join.schema, join.table), join]),
  ])
}

/** A row or a pair, read from its JSON as if it were in its table. */
async function imageOf(
  connection: PostgresConnection,
  { statements, layouts }: PostgresState,
  of: Resource | Join,
  text: string,
): Promise<Row> {
  const table = 'columns' in of ? tableOf(of) : joinTableOf(of)
  const source = sql`jsonb_populate_record(null::${table}, ${bound(0)}::jsonb)`
  const make = (): Compiled => {
    if ('columns' in of) {
      const layout = getOrThrow(layouts, of)
      return compileStatement(
        sql`select ${rowOf(layout, 't')} from ${fromOf(layout, 't', source)}`,
        postgresDialect.text,
      )
    }
    const ids = sql`${sql.id('t', of.a.column)}, ${sql.id('t', of.b.column)}`
    return compileStatement(sql`select ${ids} from ${source} as t`, postgresDialect.text)
  }
  const key = 'columns' in of ? of.name : `${of.schema ?? ''} ${of.table}`
  const [row] = await connection.all(statements.get(`captured ${key}`, make), text)
  return 'columns' in of ? decode(getOrThrow(layouts, of), row)! : row!
}
