import { mkdtempSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeEach, inject } from 'vitest'
import type { Api } from '../src/api.ts'
import { runCommand } from '../src/cli/run.ts'
import type { Migrations } from '../src/store/migrate/migrations.ts'
import { PostgresConnection } from '../src/store/postgres/connection.ts'
import { postgresMigrations, sqliteMigrations } from './migrations-of.ts'
import { hasPostgres, startPostgres } from '../src/testing/postgres/postgres-server.ts'
import { newSchema } from '../src/testing/postgres/postgres-store.ts'
import { runsWith } from './system-programs.ts'

const SOURCES = pathToFileURL(join(import.meta.dirname, '../src/index.ts')).href
const POSTGRES = pathToFileURL(join(import.meta.dirname, '../src/store/postgres/index.ts')).href

/** The databases that have migrations. */
export type MigratedDatabase = 'sqlite' | 'postgres'
export const migratedDatabases: readonly MigratedDatabase[] = runsWith('PostgreSQL', hasPostgres(), 'postgresql')
  ? ['sqlite', 'postgres']
  : ['sqlite']

/** An application in a folder of its own, whose declaration changes, and the commands that migrate its database. */
export interface MigratedApp {
  /** Of the present test. */
  readonly folder: () => string
  /** The rows that a statement answers with, as arrays. */
  readonly query: (sql: string) => Promise<unknown[][]>
  /** A transaction that has read, and can read the same again. */
  readonly reads: (sql: string) => Promise<{ rows: () => Promise<unknown[][]>; end: () => Promise<void> }>
  readonly migrations: () => Promise<Migrations>
  /** Writes a module that declares these resources, and returns its path. A module is loaded only once. */
  readonly declares: (resources: string) => string
  /** Writes a module with a data step into the folder of the plans. */
  readonly step: (name: string, text: string) => void
  readonly opened: <T>(module: string, work: (app: Api<any>) => Promise<T>) => Promise<T>
  /** The rows of a resource. */
  readonly rows: (module: string, resource: string) => Promise<object[]>
  /** Runs `restuary migrate`, and returns the lines that it prints. */
  readonly migrate: (...args: string[]) => Promise<string[]>
  /** The names of the files in the folder of the plans. */
  readonly plans: () => string[]
}

/** Makes a folder before each test of a file, and deletes all after the last. */
export function migratedApp(kind: MigratedDatabase): MigratedApp {
  const root = mkdtempSync(join(tmpdir(), 'restuary-migrated-'))
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  let directory = root
  let modules = 0
  const address = { url: '', schema: '' }
  beforeEach(async () => {
    directory = mkdtempSync(join(root, 'app-'))
    mkdirSync(join(directory, 'migrations'))
    if (kind === 'sqlite') return
    address.url = await startPostgres(inject('postgresFolder'))
    address.schema = newSchema()
  })
  const database = (): string => join(directory, 'app.db')
  const store = (): string =>
    kind === 'sqlite'
      ? `sqlite('${database()}')`
      : `postgres('${address.url}', { schema: '${address.schema}', readers: 2 })`
  const opened: MigratedApp['opened'] = async (module, work) => {
    const { app } = (await import(`${pathToFileURL(module).href}?opened=${modules++}`)) as { app: Api<any> }
    try {
      await app.ready()
      return await work(app)
    } finally {
      await app.close()
    }
  }
  return {
    folder: () => directory,
    query: async sql => {
      if (kind === 'postgres') {
        const connection = await PostgresConnection.open(address)
        const rows = await connection.all({ name: undefined, sql, slots: null })
        await connection.close()
        return rows
      }
      const db = new DatabaseSync(database())
      const statement = db.prepare(sql)
      statement.setReturnArrays(true)
      const rows = statement.all() as unknown as unknown[][]
      db.close()
      return rows
    },
    reads: async sql => {
      if (kind === 'postgres') {
        const connection = await PostgresConnection.open(address)
        await connection.exec('begin isolation level repeatable read')
        const rows = (): Promise<unknown[][]> => connection.all({ name: undefined, sql, slots: null })
        await rows()
        return { rows, end: () => connection.close() }
      }
      const db = new DatabaseSync(database())
      db.exec('BEGIN')
      const statement = db.prepare(sql)
      statement.setReturnArrays(true)
      const rows = async (): Promise<unknown[][]> => statement.all() as unknown as unknown[][]
      await rows()
      return { rows, end: async () => db.close() }
    },
    migrations: async () => (kind === 'sqlite' ? sqliteMigrations(database()) : postgresMigrations({ ...address })),
    opened,
    declares: resources => {
      const file = join(directory, `app${modules++}.ts`)
      writeFileSync(
        file,
        `import { api, resource, ${kind === 'sqlite' ? 'sqlite, ' : ''}t } from '${SOURCES}'
         ${kind === 'sqlite' ? '' : `import { postgres } from '${POSTGRES}'`}
         export const app = api({ ${resources} }, { store: ${store()}, report: () => {} })`,
      )
      return file
    },
    step: (name, text) =>
      writeFileSync(join(directory, 'migrations', name), `import { dataStep } from '${SOURCES}'\n${text}`),
    rows: (module, resource) => opened(module, async app => (await app.list(resource)).map((row: object) => row)),
    migrate: async (...args) => {
      const lines: string[] = []
      const { write } = process.stdout
      process.stdout.write = (text: string | Uint8Array) => lines.push(...String(text).trimEnd().split('\n')) > 0
      try {
        await runCommand(['migrate', ...args])
      } finally {
        process.stdout.write = write
      }
      return lines
    },
    plans: () => readdirSync(join(directory, 'migrations')).toSorted(),
  }
}
