import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import { ID, type Id, type Resource, type Row, type Value } from '../../../model/model.ts'
import { bound, compileStatement, sql, type Compiled, type Sql } from '../../sql/kysely.ts'
import { fromOf, idExpression, rowOf } from '../../sql/expressions.ts'
import { codecAt, decode, type Layout } from '../../sql/layout.ts'
import type { Snapshot } from '../../store.ts'
import type { PostgresConnection } from '../connection.ts'
import { postgresDialect } from '../postgres-dialect.ts'
import { BOOT } from '../schema/functions.ts'
import type { Head, PostgresState } from '../state.ts'

/** Asks for the head of the log; `headOf` reads the answer. */
export const HEAD_STATEMENT: string = `select ${headText('_restuary_head')} from _restuary_head where k = 1`

/** The head as one text: four columns would cost the driver more than the row itself. */
function headText(of: string): string {
  return `${of}.pos || ' ' || coalesce(${of}.nonce::text, '-') || ' ' || (${of}.boot = ${BOOT})::text || ' ' || ${of}.epoch`
}

export function headOf(text: Value): Head {
  const [position, nonce, isCurrent, epoch] = (text as string).split(' ') as [string, string, string, string]
  return {
    position: Number(position),
    epoch,
    isCurrent: isCurrent === 'true',
    nonce: nonce === '-' ? null : Number(nonce),
  }
}

/** Rows of one resource, by id. null = no rows. */
export interface RowsAhead {
  readonly resource: Resource
  readonly ids: ReadonlySet<Id>
}

/** A state of which only those rows are there that somebody foresaw. */
export interface Foreseen {
  readonly head: Head
  readonly ahead: RowsAhead | null
  readonly rows: ReadonlyMap<Id, Row>
}

/** Reads the head together with some rows, by one statement, so that no transaction is needed. */
export async function readForeseen(
  connection: PostgresConnection,
  { statements, layouts }: PostgresState,
  ahead: RowsAhead | null,
): Promise<Foreseen> {
  const rows = new Map<Id, Row>()
  if (ahead === null) {
    const [head] = await connection.all(statements.of(HEAD_STATEMENT))
    return { head: headOf(head![0]!), ahead, rows }
  }
  const layout = getOrThrow(layouts, ahead.resource)
  const ids = Array.from(ahead.ids, id => codecAt(layout, ID).encode(id))
  const isOne = ids.length === 1
  const key = `head and ${isOne ? 'one' : 'several'} ${ahead.resource.name}`
  const statement = statements.get(key, () => headAndRows(layout, isOne))
  const found = await connection.all(statement, isOne ? ids[0]! : ids)
  const head = headOf(found[0]!.at(-1)!)
  for (const row of found) {
    row.length--
    if (row[ID] === null) continue // the head alone: there are no such rows
    decode(layout, row)
    rows.set(row[ID] as Id, row)
  }
  return { head, ahead, rows }
}

/** Binds an id, or an array of ids. */
function headAndRows(layout: Layout, isOne: boolean): Compiled {
  const type = postgresDialect.typeName(codecAt(layout, ID))
  const matches: Sql = isOne ? sql`= ${bound(0)}` : sql`= any(${bound(0)}::${sql.raw(`${type}[]`)})`
  return compileStatement(
    sql`select ${rowOf(layout, 't')}, h.head
      from (select ${sql.raw(headText('_restuary_head'))} as head from _restuary_head where k = 1) as h
      left join ${fromOf(layout, 't')} on ${idExpression(layout, 't')} ${matches}`,
    postgresDialect.text,
  )
}

/** Thrown into work that asks for more than was foreseen. */
class More extends Error {}

/** The snapshot for work that may begin again. It has what was foreseen, and notices if the work asks for more. */
export class ForeseenSnapshot implements Snapshot {
  readonly #state: PostgresState
  readonly #foreseen: Foreseen
  #asksForMore = false

  constructor(state: PostgresState, foreseen: Foreseen) {
    this.#state = state
    this.#foreseen = foreseen
  }

  /** Whether the work has to begin again on a snapshot that has everything. It may have caught what it was told. */
  get asksForMore(): boolean {
    return this.#asksForMore
  }

  get position(): number {
    return this.#foreseen.head.position
  }

  changed(resource: Resource): number {
    return Math.min(this.#state.changed(resource), this.position)
  }

  get(resource: Resource, id: Id): Row | undefined {
    const { ahead, rows } = this.#foreseen
    return ahead?.resource === resource && ahead.ids.has(id) ? rows.get(id) : this.many()
  }

  many(): never {
    this.#asksForMore = true
    throw new More()
  }

  select(): never {
    return this.many()
  }

  count(): never {
    return this.many()
  }

  children(): never {
    return this.many()
  }

  pairs(): never {
    return this.many()
  }

  childRows(): never {
    return this.many()
  }

  pairRows(): never {
    return this.many()
  }

  childCounts(): never {
    return this.many()
  }

  pairCounts(): never {
    return this.many()
  }

  find(): never {
    return this.many()
  }
}
