// Random requests for lists, rows and related lists, each answer compared with what SQL finds.
import type { ServedFile } from '../odd/served.ts'
import type { Random } from '../property/live-oracle/random.ts'
import { RandomQueries, type RandomQuery } from './random-query.ts'
import type { ShownDatabase, ShownRow } from './shown-database.ts'

type Parameters = readonly (readonly [name: string, value: string])[]

export const uriOf = (path: string, parameters: Parameters): string =>
  encodeURI(path) +
  (parameters.length === 0 ? '' : `?${parameters.map(one => one.map(encodeURIComponent).join('=')).join('&')}`)

/** What was not as it should be, with the request. */
export class Mismatch extends Error {}

export class QueryComparison {
  readonly #random: Random
  readonly #one: ServedFile
  readonly #shown: ShownDatabase
  readonly #queries: RandomQueries

  constructor(random: Random, one: ServedFile, shown: ShownDatabase) {
    this.#random = random
    this.#one = one
    this.#shown = shown
    this.#queries = new RandomQueries(random, shown)
  }

  /** Sends one random request, or one for each page of a walk. Throws Mismatch. */
  async next(): Promise<void> {
    const names = Object.keys(this.#one.source.resources)
    const resource = this.#random.pick(names)
    const kind = this.#random.int(10)
    if (kind === 0 && (await this.#row(resource))) return
    if (kind === 1 && (await this.#nested(resource))) return
    const query = this.#queries.query(resource)
    const rows = this.#shown.select(resource, query.sql, ...query.values)
    await (kind < 5 ? this.#walk(query, rows) : this.#page(`/${resource}`, query, rows))
  }

  async #row(resource: string): Promise<boolean> {
    const row = this.#rowOf(resource)
    if (row === null) return false
    const depth = this.#random.int(4)
    const uri = uriOf(`/${resource}/`, []) + encodeURIComponent(String(row.id)) + (depth === 1 ? '' : `?depth=${depth}`)
    const { body } = await this.#get(uri)
    compare(uri, body, this.#shown.body(resource, row, depth))
    return true
  }

  async #nested(resource: string): Promise<boolean> {
    const fields = Object.entries(this.#shown.defOf(resource).fields)
    const lists = fields.filter(([, def]) => def.is === 'many' || (def.is === 'back' && def.one !== true))
    const row = this.#rowOf(resource)
    if (lists.length === 0 || row === null) return false
    const [name, def] = this.#random.pick(lists)
    if (def.is !== 'back' && def.is !== 'many') return false
    const ids = this.#shown.related(resource, name, row).map(one => one.values.get('id')!.compared)
    const query = this.#queries.query(def.to, { sql: `t._id IN (${ids.map(() => '?').join()})`, values: ids })
    const rows = this.#shown.select(def.to, query.sql, ...query.values)
    await this.#page(`/${resource}/${encodeURIComponent(String(row.id))}/${name}`, query, rows, true)
    return true
  }

  async #page(path: string, query: RandomQuery, rows: readonly ShownRow[], isEncoded = false): Promise<void> {
    const limit = this.#random.pick([1, 7, 25, 100])
    const offset = this.#random.chance(0.4) ? this.#random.int(Math.min(rows.length + 3, 2_000)) : 0
    const depth = this.#random.pick([0, 1, 1, 1, 2, 2, 3])
    const total = this.#random.chance(0.3)
    const parameters: Parameters = [
      ...query.parameters,
      ['limit', String(limit)],
      ...(offset > 0 ? [['offset', String(offset)] as const] : []),
      ...(depth === 1 ? [] : [['depth', String(depth)] as const]),
      ...(total ? [['total', 'true'] as const] : []),
    ]
    const uri = isEncoded ? encodePath(path) + uriOf('', parameters) : uriOf(path, parameters)
    const { body, headers } = await this.#get(uri)
    const page = rows.slice(offset, offset + limit)
    compare(
      uri,
      body,
      page.map(row => this.#shown.body(query.resource, row, depth)),
    )
    if (total) compare(`${uri}: its total`, Number(headers.get('x-total-count')), rows.length)
  }

  /** All pages by their `next` links, then back by `prev`. */
  async #walk(query: RandomQuery, all: readonly ShownRow[]): Promise<void> {
    const most = 12
    const limit = Math.max(this.#random.pick([1, 3, 10, 40]), Math.ceil(all.length / most))
    const rows = all.slice(0, limit > 100 ? 100 * most : undefined)
    const first = uriOf(`/${query.resource}`, [...query.parameters, ['limit', String(Math.min(limit, 100))]])
    const pages: unknown[][] = []
    const prevs: string[] = []
    let next: string | null = first
    while (next !== null && pages.length < most) {
      const { body, headers } = await this.#get(next)
      pages.push(body as unknown[])
      const prev = linkOf(headers, 'prev')
      if (prev !== null) prevs.push(prev)
      next = linkOf(headers, 'next')
    }
    compare(
      `all pages of ${first}`,
      pages.flat(),
      rows.map(row => this.#shown.body(query.resource, row, 1)),
    )
    for (const [i, prev] of prevs.entries()) {
      const { body } = await this.#get(prev)
      compare(`the page before page ${i + 2} of ${first}`, body, pages[i])
    }
  }

  /** A row that a URI can name. */
  #rowOf(resource: string): ShownRow | null {
    const rows = this.#shown.rows(resource).filter(({ id }) => !['', '.', '..'].includes(String(id)))
    return rows.length === 0 ? null : this.#random.pick(rows)
  }

  async #get(uri: string): Promise<{ body: unknown; headers: Headers }> {
    const { status, body, headers } = await this.#one.send('GET', uri)
    if (status !== 200) throw new Mismatch(`${decodeURIComponent(uri)}: ${status} ${JSON.stringify(body)}`)
    return { body, headers }
  }
}

const encodePath = (path: string): string =>
  path
    .split('/')
    .map((part, i) => (i === 2 ? part : encodeURIComponent(part)))
    .join('/')

function linkOf(headers: Headers, rel: string): string | null {
  const link = headers.get('link')?.match(new RegExp(`<([^>]*)>; rel="${rel}"`))
  if (!link) return null
  const { pathname, search } = new URL(link[1]!, 'http://localhost/')
  return pathname + search
}

export function compare(what: string, answered: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(answered), JSON.stringify(wanted)]
  if (a === b) return
  let at = 0
  while (a[at] === b[at]) at++
  const around = (text: string): string => text.slice(Math.max(0, at - 120), at + 120)
  throw new Mismatch(`${what}\n  answers …${around(a)}…\n  instead of …${around(b)}…\n  ${decodeURIComponent(what)}`)
}
