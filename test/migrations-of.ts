import type { PostgresAddress } from '../src/store/postgres/connection.ts'
import { postgres } from '../src/store/postgres/index.ts'
import { PostgresMigrations } from '../src/store/postgres/migrate/migrations.ts'
import { sqlite } from '../src/store/sqlite/index.ts'
import { SqliteMigrations } from '../src/store/sqlite/migrate/migrations.ts'

/** The migrations of a file, without an application that declares what is in it. */
export const sqliteMigrations = (file: string): SqliteMigrations => new SqliteMigrations(file, { open: sqlite })

/** The same of a PostgreSQL schema. */
export const postgresMigrations = (address: PostgresAddress): Promise<PostgresMigrations> =>
  PostgresMigrations.open(address, {
    open: ({ url, schema }) => postgres(url, schema === undefined ? {} : { schema }),
  })
