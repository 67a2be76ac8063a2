// Random writes under random subscriptions: what a subscriber has, a fresh list and SQL must come to the same.
import { NativeClient } from '../../src/testing/native-client.ts'
import type { ResourceDef } from '../../src/model/declare/declaration.ts'
import type { FieldDef } from '../../src/schema/field.ts'
import type { ServedFile } from '../odd/served.ts'
import type { Random } from '../property/live-oracle/random.ts'
import { serveFaces } from '../speakers.ts'
import { compare, Mismatch, uriOf } from './compare-queries.ts'
import { isSendable, RandomQueries, type RandomQuery } from './random-query.ts'
import { columnsOf, type Body, type ShownDatabase, type ShownRow } from './shown-database.ts'

const SUBSCRIPTIONS = 8

/** No URI has a segment that is empty, "." or "..". */
const isSpelled = (id: unknown): boolean => !['', '.', '..'].includes(String(id))

/** Whether columns may hold values that their fields would not take. */
const holdsOthers = ({ foreign, fields }: ResourceDef): boolean =>
  foreign!.mixed !== undefined || Object.values(fields).some(def => def.is === 'scalar' && def.type.name === 'bytes')

/** A followed query, and the rows that its subscriber has. */
class View {
  readonly query: RandomQuery
  readonly uri: string
  readonly limit: number | null
  readonly offset: number
  readonly depth: number
  readonly #rows = new Map<string, unknown>()
  /** Whether the next part of a long snapshot belongs to the rows that are there. */
  #isPartial = false
  /** Ids of all rows in view, where the server said their order last. */
  #order: readonly string[] | null = null

  constructor(random: Random, query: RandomQuery) {
    this.query = query
    this.limit = random.chance(0.4) ? 1 + random.int(10) : null
    this.offset = this.limit !== null && random.chance(0.4) ? random.int(5) : 0
    this.depth = random.pick([1, 1, 2])
    this.uri = uriOf(`/${query.resource}`, [
      ...query.parameters,
      ...(this.limit === null ? [] : [['limit', String(this.limit)] as const]),
      ...(this.offset === 0 ? [] : [['offset', String(this.offset)] as const]),
      ...(this.depth === 1 ? [] : [['depth', String(this.depth)] as const]),
    ])
  }

  hear(frame: any): void {
    if (frame.op === 'snapshot' || frame.op === 'reset') {
      if (!this.#isPartial) this.#rows.clear()
      this.#isPartial = frame.more === true
      for (const row of frame.data) this.#rows.set(JSON.stringify(row.id), row)
      this.#order = [...this.#rows.keys()]
      return
    }
    for (const { kind, id, data } of frame.events) {
      const key = JSON.stringify(id)
      if (kind === 'leave') this.#rows.delete(key)
      else this.#rows.set(key, data)
    }
    this.#order = frame.order?.map((id: unknown) => JSON.stringify(id)) ?? null
  }

  /** Throws Mismatch unless the subscriber has these rows. */
  check(wanted: readonly unknown[], what: string): void {
    const textOf = (rows: Iterable<unknown>): string[] => [...rows].map(row => JSON.stringify(row)).toSorted()
    compare(`${what}: ${this.uri} as it is followed`, textOf(this.#rows.values()), textOf(wanted))
    if (this.#order === null || this.#order.length !== wanted.length) return
    const ids = wanted.map(row => JSON.stringify((row as Body)['id']))
    if (this.limit !== null) compare(`${what}: the order of ${this.uri}`, this.#order, ids)
  }
}

export class ViewComparison {
  readonly #random: Random
  readonly #one: ServedFile
  readonly #shown: ShownDatabase
  readonly #client: NativeClient
  readonly #close: () => Promise<void>
  readonly #queries: RandomQueries
  readonly #views = new Map<number, View>()
  /** Whether the file has rows that change with others, whose queries run again. */
  readonly #isDerived: boolean
  /** The resources that clients may write. */
  readonly #writable: readonly string[]
  #made = 0
  writes = 0
  /** Views that were refused, because their query takes too long to run after each commit. */
  refused = 0

  private constructor(
    random: Random,
    one: ServedFile,
    shown: ShownDatabase,
    client: NativeClient,
    close: () => Promise<void>,
  ) {
    this.#random = random
    this.#one = one
    this.#shown = shown
    this.#client = client
    this.#close = close
    this.#queries = new RandomQueries(random, shown)
    this.#isDerived = Object.values(one.source.resources).some(({ '~resource': def }) => def.foreign!.derived === true)
    this.#writable = one.source.report.flatMap(({ resource, served }) =>
      resource !== null && served === 'read and write' ? [resource] : [],
    )
  }

  static async open(random: Random, one: ServedFile, shown: ShownDatabase): Promise<ViewComparison> {
    const { port, close } = await serveFaces(one.app)
    return new ViewComparison(random, one, shown, await NativeClient.open(`ws://127.0.0.1:${port}/`), close)
  }

  /** Closes the API as well. */
  async close(): Promise<void> {
    this.#client.cut()
    await this.#close()
  }

  /** Subscribes anew, writes a few times, and compares after each write. Throws Mismatch. */
  async next(writes: number): Promise<void> {
    await this.#subscribe()
    for (let i = 0; i < writes; i++) {
      const what = await this.#write()
      if (what === null) continue
      this.writes++
      this.#shown.refresh()
      await this.#settled()
      for (const view of this.#views.values()) await this.#compare(view, what)
    }
  }

  async #subscribe(): Promise<void> {
    for (const sub of this.#views.keys()) await this.#client.ask({ op: 'unsubscribe', sub })
    this.#client.heard.length = 0
    this.#views.clear()
    const names = Object.keys(this.#one.source.resources)
    for (let i = 0; i < SUBSCRIPTIONS; i++) {
      const view = new View(this.#random, this.#queries.query(this.#random.pick(names)))
      const id = ++this.#made + 1e6
      this.#views.set(id, view)
      const { status, error } = await this.#client.ask({ id, op: 'subscribe', uri: view.uri })
      if (status === 400 && error.error === 'too_complex' && error.detail.includes('asked again after each commit')) {
        this.#views.delete(id)
        this.refused++
      } else if (status !== 200) throw new Mismatch(`${view.uri}: ${status} ${JSON.stringify(error)}`)
    }
    await this.#settled()
  }

  /** Resolves when everything that was committed has been told. */
  async #settled(): Promise<void> {
    await this.#one.app.http.live!.advance()
    // An answer comes after everything that was sent before it.
    await this.#client.ask({ op: 'ping' })
    this.#hear()
  }

  #hear(): void {
    for (const frame of this.#client.heard.splice(0)) {
      const view = this.#views.get(frame.sub)
      if (view !== undefined && frame.op !== 'resumed') view.hear(frame)
    }
  }

  async #compare(view: View, what: string): Promise<void> {
    const { resource, sql, values } = view.query
    const found = this.#shown.select(resource, sql, ...values)
    const rows = view.limit === null ? found : found.slice(view.offset, view.offset + view.limit)
    // Whether rows of a view can be equal is decided at the start; a write may make such rows later.
    if (new Set(found.map(({ id }) => id)).size < found.length) return
    const wanted = rows.map(row => this.#shown.body(resource, row, view.depth))
    // Queries that run again take turns on a busy machine.
    for (let patience = this.#isDerived ? 10 : 0; ; patience--) {
      try {
        view.check(wanted, what)
        break
      } catch (error) {
        if (patience === 0) throw error
        await this.#settled()
      }
    }
    const uri = view.limit === null ? `${view.uri}${view.uri.includes('?') ? '&' : '?'}limit=100` : view.uri
    const { status, body } = await this.#one.send('GET', uri)
    if (status !== 200) throw new Mismatch(`${uri}: ${status} ${JSON.stringify(body)}`)
    compare(`${what}: ${uri} as it is listed`, body, wanted.slice(0, 100))
  }

  /** Writes something; returns what was written, null if it was refused for a good reason. */
  async #write(): Promise<string | null> {
    if (this.#writable.length === 0) return null
    const resource = this.#random.pick(this.#writable)
    const kind = this.#random.int(10)
    const row = this.#rowOf(resource)
    if (row === null) return null
    const uri = `/${encodeURIComponent(resource)}/${encodeURIComponent(String(row.id))}`
    const [op, target, data] =
      kind < 6
        ? (['patch', uri, this.#changes(resource)] as const)
        : kind < 8
          ? (['delete', uri, undefined] as const)
          : (['create', `/${encodeURIComponent(resource)}`, this.#copy(resource, row)] as const)
    const { status, error, data: shown } = await this.#client.ask({ op, uri: target, ...(data && { data }) })
    const what = `after ${op} ${decodeURIComponent(target)} ${JSON.stringify(data)}`
    // A column that holds values of several types takes no further ones of those that it was not declared for.
    if (status === 409 || (status === 400 && holdsOthers(this.#shown.defOf(resource)))) return null
    if (status >= 400) throw new Mismatch(`${what}: ${status} ${JSON.stringify(error)}`)
    if (op !== 'delete') {
      const { body } = await this.#one.send(
        'GET',
        `/${encodeURIComponent(resource)}/${encodeURIComponent(String(shown.id))}`,
      )
      compare(`${what}: its answer`, shown, body)
    }
    return what
  }

  #rowOf(resource: string): ShownRow | null {
    const rows = this.#shown
      .rows(resource)
      .filter(({ id, values }) => isSpelled(id) && [...values.values()].every(({ shown }) => isSendable(shown)))
    return rows.length === 0 ? null : this.#random.pick(rows)
  }

  /** New values for one or two fields, each taken from some row, or null. */
  #changes(resource: string): Body {
    const def = this.#shown.defOf(resource)
    const isFixed = (name: string, { readonly, column }: FieldDef): boolean =>
      name === 'id' || readonly === true || def.foreign!.key.includes(column ?? name)
    const fields = [...columnsOf(def)].filter(([name, field]) => !isFixed(name, field))
    const chosen = this.#random.some(fields, 1 + this.#random.int(2))
    return Object.fromEntries(chosen.map(([name, def]) => [name, this.#value(resource, name, def)]))
  }

  #value(resource: string, name: string, def: FieldDef): unknown {
    if (def.nullable === true && this.#random.chance(0.15)) return null
    const row = this.#rowOf(def.is === 'one' ? def.to : resource)
    if (row === null) return null
    return def.is === 'one' ? row.id : row.values.get(name)!.shown
  }

  /** The body of a row for another one, with an id of its own where clients choose it. */
  #copy(resource: string, row: ShownRow): Body {
    const { fields } = this.#shown.defOf(resource)
    const members = [...columnsOf(this.#shown.defOf(resource))]
      .filter(([, def]) => def.readonly !== true)
      .map(([name]) => [name, name === 'id' ? this.#newId(row.id, fields[name]!) : row.values.get(name)!.shown])
    return { ...Object.fromEntries(members), ...(this.#random.chance(0.7) && this.#changes(resource)) }
  }

  #newId(id: unknown, def: FieldDef): unknown {
    const made = 1_000_000 + ++this.#made
    if (typeof id === 'number') return made
    const kind = def.is === 'scalar' ? def.type.key : undefined
    if (kind === 'bigint') return made
    return kind === 'hex' ? String(made).padStart(8, '0') : `new ${made}`
  }
}
