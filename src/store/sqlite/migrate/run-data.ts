import type { DataMark, DataProgress, TableStep } from '../../migrate/data-step.ts'
import type { DatabaseShape } from '../../migrate/shape.ts'
import type { CustomTypes } from '../../migrate/type-data.ts'
import type { Connection } from '../connection.ts'
import type { MetaTable } from '../log/meta.ts'
import { LoggedTables } from './logged-tables.ts'

/** What a data step runs on. */
export interface DataRun {
  readonly connection: Connection
  readonly meta: MetaTable
  readonly shape: DatabaseShape
  readonly custom: CustomTypes
  readonly clock: () => number
  /** Runs work in a transaction that holds the write lock. */
  readonly transaction: <T>(work: () => T) => T
  /** How far the step has come, as it is kept in the transactions of its batches. null = another process has ended it. */
  readonly mark: () => DataMark | null
  readonly keep: (mark: DataMark | null) => void
  /** Has everybody who follows the log begin anew. */
  readonly restart: () => void
  readonly told: (progress: DataProgress) => void
}

/** Runs a function over the rows of a table, batch by batch, until it has gone through all. Several processes may share the work. */
export async function runData(
  { resource, batch }: TableStep,
  change: TableStep['change'],
  run: DataRun,
): Promise<void> {
  const tables = new LoggedTables(run)
  const table = tables.of(resource)
  const total = table.count()
  for (;;) {
    const done = run.transaction(() => {
      const mark = run.mark()
      if (mark === null) return null
      const rows = table.after(mark.last, batch)
      const last = rows.at(-1)
      if (last === undefined) {
        // Lists of ids that others show may have changed with the relations of these rows.
        if (tables.hasRelated) run.restart()
        run.keep(null)
        return null
      }
      tables.begin()
      for (const row of rows) {
        const changes = change(row.values as never, (resource, values) => tables.of(resource).add(values))
        if (changes === null) table.remove(row)
        else if (changes !== undefined) table.change(row, changes)
      }
      const next: DataMark = { ...mark, last: last.id, done: mark.done + rows.length }
      run.keep(next)
      return next.done
    })
    if (done === null) return
    run.told({ done, total: Math.max(total, done) })
    // Others who wait for the lock get their turn.
    await new Promise<void>(resolve => setTimeout(resolve, 1))
  }
}
