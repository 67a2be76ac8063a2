import { setTimeout as sleep } from 'node:timers/promises'
import type { DataMark } from '../../migrate/data-step.ts'
import type { Applied } from '../../migrate/migrations.ts'
import type { MigrationStep } from '../../migrate/step.ts'
import type { Row } from '../../../model/model.ts'
import type { Bind } from '../../sql/codec.ts'
import type { PostgresConnection } from '../connection.ts'

const TABLE = `
  create table if not exists _restuary_migration(
    number bigint generated always as identity primary key, name text not null unique, digest text not null, plan text not null,
    at bigint not null)`

/** How far a plan has come that is being carried out. */
export interface PlanMark {
  readonly way: 'there' | 'back'
  /** New columns are filled (`fill`), or everything is in its place and the log is rewritten (`log`). */
  readonly phase: 'fill' | 'log'
  /** Changes after this position have to be taken over. In the phase `log`: records up to it have to be rewritten. */
  readonly position: number
  /** The table that is filled, and its last row. */
  readonly table: string | null
  readonly last: readonly Bind[] | null
  /** The last record that was rewritten. */
  readonly logged: number
  readonly done: number
}

type Kept =
  | { readonly steps: readonly MigrationStep[]; readonly mark: PlanMark | null }
  | { readonly data: DataMark | null }

/** What was applied to a database, or begun. */
export interface Entry extends Applied {
  readonly mark: PlanMark | null
}

/** The plans and data steps that were applied to a database, in their order. */
export class PostgresLedger {
  readonly #connection: PostgresConnection

  constructor(connection: PostgresConnection) {
    this.#connection = connection
  }

  #all(sql: string, ...values: readonly Bind[]): Promise<Row[]> {
    return this.#connection.all({ name: undefined, sql, slots: null }, ...values)
  }

  make(): Promise<unknown> {
    return this.#connection.exec(TABLE)
  }

  async all(): Promise<Entry[]> {
    const [exists] = await this.#all(`select to_regclass('_restuary_migration') is not null`)
    if (exists![0] !== 1) return []
    const rows = await this.#all('select name, digest, plan, at from _restuary_migration order by number')
    return (rows as [string, string, string, number][]).map(([name, digest, text, at]) => {
      const kept = JSON.parse(text) as Kept
      const isData = 'data' in kept
      const mark = isData ? null : kept.mark
      const begun: DataMark | null = isData ? kept.data : mark && { way: mark.way, last: null, done: mark.done }
      return { name, digest, at, plan: { name, steps: isData ? [] : kept.steps }, begun, isData, mark }
    })
  }

  async find(name: string): Promise<Entry | undefined> {
    return (await this.all()).find(one => one.name === name)
  }

  note(name: string, digest: string, kept: Kept, at: number): Promise<unknown> {
    return this.#all(
      'insert into _restuary_migration(name, digest, plan, at) values ($1, $2, $3, $4)',
      name,
      digest,
      JSON.stringify(kept),
      at,
    )
  }

  /** Keeps how far something has come. */
  mark(name: string, kept: Kept): Promise<unknown> {
    return this.#all('update _restuary_migration set plan = $2 where name = $1', name, JSON.stringify(kept))
  }

  /** A data step goes on as its file says now. */
  goOn(name: string, digest: string): Promise<unknown> {
    return this.#all('update _restuary_migration set digest = $2 where name = $1', name, digest)
  }

  remove(name: string): Promise<unknown> {
    return this.#all('delete from _restuary_migration where name = $1', name)
  }

  /**
   * Work that one process at a time does. It is asked for again and again instead of waited for, as an index that is built without
   * a lock waits for all statements that have begun, also for such a wait.
   */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const lock = `hashtext('restuary migrate ' || current_schema())`
    while ((await this.#all(`select pg_try_advisory_lock(${lock})`))[0]![0] !== 1) await sleep(100)
    try {
      return await work()
    } finally {
      if (!this.#connection.isLost) await this.#all(`select pg_advisory_unlock(${lock})`)
    }
  }
}
