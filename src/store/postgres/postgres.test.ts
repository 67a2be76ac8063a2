import { runsWith } from '../../../test/system-programs.ts'
import { hasPostgres } from '../../testing/postgres/postgres-server.ts'
import { postgresStore } from '../../testing/postgres/postgres-store.ts'
import { storeSuite } from '../../testing/store-suite.ts'

if (runsWith('PostgreSQL', hasPostgres(), 'postgresql')) storeSuite('postgres', () => postgresStore())
