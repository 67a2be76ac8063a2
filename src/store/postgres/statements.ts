import { GenerationCache } from '../sql/generation-cache.ts'
import type { Compiled } from '../sql/kysely.ts'
import { WantedIndexes } from '../sql/wanted-indexes.ts'
import { withFunctionsOf } from './schema/functions.ts'

/** A statement. One with a name is prepared by each connection that executes it, once. */
export interface NamedStatement extends Compiled {
  readonly name: string | undefined
}

/** How many statements have names. Servers keep what is prepared as long as the connection lives. */
const NAMED = 1_000
/** How many statements a generation of the cache holds. */
const GENERATION = 1_000

/** The statements of a store, by what decides their text. */
export class Statements {
  /** The queries among them that no index serves. */
  readonly wanted: WantedIndexes = new WantedIndexes()
  readonly #isPrepared: boolean
  readonly #functions: string | null
  readonly #cached = new GenerationCache<NamedStatement>(GENERATION)
  #named = 0

  /** `functions` = the schema of our functions, if the search path does not lead there. */
  constructor(isPrepared: boolean, functions: string | null = null) {
    this.#isPrepared = isPrepared
    this.#functions = functions
  }

  /** The statement with a key; made if it is not cached. */
  get(key: string, make: () => Compiled): NamedStatement {
    return this.#cached.get(key) ?? this.#cached.set(key, this.#made(make()))
  }

  /** A statement that is written by hand, with `$1` and so on; its text is its key. */
  of(sql: string): NamedStatement {
    return this.get(sql, () => ({ sql, slots: null }))
  }

  /** A statement that is executed once. */
  once({ sql, slots }: Compiled): NamedStatement {
    return { name: undefined, sql: this.#functions === null ? sql : withFunctionsOf(this.#functions, sql), slots }
  }

  #made(compiled: Compiled): NamedStatement {
    const name = this.#isPrepared && this.#named < NAMED ? `restuary_${++this.#named}` : undefined
    return { ...this.once(compiled), name }
  }
}
