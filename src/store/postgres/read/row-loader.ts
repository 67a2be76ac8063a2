import { ID, type Id, type Row } from '../../../model/model.ts'
import { keyBinds } from '../../sql/key.ts'
import { bound, compileStatement, sql, type Compiled } from '../../sql/kysely.ts'
import { fromOf, idExpression, rowOf } from '../../sql/expressions.ts'
import { codecAt, decode, type Layout } from '../../sql/layout.ts'
import { getRow } from '../../sql/statements/rows.ts'
import type { PostgresConnection } from '../connection.ts'
import { postgresDialect } from '../postgres-dialect.ts'
import type { Statements } from '../statements.ts'

type Asked = Map<Id, PromiseWithResolvers<Row | undefined>>

/** Loads single rows. All that are asked for before the event loop goes on come with one statement a table. */
export class RowLoader {
  readonly #connection: PostgresConnection
  readonly #statements: Statements
  #asked = new Map<Layout, Asked>()

  constructor(connection: PostgresConnection, statements: Statements) {
    this.#connection = connection
    this.#statements = statements
  }

  get(layout: Layout, id: Id): Promise<Row | undefined> {
    // What is asked for in promise callbacks comes before the next tick.
    if (this.#asked.size === 0) process.nextTick(() => this.#load())
    let asked = this.#asked.get(layout)
    if (asked === undefined) this.#asked.set(layout, (asked = new Map()))
    let one = asked.get(id)
    if (one === undefined) asked.set(id, (one = Promise.withResolvers()))
    return one.promise
  }

  #load(): void {
    const tables = this.#asked
    this.#asked = new Map()
    for (const [layout, asked] of tables)
      if (asked.size > 1 && isTogether(layout)) void this.#several(layout, asked)
      else for (const [id, one] of asked) void this.#one(layout, id, one)
  }

  async #one(layout: Layout, id: Id, { resolve, reject }: PromiseWithResolvers<Row | undefined>): Promise<void> {
    try {
      const binds = keyBinds(layout, id)
      if (binds === null) return resolve(undefined)
      const statement = this.#statements.get(`get ${layout.resource.name}`, () => getRow(layout))
      const [row] = await this.#connection.all(statement, ...binds)
      resolve(decode(layout, row))
    } catch (error) {
      reject(error)
    }
  }

  async #several(layout: Layout, asked: Asked): Promise<void> {
    try {
      const codec = codecAt(layout, ID)
      const statement = this.#statements.get(`several ${layout.resource.name}`, () => getSeveral(layout))
      for (const found of await this.#connection.all(
        statement,
        Array.from(asked.keys(), id => codec.encode(id)),
      )) {
        const row = decode(layout, found)!
        const id = row[ID] as Id
        asked.get(id)!.resolve(row)
        asked.delete(id)
      }
      for (const { resolve } of asked.values()) resolve(undefined)
    } catch (error) {
      for (const { reject } of asked.values()) reject(error)
    }
  }
}

/** Whether one statement finds several rows by an index: a key of several columns has none over its ids. */
const isTogether = ({ key, baseline, resource }: Layout): boolean =>
  baseline === null || (key === null && resource.id.type.sql.column === 'INTEGER')

/** Binds an array of ids. */
function getSeveral(layout: Layout): Compiled {
  const ids = sql`${bound(0)}::${sql.raw(`${postgresDialect.typeName(codecAt(layout, ID))}[]`)}`
  return compileStatement(
    sql`select ${rowOf(layout, 't')} from ${fromOf(layout, 't')} where ${idExpression(layout, 't')} = any(${ids})`,
    postgresDialect.text,
  )
}
