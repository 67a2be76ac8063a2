import type { Connection, Statement } from './connection.ts'

/** How often expired texts are searched for: after this many new texts. At most four times as many are deleted at once. */
const SWEEP_EVERY = 64

/** Texts that expire, in a table of their own. */
export class ExpiringTexts {
  readonly #get: Statement
  readonly #put: Statement
  readonly #sweep: Statement
  #since = 0
  /** Whether a text was put since this was last set to false. */
  hasNew = false

  constructor(connection: Connection) {
    this.#get = connection.prepare('SELECT text FROM _restuary_kept WHERE key = ? AND until > ?')
    this.#put = connection.prepare(
      `INSERT INTO _restuary_kept(key, until, text) VALUES (?, ?, ?)
       ON CONFLICT(key) DO UPDATE SET until = excluded.until, text = excluded.text`,
    )
    this.#sweep = connection.prepare(
      `DELETE FROM _restuary_kept WHERE key IN (SELECT key FROM _restuary_kept WHERE until <= ? LIMIT ${4 * SWEEP_EVERY})`,
    )
  }

  get(key: string, now: number): string | undefined {
    return this.#get.get(key, now)?.[0] as string | undefined
  }

  put(key: string, text: string, until: number, now: number): void {
    this.#put.run(key, until, text)
    this.hasNew = true
    if (++this.#since < SWEEP_EVERY) return
    this.#since = 0
    this.#sweep.run(now)
  }
}
