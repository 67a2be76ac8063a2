import type { Client } from 'pg'
import type { Row } from '../../model/model.ts'
import type { Bind } from '../sql/codec.ts'
import { isOfNetwork, unavailable } from './failures.ts'
import type { NamedStatement } from './statements.ts'

/** Where to connect to. */
export interface PostgresAddress {
  /** A connection string as psql takes it, with TLS by `sslmode`. */
  readonly url: string
  readonly schema?: string | undefined
  /** The schema comes before those that the role searches, and not in place of them: their triggers need them. */
  readonly isBeside?: boolean
  /** Statements with which each connection begins. */
  readonly prelude?: string
}

/** How values of these types are read (pg_type.oid); all others are text. */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  16: text => (text === 't' ? 1 : 0),
  17: text => Buffer.from(text.slice(2), 'hex'),
  20: integer,
  21: Number,
  23: Number,
  701: Number,
  1184: moment,
}

const types = { getTypeParser: (oid: number): ((text: string) => unknown) => parsers[oid] ?? plain }

const plain = (text: string): string => text

/** A number, or the digits of one that is too large for JavaScript. */
function integer(text: string): number | string {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : text
}

const MOMENT =
  /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,3})\d*)?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?( BC)?$/

/** `2026-01-31 12:00:00.5+00` as we write it, whatever the time zone of the session. What is no moment stays as it is. */
function moment(text: string): string {
  if (text.endsWith('+00') && text[4] === '-') {
    const [whole, fraction = ''] = text.slice(0, -3).replace(' ', 'T').split('.')
    return `${whole}.${fraction.slice(0, 3).padEnd(3, '0')}Z`
  }
  const match = MOMENT.exec(text)
  if (match === null) return text
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const [, , , , , , , fraction = '', sign, hours, minutes = 0, seconds = 0, era] = match
  const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds))
  const date = new Date(0)
  date.setUTCFullYear(era === undefined ? year : 1 - year, month - 1, day)
  date.setUTCHours(hour, minute, second - offset, Number(fraction.padEnd(3, '0')))
  return date.toISOString()
}

/** Settings of the session, as a pooler may keep them from a session before: the schema comes first already. */
const BESIDE = `select set_config('search_path', '?, ' || replace(current_setting('search_path'), '?, ', ''), false)`

const ignore = (): void => {}

/**
 * A connection. Statements are sent without waiting for the answers to those before them (pipelining), and are executed in this
 * order. Those that are given before the event loop goes on leave in one message, so that none of them waits for this process.
 */
export class PostgresConnection {
  readonly #client: Client
  /** Sends what has to come before whatever is sent next; null if there is nothing. */
  beforeSending: (() => void) | null = null
  /** What must be over before anything else may be sent. */
  #gate: Promise<unknown> | null = null
  #isHeldBack = false
  #isLost = false
  #failure: { readonly error: unknown } | null = null

  private constructor(client: Client) {
    this.#client = client
    const lost = (): void => void (this.#isLost = true)
    client.on('error', lost)
    client.on('end', lost)
  }

  /** Throws Error if `pg` is not installed, and ApiError `unavailable` if the server cannot be reached. */
  static async open({ url, schema, isBeside = false, prelude }: PostgresAddress): Promise<PostgresConnection> {
    const Driver = await driver()
    const client = new Driver({
      connectionString: url,
      pipeline: true,
      types,
      connectionTimeoutMillis: 10_000,
      fallback_application_name: 'restuary',
      ...(schema !== undefined && !isBeside && { options: `-c search_path=${schema}` }),
    })
    const connection = new PostgresConnection(client)
    try {
      await client.connect()
      if (schema !== undefined && isBeside) await connection.exec(BESIDE.replaceAll('?', schema))
      if (prelude !== undefined) await connection.exec(prelude)
    } catch (error) {
      void connection.close()
      throw unavailable(`the database cannot be reached${advice(error, schema)}`, error)
    }
    return connection
  }

  /** Whether it can no longer be used. */
  get isLost(): boolean {
    return this.#isLost
  }

  /** The first statement that has failed, outside of `guarded`. The open transaction has failed with it. */
  get failure(): { readonly error: unknown } | null {
    return this.#failure
  }

  /** Called when a transaction begins, or was rolled back to a savepoint. */
  recovered(): void {
    this.#failure = null
  }

  /** The rows that a statement answers with, as arrays. */
  all(statement: NamedStatement, ...values: readonly BoundValue[]): Promise<Row[]> {
    return this.#gate === null ? this.#send(statement, values) : this.#gate.then(() => this.all(statement, ...values))
  }

  /** Executes one or several statements without values. Resolves to what the last of them did, such as `COMMIT`. */
  exec(text: string): Promise<string> {
    if (this.#gate !== null) return this.#gate.then(() => this.exec(text))
    return this.#exec(text)
  }

  /**
   * Executes a statement that may fail, in a savepoint of the open transaction. Whatever is given meanwhile waits, because
   * it would fail as well.
   */
  guarded(before: string, statement: NamedStatement, values: readonly BoundValue[]): Promise<Row[]> {
    if (this.#gate !== null) return this.#gate.then(() => this.guarded(before, statement, values))
    const rows = this.#guarded(before, statement, values)
    const gate = rows.then(ignore, ignore).then(() => {
      if (this.#gate === gate) this.#gate = null
    })
    this.#gate = gate
    return rows
  }

  async #guarded(before: string, statement: NamedStatement, values: readonly BoundValue[]): Promise<Row[]> {
    const begun = this.#exec(`savepoint guarded; ${before}`)
    const rows = this.#send(statement, values)
    void this.#exec('release savepoint guarded')
    try {
      await begun
      return await rows
    } catch (error) {
      if (this.#isLost) throw error
      await this.#exec('rollback to savepoint guarded; release savepoint guarded')
      this.recovered()
      throw error
    }
  }

  #send({ name, sql, slots }: NamedStatement, values: readonly BoundValue[]): Promise<Row[]> {
    this.beforeSending?.()
    const placed = slots === null ? values : slots.map(slot => values[slot])
    this.#holdBack()
    const answer = this.#client.query<Row>({ name, text: sql, values: placed as unknown[], rowMode: 'array' } as never)
    return this.#watched(answer.then(({ rows }) => rows))
  }

  #exec(text: string): Promise<string> {
    this.beforeSending?.()
    this.#holdBack()
    return this.#watched(
      this.#client.query(text).then(result => {
        const last = Array.isArray(result) ? (result.at(-1) as typeof result) : result
        return last.command
      }),
    )
  }

  /** Collects what is sent, until all code has run that does not wait. */
  #holdBack(): void {
    if (this.#isHeldBack) return
    this.#isHeldBack = true
    const { stream } = this.#client.connection
    stream.cork()
    process.nextTick(() => {
      this.#isHeldBack = false
      stream.uncork()
    })
  }

  /** A failure is seen by whoever awaits the promise. Of several that were sent together, only the first is awaited. */
  #watched<T>(promise: Promise<T>): Promise<T> {
    promise.catch((error: unknown) => {
      this.#failure ??= { error }
      // A statement may fail before the driver tells that the connection is lost.
      if (isOfNetwork(error)) this.#isLost = true
    })
    return promise
  }

  /** Calls a function for each message on a channel, and another one when the connection is lost. */
  async listen(channel: string, onMessage: (text: string) => void, onEnd: () => void): Promise<void> {
    this.#client.on('notification', ({ payload }) => onMessage(payload ?? ''))
    this.#client.once('end', onEnd)
    await this.exec(`listen ${channel}`)
  }

  close(): Promise<void> {
    this.#isLost = true
    return this.#client.end().catch(ignore)
  }
}

/** A bound value; an array is a list of values of one type. */
export type BoundValue = Bind | readonly Bind[]

async function driver(): Promise<typeof Client> {
  try {
    return (await import('pg')).Client
  } catch (error) {
    throw new Error('postgres() needs the package pg: npm install pg', { cause: error })
  }
}

/** What to do about an error of a pooler, if it is one. */
function advice(error: unknown, schema: string | undefined): string {
  if (!(error instanceof Error) || !error.message.startsWith('unsupported startup parameter')) return ''
  return `: the pooler does not pass a schema on, so give the role a search path instead (alter role … set search_path = ${schema})`
}
