// Todos whose declaration changes in all ways that go through rows, in a schema of PostgreSQL.
import { api, resource, t } from '../../../src/index.ts'
import type { Api } from '../../../src/api.ts'
import { link } from '../../../src/model/link/link.ts'
import { decide } from '../../../src/store/migrate/decide.ts'
import { planSteps } from '../../../src/store/migrate/plan/plan-steps.ts'
import type { MigrationStep } from '../../../src/store/migrate/step.ts'
import { targetOf } from '../../../src/store/migrate/target.ts'
import { PostgresConnection } from '../../../src/store/postgres/connection.ts'
import { postgres, type PostgresOptions } from '../../../src/store/postgres/index.ts'
import { postgresMigrations } from '../../migrations-of.ts'

const other = resource({ id: t.id(), n: t.integer() })
const todos = {
  before: resource({
    id: t.id(),
    title: t.text(),
    size: t.text(),
    note: t.text().nullable(),
    state: t.enum(['new', 'open', 'done']),
  }),
  after: resource({
    id: t.id(),
    name: t.text().was('title').index(),
    size: t.integer().unique(),
    rank: t.integer(),
    state: t.enum(['new', 'done']),
  }),
}

export interface Address {
  readonly url: string
  readonly schema: string
}

/** An application of one of the two versions. */
export const appOf = (
  { url, schema }: Address,
  version: 'before' | 'after',
  options: PostgresOptions = {},
  // oxlint-disable-next-line typescript/no-explicit-any -- one of two declarations
): Api<any> =>
  api({ other, todo: todos[version] }, { store: postgres(url, { schema, readers: 2, ...options }), report: () => {} })

/** Makes the tables of the first version, with rows. */
export async function fillTodos(address: Address, rows: number): Promise<void> {
  const app = appOf(address, 'before')
  await app.ready()
  await app.close()
  const connection = await PostgresConnection.open(address)
  await connection.exec(`
    insert into todo(id, _seq, _at, title, size, note, state)
      select n, 1, 1, 'title ' || n, n::text, case when n % 3 = 0 then 'note ' || n end, (array['new', 'open', 'done'])[n % 3 + 1]
      from generate_series(1, ${rows}) as n;
    select setval('_restuary_id_todo', ${rows});
    analyze todo`)
  await connection.close()
}

/** The steps from the first version to the second. */
export async function stepsOf(address: Address): Promise<readonly MigrationStep[]> {
  const migrations = await postgresMigrations(address)
  const shape = await migrations.shape()
  await migrations.close()
  const target = targetOf(link({ other, todo: todos.after }), 1)
  const steps = planSteps(shape, target, { renames: new Map(), drop: new Set(['todo.note']) })
  const decisions = { set: [['todo.rank', '5']], map: [['todo.state', 'open', 'new']], otherwise: [] } as const
  return decide(steps, shape, decisions, target.custom)
}
