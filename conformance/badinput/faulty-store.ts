import { ApiError } from '../../src/protocol/error.ts'
import type { Store } from '../../src/store/store.ts'
import { Unknown } from '../result.ts'
import type { Meaning } from './prose.ts'
import { meant } from './prose.ts'

/** What breaks: what a store does, and what its driver says of it. */
interface Fault {
  readonly members: ReadonlySet<string | symbol>
  readonly cause: string
}

const everything = new Set(['read', 'write', 'transaction'])
const writes = new Set(['write', 'transaction'])

/** Words of `x-test-fault` that speak of the database. A client must hear nothing of what a driver says. */
const faults: readonly Meaning<Fault>[] = [
  [
    /^(?:db|database|store)-(?:down|gone|lost|unavailable|disconnected)$/,
    () => ({
      members: everything,
      cause: 'SQLITE_IOERR: disk I/O error on db-7.internal:/var/lib/todos.db: SELECT * FROM "todo"',
    }),
  ],
  [
    /^(?:db|database|store)-(?:locked|busy|readonly|read-only|write-fails)$/,
    () => ({ members: writes, cause: 'SQLITE_BUSY: database is locked: /var/lib/todos.db: INSERT INTO "todo"' }),
  ],
  [
    /^(?:disk|db)-full$/,
    () => ({ members: writes, cause: 'SQLITE_FULL: database or disk is full: /var/lib/todos.db: INSERT INTO "todo"' }),
  ],
  [
    /^commit-(?:fails|throws|lost)$/,
    () => ({ members: writes, cause: 'SQLITE_IOERR_FSYNC: commit failed: /var/lib/todos.db-wal' }),
  ],
]

/** A store that works until it is told of a fault, and again when it is mended. */
export class FaultyStore {
  readonly store: Store
  #fault: Fault | null = null

  constructor(store: Store) {
    this.store = new Proxy(store, {
      get: (target, name) => {
        const fault = this.#fault
        if (fault?.members.has(name))
          return (): never => {
            throw new ApiError('unavailable', { cause: new Error(fault.cause) })
          }
        const member: unknown = Reflect.get(target, name, target)
        return typeof member === 'function' ? (member.bind(target) as unknown) : member
      },
    })
  }

  /** From now on, what a word of `x-test-fault` says. */
  break(word: string): void {
    this.#fault = meant(faults, word)
  }

  mend(): void {
    this.#fault = null
  }
}

/** Whether a word of `x-test-fault` is about rules, which break before anything runs. */
export function breaksRules(word: string | undefined): boolean {
  if (word === undefined) return false
  if (/^rule-throws$/.test(word)) return true
  if (!faults.some(([pattern]) => pattern.test(word))) throw new Unknown(`x-test-fault: ${word}`)
  return false
}
