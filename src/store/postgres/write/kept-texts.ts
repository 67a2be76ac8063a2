import type { PostgresConnection } from '../connection.ts'
import type { PostgresState } from '../state.ts'

/** How often expired texts are searched for: after this many new texts. At most four times as many are deleted at once. */
const SWEEP_EVERY = 64
const RECALL = 'select text from _restuary_kept where key = $1 and until > $2'
const KEEP = `insert into _restuary_kept(key, until, text) values ($1, $2, $3)
  on conflict (key) do update set until = excluded.until, text = excluded.text`
const SWEEP = `delete from _restuary_kept where key in (
  select key from _restuary_kept where until <= $1 limit ${4 * SWEEP_EVERY} for update skip locked)`

/** Texts that are kept under keys for a time, in the open transaction. */
export class KeptTexts {
  readonly #connection: PostgresConnection
  readonly #state: PostgresState
  #kept = 0

  constructor(connection: PostgresConnection, state: PostgresState) {
    this.#connection = connection
    this.#state = state
  }

  async recall(key: string): Promise<string | undefined> {
    const { statements, environment } = this.#state
    const [row] = await this.#connection.all(statements.of(RECALL), key, environment.clock())
    return row?.[0] as string | undefined
  }

  keep(key: string, text: string, until: number): Promise<unknown> {
    const { statements, environment } = this.#state
    if (++this.#kept % SWEEP_EVERY === 0) void this.#connection.all(statements.of(SWEEP), environment.clock())
    return this.#connection.all(statements.of(KEEP), key, until, text)
  }
}
