import {
  DummyDriver,
  Kysely,
  sql,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type RawBuilder,
} from 'kysely'

/** A piece of SQL. */
export type Sql = RawBuilder<unknown>

/** Marks the place of a bound value: the index into the values that come with each execution. */
export interface Slot {
  readonly slot: number
}

/** SQL text, and which value goes to which of its parameters. */
export interface Compiled {
  readonly sql: string
  /** null: the values go in as they come. */
  readonly slots: readonly number[] | null
}

/** Compiles only: text is made once for each shape of query, the statements are ours. */
const compiler: Kysely<unknown> = new Kysely({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: db => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

export function compile(query: Sql): Compiled {
  const { sql, parameters } = query.compile(compiler)
  const slots = parameters.map(parameter => (parameter as Slot).slot)
  return { sql, slots: slots.every((slot, i) => slot === i) ? null : slots }
}

/** The text of a statement that has no parameters. */
export function textOf(statement: Sql): string {
  return statement.compile(compiler).sql
}

/** The place of value `slot`. */
export function bound(slot: number): Sql {
  const mark: Slot = { slot }
  return sql`${mark}`
}

export { sql }
