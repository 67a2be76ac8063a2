import { PostgresConnection, type PostgresAddress } from '../connection.ts'

const MAY = `
  select coalesce(bool_and(has_schema_privilege(n.oid, 'create') and coalesce(pg_has_role(c.relowner, 'member'), true)), false)
  from pg_namespace n left join pg_class c on c.relnamespace = n.oid and c.relname = '_restuary_head' where n.nspname = $1`

/** Whether a schema is there in which the role of an address may keep a log. */
export async function mayKeepLog(address: PostgresAddress, schema: string): Promise<boolean> {
  const connection = await PostgresConnection.open(address)
  try {
    const [row] = await connection.all({ name: undefined, sql: MAY, slots: null }, schema)
    return row![0] === 1
  } finally {
    await connection.close()
  }
}
