import type { Connection, Statement } from '../connection.ts'
import type { SqliteState } from '../state.ts'
import { isBusy } from '../write/conflict.ts'
import type { Writer } from '../write/writer.ts'

/** How the position of a state is known: by its log; where there is none, all states have the position 1. */
export type Heading = 'log' | 'none'

const HEADS: Readonly<Record<Heading, string>> = {
  log: 'SELECT max(seq) FROM _restuary_log',
  // Reads a page, which is what fixes the state.
  none: 'SELECT 1 FROM (SELECT count(*) FROM sqlite_schema)',
}

/**
 * The read transaction of one turn of the event loop. The first read opens it. The end of the turn or a commit of this process
 * ends it, so a later read never misses an acknowledged write.
 */
export class TurnSnapshot {
  readonly #begin: Statement
  readonly #head: Statement
  readonly #end: Statement
  /** Whether there has been a read in this turn. */
  isOpen = false
  /** The seq of the newest change in the state that is read. */
  position = 0

  constructor(connection: Connection, heading: Heading = 'log') {
    this.#begin = connection.prepare('BEGIN')
    this.#head = connection.prepare(HEADS[heading])
    this.#end = connection.prepare('COMMIT')
  }

  /** Fixes the state that is read, and returns its position. */
  begin(): number {
    this.#begin.run()
    this.isOpen = true
    this.position = (this.#head.get()?.[0] as number | null | undefined) ?? 0
    return this.position
  }

  end(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.#end.run()
  }
}

/**
 * At the first read of a turn: whether another process has written. If it left no record, a term begins at once, so that
 * nothing kept from before is used, and no tag from before is valid; what triggers have captured is recorded. If that process
 * still writes, the next write does it.
 */
export function followOthers(turn: TurnSnapshot, state: SqliteState, writer: Writer): boolean {
  const isNews = state.look()
  // Somebody else may have looked, and what is due then waits for its turn.
  if (!state.isDue) return isNews
  turn.end()
  let isDone = true
  try {
    writer.begin()
    writer.commit()
  } catch (error) {
    if (!isBusy(error)) throw error
    isDone = false
  }
  state.opened(turn.begin())
  return isNews || isDone
}
