import { randomInt } from 'node:crypto'
import { ApiError } from '../../protocol/error.ts'
import type { SharedChange, SharedStep, SharedState, SharedText } from '../shared/shared-state.ts'
import type { PostgresConnection } from './connection.ts'
import { unavailable } from './failures.ts'
import type { ConnectionPool } from './pool.ts'
import type { NamedStatement } from './statements.ts'

const statement = (name: string, sql: string): NamedStatement => ({ name: `restuary_shared_${name}`, sql, slots: null })

const GET = statement('get', 'select key, text, until, version from _restuary_shared where key = any($1)')
/** Writes each text that is still the one that was read; names those that it wrote. In order, so that two cannot deadlock. */
const PUT = statement(
  'put',
  `insert into _restuary_shared as s (key, until, text, version, was)
    select * from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[]) order by 1
    on conflict (key) do update
      set until = excluded.until, text = excluded.text, version = excluded.version where s.version = excluded.was
    returning key`,
)
const SWEEP = statement(
  'sweep',
  'delete from _restuary_shared where key in (select key from _restuary_shared where until <= $1 for update skip locked)',
)
const LIST = statement(
  'list',
  'select key, text from _restuary_shared where until > $1 and starts_with(key, $2) order by until desc limit $3',
)

/** How often texts are deleted that have expired: after this many changes. */
const SWEEP_EVERY = 1_024
/** How often a text is tried to be replaced that others replace all the time. */
const ATTEMPTS = 100
/** The version of a text that is not there. */
const NONE = 0

interface Asked {
  readonly step: SharedStep<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Texts in a table without a write-ahead log. All that is asked for in one turn takes two statements, and no lock outlives a
 * statement: a process that hangs keeps nobody waiting. If another process has replaced a text between the two, they are
 * repeated for it.
 */
export class PostgresSharedState implements SharedState {
  readonly #pool: ConnectionPool
  readonly #clock: () => number
  #asked = new Map<string, Asked[]>()
  #running: Promise<void> | null = null
  #changes = 0

  constructor(pool: ConnectionPool, clock: () => number) {
    this.#pool = pool
    this.#clock = clock
  }

  update<T>(key: string, step: SharedStep<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const asked: Asked = { step, resolve: resolve as (value: unknown) => void, reject }
      const same = this.#asked.get(key)
      if (same) same.push(asked)
      else this.#asked.set(key, [asked])
      this.#running ??= new Promise<void>(begin => void setImmediate(begin)).then(() => this.#run())
    })
  }

  async list(prefix: string, most: number): Promise<SharedText[]> {
    const connection = await this.#pool.take()
    try {
      const rows = (await connection.all(LIST, this.#clock(), prefix, most)) as [string, string][]
      return rows.map(([key, text]) => ({ key, text }))
    } catch (error) {
      void connection.close()
      throw unavailable('the database did not answer', error)
    } finally {
      this.#pool.give(connection)
    }
  }

  async #run(): Promise<void> {
    while (this.#asked.size > 0) {
      const asked = this.#asked
      this.#asked = new Map()
      try {
        await this.#serve(asked)
      } catch (error) {
        const told = error instanceof ApiError ? error : unavailable('the database did not answer', error)
        for (const { reject } of [...asked.values()].flat()) reject(told)
      }
    }
    this.#running = null
  }

  async #serve(asked: ReadonlyMap<string, readonly Asked[]>): Promise<void> {
    const connection = await this.#pool.take()
    try {
      let left = asked
      for (let attempt = 0; left.size > 0; attempt++) {
        if (attempt === ATTEMPTS) throw unavailable('others change the same text all the time')
        left = await this.#attempt(connection, left)
      }
    } catch (error) {
      void connection.close()
      throw error
    } finally {
      this.#pool.give(connection)
    }
  }

  /** Tries once. Returns what has to be tried again. */
  async #attempt(
    connection: PostgresConnection,
    asked: ReadonlyMap<string, readonly Asked[]>,
  ): Promise<ReadonlyMap<string, readonly Asked[]>> {
    const now = this.#clock()
    const rows = (await connection.all(GET, [...asked.keys()])) as [string, string, number, number][]
    const found = new Map(rows.map(([key, text, until, version]) => [key, { text, until, version }]))
    const results = [...asked].map(([key, all]) => resultOf(all, { key, now, found: found.get(key) }))
    const changes = results.filter(({ isChanged }) => isChanged)
    const written = new Set<string>()
    if (changes.length > 0) {
      const columns = [
        changes.map(({ key }) => key),
        changes.map(({ until }) => until),
        changes.map(({ text }) => text),
        changes.map(() => randomInt(1, 2 ** 47)),
        changes.map(({ was }) => was),
      ]
      for (const [key] of await connection.all(PUT, ...columns)) written.add(key as string)
      this.#changes += changes.length
      if (this.#changes >= SWEEP_EVERY) {
        this.#changes = 0
        void connection.all(SWEEP, now)
      }
    }
    const again = new Map<string, readonly Asked[]>()
    for (const { key, isChanged, settle } of results) {
      if (isChanged && !written.has(key)) again.set(key, asked.get(key)!)
      else settle()
    }
    return again
  }

  async close(): Promise<void> {
    await this.#running
    await this.#pool.close()
  }
}

interface Found {
  readonly text: string
  readonly until: number
  readonly version: number
}

interface Result {
  readonly key: string
  readonly text: string
  readonly until: number
  /** The version of the text that the steps were given. */
  readonly was: number
  readonly isChanged: boolean
  readonly settle: () => void
}

/** Does all steps of a key, one after the other. One that throws changes nothing. */
function resultOf(
  asked: readonly Asked[],
  { key, now, found }: { readonly key: string; readonly now: number; readonly found: Found | undefined },
): Result {
  let text = found && found.until > now ? found.text : undefined
  let until = 0
  let isChanged = false
  const settling: (() => void)[] = []
  for (const { step, resolve, reject } of asked) {
    try {
      const change: SharedChange<unknown> = step(text, now)
      settling.push(() => resolve(change.value))
      if (change.text === undefined) continue
      text = change.text ?? undefined
      // What is removed is over at once, and the next sweep deletes it.
      until = text === undefined ? 0 : (change.until ?? Number.MAX_SAFE_INTEGER)
      isChanged = true
    } catch (error) {
      settling.push(() => reject(error))
    }
  }
  const was = found?.version ?? NONE
  return { key, text: text ?? '', until, was, isChanged, settle: () => settling.forEach(settle => settle()) }
}
