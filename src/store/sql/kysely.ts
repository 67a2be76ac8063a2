import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type RawBuilder,
} from 'kysely'

/** A piece of SQL. */
export type Sql = RawBuilder<unknown>

/** Marks the place of a bound value: an index into the values of each execution. */
export interface Slot {
  readonly slot: number
}

/** An SQL text, and which value goes to which of its parameters. */
export interface Compiled {
  readonly sql: string
  /** null: the values are in the order of the parameters. */
  readonly slots: readonly number[] | null
}

/** Kysely only compiles. A text is made once for each shape of query; executing it is our own business. */
export type TextCompiler = Kysely<unknown>

/** Writes parameters as `?`. */
export const sqliteText: TextCompiler = new Kysely({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: db => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

/** Writes parameters as `$1`, `$2`, … */
export const postgresText: TextCompiler = new Kysely({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: db => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

/** Turns an expression into the text of a statement. */
export function compileStatement(query: Sql, text: TextCompiler): Compiled {
  const { sql, parameters } = query.compile(text)
  const slots = parameters.map(parameter => (parameter as Slot).slot)
  return { sql, slots: slots.every((slot, i) => slot === i) ? null : slots }
}

/** The text of a statement without parameters. */
export function statementText(statement: Sql, text: TextCompiler): string {
  return statement.compile(text).sql
}

/** A parameter for the value with this index. */
export function bound(slot: number): Sql {
  const mark: Slot = { slot }
  return sql`${mark}`
}

export { sql }
