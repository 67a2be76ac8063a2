import type { Model, ScalarField } from '../../../model/model.ts'
import { Refused } from '../../../schema/read/refused.ts'
import type { Value } from '../../../schema/value.ts'
import { unfitValues } from '../../migrate/need.ts'
import type { StoreEnvironment } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { MetaTable } from '../log/meta.ts'

/** The key under which the JSON Schemas of fields are stored. They show which fields have changed. */
const DOMAINS = 'domains'

/** How many values a line shows. */
const SHOWN = 3

/**
 * Reports stored values that their field no longer accepts, for instance after an enum has lost a value or a text was shortened.
 * Such values stay and are shown, but they cannot be sent back or filtered by. Only fields with a changed declaration are
 * examined.
 */
export function reportUnfitValues(
  connection: Connection,
  meta: MetaTable,
  model: Model,
  report: StoreEnvironment['report'],
): void {
  const text = meta.get(DOMAINS) ?? '{}'
  const known = JSON.parse(text) as Readonly<Record<string, string>>
  const domains: Record<string, string> = { ...known }
  for (const resource of model.resources.values()) {
    if (resource.options.foreign !== null) continue
    for (const field of resource.columns) {
      if (field.is !== 'scalar' || field === resource.id || field.type.secret) continue
      const key = `${resource.table}.${field.column}`
      const domain = JSON.stringify(field.type.schema)
      const isChanged = known[key] !== undefined && known[key] !== domain
      if (isChanged) reportField(connection, resource.table, field, report)
      domains[key] = domain
    }
  }
  const now = JSON.stringify(domains)
  if (now !== text) meta.set(DOMAINS, now)
}

function reportField(
  connection: Connection,
  table: string,
  { column, type }: ScalarField,
  report: StoreEnvironment['report'],
): void {
  const [of, from] = [column, table].map(name => `"${name.replaceAll('"', '""')}"`)
  const values = connection.db.prepare(
    `SELECT ${of} AS value, count(*) AS rows FROM ${from} WHERE ${of} IS NOT NULL GROUP BY 1`,
  )
  let rows = 0
  const unfit: string[] = []
  for (const one of values.iterate()) {
    const stored = one['value'] as never
    const value: Value = type.sql.decode ? type.sql.decode(stored) : stored
    if (!(type.check(value) instanceof Refused)) continue
    rows += one['rows'] as number
    if (unfit.length < SHOWN) unfit.push(JSON.stringify(value))
  }
  if (rows > 0) report(unfitValues(`${table}.${column}`, rows, unfit))
}
