import type { DataMark, DataProgress, TableStep } from '../../../migrate/data-step.ts'
import type { DatabaseShape } from '../../../migrate/shape.ts'
import type { CustomTypes } from '../../../migrate/type-data.ts'
import type { PostgresConnection } from '../../connection.ts'
import { RecordedTables, NeedsIds } from './recorded-tables.ts'

/** What a data step runs on. */
export interface PostgresDataRun {
  readonly connection: PostgresConnection
  readonly shape: DatabaseShape
  readonly custom: CustomTypes
  readonly clock: () => number
  /** How far it has come. */
  readonly mark: DataMark
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>
  /** Keeps how far it has come, in the open transaction. null = it has ended. */
  readonly keep: (mark: DataMark | null) => Promise<unknown>
  /** Has everybody who follows the log begin anew. */
  readonly restart: () => Promise<void>
  readonly told: (progress: DataProgress) => void
}

/** Runs a function over the rows of a table, batch by batch, until it has gone through all. */
export async function runDataStep(
  { resource, batch }: TableStep,
  change: TableStep['change'],
  run: PostgresDataRun,
): Promise<void> {
  const tables = new RecordedTables(run)
  const table = tables.of(resource)
  const total = await table.count()
  let { mark } = run
  for (let isEnded = false; !isEnded;) {
    const next = await run.transaction(async () => {
      await tables.begin()
      const rows = await table.after(mark.last, batch)
      for (const row of rows) {
        const changes = await withIds(tables, () =>
          change(row.values as never, (resource, values) => tables.of(resource).add(values)),
        )
        if (changes === null) table.remove(row)
        else if (changes !== undefined) table.change(row, changes)
      }
      const last = rows.at(-1)
      const now: DataMark | null = last === undefined ? null : { ...mark, last: last.id, done: mark.done + rows.length }
      await tables.write()
      // Lists of ids that others show may have changed with the relations of these rows.
      if (now === null && tables.hasRelated) await run.restart()
      await run.keep(now)
      return now
    })
    isEnded = next === null
    if (next === null) continue
    mark = next
    run.told({ done: mark.done, total: Math.max(total, mark.done) })
  }
}

/** Ids of new rows come from the database. The function is called again for a row, when there were none left. */
async function withIds<T>(tables: RecordedTables, work: () => T): Promise<T> {
  for (;;) {
    const state = tables.state
    try {
      return work()
    } catch (error) {
      if (!(error instanceof NeedsIds)) throw error
      tables.reset(state)
      await tables.of(error.resource).fetchIds()
    }
  }
}
