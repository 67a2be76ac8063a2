import { PostgresConnection, type PostgresAddress } from '../connection.ts'
import { identifier, quoted } from './identifier.ts'

const NAME = '_restuary_capture'

export const IS_CAPTURED: string = `
  select exists (select 1 from pg_trigger t join pg_proc p on p.oid = t.tgfoid
    where t.tgname = '${NAME}' and p.pronamespace = current_schema()::regnamespace)`

/** The tables that a schema with a log of Restuary has a right to: its own, and those of other programs that it has adopted. */
const TABLES = `
  select json_build_object('schema', n.nspname, 'name', c.relname, 'isOwn', n.nspname = $1,
    'id', (select a.attname from pg_index x join pg_attribute a on a.attrelid = c.oid and a.attnum = x.indkey[0]
      where x.indrelid = c.oid and x.indisprimary and x.indnatts = 1 and a.atttypid = 'bigint'::regtype),
    'isVersioned', exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = '_seq'),
    'isCaptured', exists (select 1 from pg_trigger t where t.tgrelid = c.oid and t.tgname = '${NAME}'))
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and not c.relispartition and c.relname !~ '^_restuary_' and n.nspname <> 'information_schema'
    and n.nspname !~ '^pg_' and exists (select 1 from pg_index x where x.indrelid = c.oid and x.indisunique)
    and (n.nspname = $1 or (
      exists (select 1 from LOG._restuary_meta where key = 'baseline')
      and not exists (select 1 from pg_class h where h.relnamespace = n.oid and h.relname = '_restuary_head')))
  order by n.nspname, c.relname`

interface Table {
  readonly schema: string
  readonly name: string
  readonly isOwn: boolean
  /** The column of integer ids; null if ids are something else. */
  readonly id: string | null
  readonly isVersioned: boolean
  readonly isCaptured: boolean
}

/**
 * Installs triggers that capture what other programs write to the tables of each log of a database, or removes them. Returns
 * the names of the tables that were changed. Throws Error if the database has no log yet.
 */
export async function changeTriggers(
  address: PostgresAddress,
  action: 'install' | 'remove',
): Promise<readonly string[]> {
  const connection = await PostgresConnection.open(address)
  const all = (sql: string, ...values: string[]): Promise<unknown[][]> =>
    connection.all({ name: undefined, sql, slots: null }, ...values)
  try {
    const logs = await all(
      `select n.nspname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.proname = 'restuary_capture'`,
    )
    if (logs.length === 0)
      throw new Error('it has no log of Restuary: start the application once, or serve the database once')
    const changed: string[] = []
    // A table that others use is waited for, but not for long: whoever comes later would wait behind us.
    await connection.exec(`begin; set local lock_timeout = '5s'`)
    for (const [log] of logs as [string][]) {
      const rows = await all(TABLES.replace('LOG', quoted(log)), log)
      for (const table of rows.map(([text]) => JSON.parse(text as string) as Table)) {
        if (table.isCaptured === (action === 'install')) continue
        await connection.exec((action === 'install' ? installed : removed)(table, log).join('; '))
        changed.push(`${table.schema}.${table.name}`)
      }
    }
    await connection.exec('commit')
    return changed
  } finally {
    await connection.close()
  }
}

function installed({ schema, name, isOwn, id, isVersioned }: Table, log: string): string[] {
  const table = `${quoted(schema)}.${quoted(name)}`
  const sequence = `${quoted(log)}.${quoted(identifier(`_restuary_id_${name}`))}`.replaceAll("'", "''")
  const call = `execute function ${quoted(log)}.restuary_capture('${isOwn ? 'own' : 'foreign'}')`
  const hasDefaults = isOwn && isVersioned
  return [
    `create trigger ${NAME} after insert or update or delete on ${table} for each row ${call}`,
    `create trigger ${NAME}_all before truncate on ${table} for each statement ${call}`,
    // Other programs know nothing of versions, and need not know how rows are numbered.
    ...(hasDefaults ? ['_seq', '_at'].map(column => `alter table ${table} alter column ${column} set default 0`) : []),
    ...(hasDefaults && id !== null
      ? [`alter table ${table} alter column ${quoted(id)} set default nextval('${sequence}')`]
      : []),
  ]
}

function removed({ schema, name, isOwn, id, isVersioned }: Table): string[] {
  const table = `${quoted(schema)}.${quoted(name)}`
  const defaults = isOwn && isVersioned ? ['_seq', '_at', ...(id === null ? [] : [id])] : []
  return [
    `drop trigger ${NAME} on ${table}`,
    `drop trigger ${NAME}_all on ${table}`,
    ...defaults.map(column => `alter table ${table} alter column ${quoted(column)} drop default`),
  ]
}
