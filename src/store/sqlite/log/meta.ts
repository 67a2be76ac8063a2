import type { Connection, Statement } from '../connection.ts'

/** What the store remembers about its file, by key. */
export class Meta {
  readonly #get: Statement
  readonly #set: Statement

  constructor(connection: Connection) {
    this.#get = connection.prepare('SELECT value FROM _restuary_meta WHERE key = ?')
    this.#set = connection.prepare(
      'INSERT INTO _restuary_meta(key, value) VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value',
    )
  }

  get(key: string): string | undefined {
    return this.#get.get(key)?.[0] as string | undefined
  }

  set(key: string, value: string): void {
    this.#set.run(key, value)
  }
}
