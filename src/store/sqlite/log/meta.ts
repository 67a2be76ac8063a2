import { randomUUID } from 'node:crypto'
import { readTerms, termsText, type Term } from '../../terms.ts'
import type { Connection, Statement } from '../connection.ts'

/** What the store remembers about its file, by key. */
export class MetaTable {
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

  /** The list of terms as it is stored, to tell whether it is another by now. */
  get termsText(): string | undefined {
    return this.get(TERMS)
  }

  get terms(): readonly Term[] {
    return storedTerms(key => this.get(key))
  }

  set terms(terms: readonly Term[]) {
    this.set(TERMS, termsText(terms))
  }

  /** Changes with each commit of ours that has no record in the log, to tell it from one of another program. */
  get touched(): string | undefined {
    return this.get(TOUCHED)
  }

  touch(): void {
    this.set(TOUCHED, randomUUID())
  }

  set(key: string, value: string): void {
    this.#set.run(key, value)
  }
}

const TERMS = 'terms'
const TOUCHED = 'touched'

/** What a file says of its terms. */
export function storedTerms(get: (key: string) => string | undefined): readonly Term[] {
  const text = get(TERMS)
  if (text !== undefined) return readTerms(text)
  // Files of earlier releases have one.
  const epoch = get('epoch')
  return epoch === undefined ? [] : [{ epoch, from: 0 }]
}
