import type { Model, Resource } from '../../../model/model.ts'
import type { PostgresFacts } from '../../sql/layout.ts'
import type { PostgresConnection } from '../connection.ts'

const FACTS = `
  select json_build_object('schema', n.nspname, 'name', c.relname,
    'hasTriggers', c.relhasrules or exists (
      select 1 from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal and t.tgname !~ '^_restuary_'),
    'types', json_object_agg(a.attname, format_type(case when t.typtype = 'd' then t.typbasetype else t.oid end, null)),
    'sequences', json_object_agg(a.attname, pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname)),
    'identities', coalesce(json_agg(a.attname) filter (where a.attidentity = 'a'), '[]'))
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
    join pg_type t on t.oid = a.atttypid
  where a.attnum > 0 and not a.attisdropped and (n.nspname, c.relname) in (select * from unnest($1::name[], $2::name[]))
  group by c.oid, n.nspname, c.relname, c.relhasrules`

interface FoundFacts {
  readonly schema: string
  readonly name: string
  readonly hasTriggers: boolean
  readonly types: Readonly<Record<string, string>>
  readonly sequences: Readonly<Record<string, string | null>>
  readonly identities: readonly string[]
}

/**
 * What the database knows of the tables of other programs that a model declares. Throws one Error that names all that are
 * missing.
 */
export async function foreignFacts(
  connection: PostgresConnection,
  model: Model,
): Promise<ReadonlyMap<Resource, PostgresFacts>> {
  const resources = [...model.resources.values()].filter(({ options }) => options.foreign !== null)
  const strange = resources.find(({ options }) => !options.foreign!.postgres)
  if (strange)
    throw new Error(
      `${strange.name}: its table is declared as one of SQLite; restuary import declares those of PostgreSQL`,
    )
  if (resources.length === 0) return new Map()
  const places = resources.map(({ options }) => options.foreign!.postgres!)
  const rows = await connection.all(
    { name: undefined, sql: FACTS, slots: null },
    places.map(place => place.schema),
    places.map(place => place.name),
  )
  const found = rows.map(([text]) => JSON.parse(text as string) as FoundFacts)
  const faults: string[] = []
  const facts = new Map<Resource, PostgresFacts>()
  for (const resource of resources) {
    const { schema, name } = resource.options.foreign!.postgres!
    const one = found.find(other => other.schema === schema && other.name === name)
    if (one === undefined) faults.push(`${resource.name}: there is no table ${schema}.${name}`)
    else {
      const { types, hasTriggers, sequences, identities } = one
      const { id, columns } = resource
      const sequence = sequences[id.column] ?? null
      facts.set(resource, { types, hasTriggers, sequence, isIdentity: identities.includes(id.column) })
      for (const { column, name: field } of columns)
        if (!(column in types) && !resource.options.foreign!.key.includes(column) && columns[0]!.name !== field)
          faults.push(`${resource.name}.${field}: ${schema}.${name} has no column ${column}`)
    }
  }
  if (faults.length > 0)
    throw new Error(`The database does not have what is declared:${faults.map(fault => `\n  ${fault}`).join('')}`)
  return facts
}
