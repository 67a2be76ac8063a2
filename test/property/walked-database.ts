// A database whose declaration changes at random, and what a walk does to it beside the migrations.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SEQ, type Model, type Value } from '../../src/model/model.ts'
import { everything } from '../../src/query/predicate.ts'
import type { Migrations } from '../../src/store/migrate/migrations.ts'
import { PostgresConnection } from '../../src/store/postgres/connection.ts'
import { postgres } from '../../src/store/postgres/index.ts'
import { postgresMigrations, sqliteMigrations } from '../migrations-of.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import type { Snapshot, Store } from '../../src/store/store.ts'
import { wait } from '../../src/store/work.ts'
import { newSchema } from '../../src/testing/postgres/postgres-store.ts'
import { valueFor, type Declaration, type Dice, type RowOf } from './changing-model.ts'

const ROWS = 30

export interface WalkedDatabase {
  readonly store: () => Store
  readonly migrations: () => Promise<Migrations>
  /** Executes statements, and returns the rows of the last one as arrays. */
  readonly sql: (...statements: string[]) => Promise<unknown[][]>
}

export function walkedSqlite(folder: string, name: string): WalkedDatabase {
  const file = join(folder, `${name}.db`)
  return {
    store: () => sqlite(file),
    migrations: async () => sqliteMigrations(file),
    sql: async (...statements) => {
      const db = new DatabaseSync(file)
      try {
        for (const statement of statements.slice(0, -1)) db.exec(statement)
        const last = db.prepare(statements.at(-1)!)
        last.setReturnArrays(true)
        return last.all() as unknown as unknown[][]
      } finally {
        db.close()
      }
    },
  }
}

export function walkedPostgres(url: string): WalkedDatabase {
  const address = { url, schema: newSchema() }
  return {
    store: () => postgres(url, { schema: address.schema, readers: 2, bus: false }),
    migrations: () => postgresMigrations(address),
    sql: async (...statements) => {
      const connection = await PostgresConnection.open(address)
      try {
        await connection.exec(statements.slice(0, -1).join(';\n') || 'select 1')
        return await connection.all({ name: undefined, sql: statements.at(-1)!, slots: null })
      } finally {
        await connection.close()
      }
    },
  }
}

/** Opens the database as an application would. Returns what start-up reported, and all rows by field. */
export async function opened(
  database: WalkedDatabase,
  model: Model,
  name: string,
): Promise<{ report: string[]; rows: RowOf[] }> {
  const report: string[] = []
  const store = database.store()
  try {
    await store.open(model, {
      clock: () => 1e12,
      random: bytes => crypto.getRandomValues(new Uint8Array(bytes)),
      report: line => report.push(line),
    })
    const thing = model.resources.get(name)!
    const rows = await store.read(function* (snapshot: Snapshot) {
      return yield* wait(snapshot.select(thing, { where: everything, sort: [], limit: null, offset: 0, cursor: null }))
    })
    const shown = rows.map(row =>
      Object.fromEntries([...thing.columns.map(({ name, slot }) => [name, row[slot]!] as const), ['_seq', row[SEQ]!]]),
    )
    return { report, rows: shown.toSorted((a, b) => Number(a['id']) - Number(b['id'])) }
  } finally {
    await store.close()
  }
}

/** Adds rows beside the application: the migrations are under test here. */
export async function fill(
  dice: Dice,
  database: WalkedDatabase,
  { name, fields }: Declaration,
  from: number,
): Promise<void> {
  const columns = ['id', '_seq', '_at', 'parent', ...fields.map(field => field.name)]
  const literal = (value: Value): string =>
    typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value)
  const ids = Array.from({ length: ROWS }, (_, i) => from + i)
  const rows = ids.map(id => {
    const values = fields.map(field => (field.nullable && dice.chance(0.3) ? null : valueFor(dice, field)))
    return `(${[id, id, 1, id === from ? null : from, ...values].map(literal).join()})`
  })
  await database.sql(
    `INSERT INTO "user"(id, _seq, _at) VALUES ${ids.map(id => `(${id}, 1, 1)`).join()}`,
    `INSERT INTO "${name}"(${columns.join()}) VALUES ${rows.join()}`,
    `INSERT INTO "${name}_friends" VALUES ${ids.map(id => `(${id}, ${id})`).join()}`,
    'SELECT 1',
  )
}

export const pairsOf = (database: WalkedDatabase, { name }: Declaration): Promise<unknown[][]> =>
  database.sql(`SELECT "${name}_id" AS a, user_id AS b FROM "${name}_friends" ORDER BY 1`)
