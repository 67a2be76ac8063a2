import type { Applied } from '../../migrate/migrations.ts'
import type { DataMark } from '../../migrate/data-step.ts'
import type { MigrationStep } from '../../migrate/step.ts'
import type { Connection } from '../connection.ts'

const TABLE = `
  CREATE TABLE IF NOT EXISTS _restuary_migration(
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, plan TEXT NOT NULL, at INTEGER NOT NULL) STRICT`

/** What is kept of a data step in the place of the steps of a plan. */
interface DataEntry {
  /** null = it has ended. */
  readonly data: DataMark | null
}

/** The plans and data steps that were applied to a file, in their order. */
export class Ledger {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  get isMade(): boolean {
    return isMade(this.#connection)
  }

  make(): void {
    this.#connection.exec(TABLE)
  }

  all(): Applied[] {
    return this.#connection
      .prepare('SELECT name, digest, plan, at FROM _restuary_migration ORDER BY number')
      .all()
      .map(([name, digest, plan, at]) => {
        const kept = JSON.parse(plan as string) as MigrationStep[] | DataEntry
        const isData = !Array.isArray(kept)
        return {
          name: name as string,
          digest: digest as string,
          plan: { name: name as string, steps: isData ? [] : kept },
          begun: isData ? kept.data : null,
          isData,
          at: at as number,
        }
      })
  }

  find(name: string): Applied | undefined {
    return this.all().find(one => one.name === name)
  }

  note(name: string, digest: string, kept: readonly MigrationStep[] | DataEntry, at: number): void {
    this.#connection
      .prepare('INSERT INTO _restuary_migration(name, digest, plan, at) VALUES (?, ?, ?, ?)')
      .run(name, digest, JSON.stringify(kept), at)
  }

  /** Keeps how far a data step has come. */
  mark(name: string, data: DataMark | null): void {
    this.#connection
      .prepare('UPDATE _restuary_migration SET plan = ? WHERE name = ?')
      .run(JSON.stringify({ data }), name)
  }

  /** A data step goes on as its file says now. */
  goOn(name: string, digest: string): void {
    this.#connection.prepare('UPDATE _restuary_migration SET digest = ? WHERE name = ?').run(digest, name)
  }

  remove(name: string): void {
    this.#connection.prepare('DELETE FROM _restuary_migration WHERE name = ?').run(name)
  }
}

/** The name of what was applied last to a file that may have no ledger. null = nothing. */
export function lastApplied(connection: Connection): string | null {
  if (!isMade(connection)) return null
  const last = connection.prepare('SELECT name FROM _restuary_migration ORDER BY number DESC LIMIT 1').get()
  return (last?.[0] as string | undefined) ?? null
}

const isMade = (connection: Connection): boolean =>
  connection.prepare(`SELECT 1 FROM sqlite_schema WHERE name = '_restuary_migration'`).get() !== undefined
