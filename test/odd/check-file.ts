import { readFileSync } from 'node:fs'
import { parseKept, shownOf } from '../../src/protocol/exact-json.ts'
import type { FieldDef } from '../../src/schema/field.ts'
import type { ResourceDef } from '../../src/model/declare/declaration.ts'
import type { OddJson } from './json-files.ts'
import { makeFile, served, walk, type Body, type ServedFile } from './served.ts'
import type { OddSqlite } from './sqlite-files.ts'
import { readTables, shownAs } from './tables.ts'

/** Values of a field that are filtered by. */
const VALUES = 8

const bodyOf = (row: Body): string => JSON.stringify(row)

/** Serves a file and does to each of its resources all that can be done; returns what was not as it should be. */
export async function checkFile(file: string, odd: OddSqlite | OddJson): Promise<string[]> {
  makeFile(file, odd)
  const faults: string[] = []
  let one: ServedFile
  try {
    one = served(file)
  } catch (error) {
    return [`it cannot be served: ${(error as Error).message}`]
  }
  try {
    for (const [name, { '~resource': def }] of Object.entries(one.source.resources)) {
      const check = new Check(one, def, `/${name}`, fault => faults.push(`${name}: ${fault}`))
      await check.all()
    }
  } finally {
    await one.close()
  }
  return faults
}

/** Requests may not bring U+0000 or half a surrogate pair, and bytes that are no UTF-8 are shown as U+FFFD. */
const isSendable = (value: unknown): boolean => !/\\u0000|\\ud[89a-f]|\uFFFD/i.test(JSON.stringify(value))

class Check {
  readonly #one: ServedFile
  readonly #def: ResourceDef
  readonly #path: string
  readonly #note: (fault: string) => void

  constructor(one: ServedFile, def: ResourceDef, path: string, note: (fault: string) => void) {
    this.#one = one
    this.#def = def
    this.#path = path.split('/').map(encodeURIComponent).join('/')
    this.#note = note
  }

  async all(): Promise<void> {
    const stored = this.#stored()
    let rows: Body[]
    try {
      rows = await walk(this.#one, this.#path, 7, stored.length)
    } catch (error) {
      return this.#note(`walk: ${(error as Error).message}`)
    }
    this.#compare(rows, stored)
    for (const [what, step] of [
      ['rows', () => this.#fetch(rows)],
      ['filters', () => this.#filter(rows)],
      ['writes', () => this.#write(rows)],
    ] as const) {
      try {
        await step()
      } catch (error) {
        this.#note(`${what}: ${(error as Error).stack}`)
      }
    }
  }

  /** Fields that show a column as it is. */
  #plain(): [name: string, def: FieldDef, column: string][] {
    return Object.entries(this.#def.fields).flatMap(([name, def]) =>
      def.is === 'scalar' && def.type.key === null ? [[name, def, def.column ?? name]] : [],
    )
  }

  /** What the file holds, as it is to be shown; of SQLite only what plain columns show. */
  #stored(): Body[] {
    const table = this.#def.table!
    if (this.#one.source.kind === 'json') {
      const document = shownOf(parseKept(readFileSync(this.#one.file, 'utf8').replace(/^\uFEFF/, ''))) as Record<
        string,
        Body[]
      >
      return document[table]!.map(row =>
        Object.fromEntries(this.#plain().map(([name, , column]) => [name, row[column] ?? null])),
      )
    }
    const tables = readTables(this.#one.file)
    const rows = tables
      .rows(table)
      .map(row =>
        Object.fromEntries(this.#plain().map(([name, def, column]) => [name, shownAs(def, row[column] ?? null)])),
      )
    tables.close()
    return rows
  }

  #literals(): Readonly<Record<string, string>>[] {
    const tables = readTables(this.#one.file)
    const rows = tables.literals(this.#def.table!)
    tables.close()
    return rows
  }

  #compare(rows: readonly Body[], stored: readonly Body[]): void {
    if (rows.length !== stored.length) this.#note(`walk: ${rows.length} rows of ${stored.length}`)
    const names = this.#plain().map(([name]) => name)
    const shown = rows.map(row => bodyOf(Object.fromEntries(names.map(name => [name, row[name]])))).toSorted()
    const wanted = stored.map(bodyOf).toSorted()
    const at = wanted.findIndex((row, i) => row !== shown[i])
    if (at >= 0) this.#note(`shows ${shown[at]} instead of ${wanted[at]}`)
    if (new Set(rows.map(row => JSON.stringify(row['id']))).size < rows.length) this.#note('ids are not unique')
  }

  #url(row: Body): string {
    return `${this.#path}/${encodeURIComponent(String(row['id']))}`
  }

  async #fetch(rows: readonly Body[]): Promise<void> {
    for (const row of rows) {
      const { status, body } = await this.#one.send('GET', this.#url(row))
      if (status !== 200 || bodyOf(body) !== bodyOf(row))
        return this.#note(`GET ${this.#url(row)}: ${status} ${bodyOf(body)}`)
    }
  }

  async #filter(rows: readonly Body[]): Promise<void> {
    for (const [name, def] of Object.entries(this.#def.fields)) {
      if (def.is !== 'scalar' || ['bytes', 'json', 'list'].includes(def.type.name)) continue
      const values = new Set(rows.map(row => row[name]).filter(value => typeof value !== 'object' && isSendable(value)))
      for (const value of [...values].slice(0, VALUES)) {
        const wanted = rows.filter(row => row[name] === value).map(row => JSON.stringify(row['id']))
        for (const query of [
          `filter=${encodeURIComponent(JSON.stringify({ [name]: value }))}`,
          `filter=${encodeURIComponent(JSON.stringify({ [name]: { $in: [value] } }))}`,
          `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
        ]) {
          const found = await walk(this.#one, `${this.#path}?${query}`, 50, rows.length)
          const ids = found.map(row => JSON.stringify(row['id']))
          if (ids.toSorted().join() !== wanted.toSorted().join())
            return this.#note(`?${query} has ${ids.join()} instead of ${wanted.join()}`)
        }
      }
      const sorted = await walk(this.#one, `${this.#path}?sort=-${encodeURIComponent(name)}`, 7, rows.length)
      if (sorted.length !== rows.length) this.#note(`sorted by ${name}: ${sorted.length} rows of ${rows.length}`)
    }
  }

  async #write(rows: readonly Body[]): Promise<void> {
    const report = this.#one.source.report.find(one => one.table === this.#def.table)
    if (report?.served !== 'read and write' || rows.length === 0) return
    const before = this.#one.source.kind === 'sqlite' ? this.#literals() : null
    const { send } = this.#one
    for (const row of rows.filter(isSendable)) {
      const { status, body } = await send('PUT', this.#url(row), row)
      if (status !== 200) return this.#note(`PUT what was read, ${bodyOf(row)}: ${status} ${bodyOf(body)}`)
    }
    if (before !== null && JSON.stringify(this.#literals()) !== JSON.stringify(before))
      this.#note('PUT of what was read changed the file')
    await this.#patch(rows[0]!, before)
    for (const row of new Set([rows.at(-1)!, rows[0]!])) await this.#remove(row)
  }

  async #patch(row: Body, before: Readonly<Record<string, string>>[] | null): Promise<void> {
    const { send, app } = this.#one
    const field = this.#plain().find(
      ([, def, column]) =>
        def.is === 'scalar' &&
        def.type.name === 'text' &&
        def.readonly !== true &&
        this.#def.foreign?.key.includes(column) !== true,
    )
    if (field === undefined) return
    const [name, , column] = field
    const following = app.live(decodeURIComponent(this.#path.slice(1)) as never) as AsyncGenerator<{ rows: Body[] }>
    await following.next()
    const { status, body } = await send('PATCH', this.#url(row), { [name]: 'changed' })
    if (status === 409) return
    if (status !== 200) return this.#note(`PATCH ${name}: ${status} ${bodyOf(body)}`)
    const read = await send('GET', this.#url(body as Body))
    if (bodyOf(read.body) !== bodyOf(body)) this.#note(`PATCH answers ${bodyOf(body)}, GET ${bodyOf(read.body)}`)
    const step = await following.next()
    await following.return(undefined)
    const told = ((step.value as { rows: Body[] }).rows ?? []).map(bodyOf)
    const all = (await walk(this.#one, this.#path, 50, told.length)).map(bodyOf)
    if (told.join('\n') !== all.join('\n')) this.#note(`follow: ${told.join()} instead of ${all.join()}`)
    if (before === null) return
    const changed = this.#literals().flatMap((literal, i) =>
      Object.keys(literal).filter(column => literal[column] !== before[i]?.[column]),
    )
    const triggered = ['n', 'u', 'whole', 'size'] // what triggers and expressions change along
    if (changed.some(one => one !== column && !triggered.includes(one)))
      this.#note(`PATCH of ${column} changed ${changed.join()}`)
  }

  async #remove(row: Body): Promise<void> {
    const { send } = this.#one
    const count = this.#stored().length
    const { status, body } = await send('DELETE', this.#url(row))
    if (status === 409) return
    if (status !== 204) return this.#note(`DELETE ${this.#url(row)}: ${status} ${bodyOf(body)}`)
    if ((await send('GET', this.#url(row))).status !== 404) this.#note('DELETE left the row')
    if (this.#stored().length >= count) this.#note('DELETE left the row in the file')
  }
}
