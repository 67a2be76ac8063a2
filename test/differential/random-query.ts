// Random queries, each in the words of a URI and in SQL that nothing of ours compiled.
import { columnOf, columnsOf, pairsOf, tableOf, type Operand, type ShownDatabase } from './shown-database.ts'
import type { FieldDef } from '../../src/schema/field.ts'
import type { Stored } from '../odd/tables.ts'
import type { Random } from '../property/live-oracle/random.ts'

/** A condition on the rows of a table: as JSON, and as SQL about its alias. */
interface Condition {
  readonly json: object
  readonly sql: string
  readonly values: readonly Stored[]
  /** As a parameter of a URI, where there is such a form. */
  readonly flat?: readonly [name: string, value: string]
}

export interface RandomQuery {
  readonly resource: string
  /** Parameters of the URI, without those for pages. */
  readonly parameters: readonly (readonly [name: string, value: string])[]
  /** Selects `n` of the rows in their order. */
  readonly sql: string
  readonly values: readonly Stored[]
}

/** Fields of these names are asked for in the JSON form. */
const PARAMETERS: ReadonlySet<string> = new Set([
  'filter',
  'sort',
  'limit',
  'offset',
  'cursor',
  'depth',
  'include',
  'fields',
  'total',
])

/** Requests may bring neither U+0000 nor half a surrogate pair; bytes that are no UTF-8 are shown as U+FFFD. */
export const isSendable = (shown: unknown): boolean =>
  !/\\u0000|\\ud[89a-f]|\uFFFD/i.test(JSON.stringify(shown)) && String(shown).length < 200

const isComparable = (def: FieldDef): boolean => def.is === 'scalar' && def.type.operators !== 'none'
const negated = (sql: string): string => `NOT ${sql}`

/** What the queries are about. */
export type Queried = Pick<ShownDatabase, 'defOf'> & {
  rows(resource: string): readonly { readonly values: ReadonlyMap<string, Operand> }[]
}

export class RandomQueries {
  readonly #random: Random
  readonly #shown: Queried
  #aliases = 0

  constructor(random: Random, shown: Queried) {
    this.#random = random
    this.#shown = shown
  }

  /** A query of a resource, or of those of its rows for which `within` holds of the table `t`. */
  query(
    resource: string,
    within: { readonly sql: string; readonly values: readonly Stored[] } | null = null,
  ): RandomQuery {
    this.#aliases = 0
    const conditions = Array.from({ length: this.#random.pick([0, 1, 1, 1, 2]) }, () =>
      this.#condition(resource, 't', 2),
    )
    const sort = this.#sort(resource, 't')
    const parameters: (readonly [string, string])[] = []
    const rest: object[] = []
    for (const { json, flat } of conditions) {
      const isFree = flat !== undefined && !PARAMETERS.has(flat[0]) && !parameters.some(([name]) => name === flat[0])
      if (isFree && this.#random.chance(0.5)) parameters.push(flat)
      else rest.push(json)
    }
    if (rest.length > 0) parameters.push(['filter', JSON.stringify(rest.length === 1 ? rest[0] : { $and: rest })])
    if (sort.length > 0)
      parameters.push(['sort', sort.map(({ path, descending }) => `${descending ? '-' : ''}${path}`).join()])
    const order = sort.map(({ sql, descending }) => `${sql} IS NULL, ${sql} ${descending ? 'DESC' : 'ASC'}`)
    const all = [...(within === null ? [] : [within]), ...conditions]
    const where = all.length === 0 ? '' : ` WHERE ${all.map(({ sql }) => sql).join(' AND ')}`
    return {
      resource,
      parameters,
      sql: `SELECT t.n AS n FROM ${tableOf(resource)} t${where} ORDER BY ${[...order, 't._id'].join()}`,
      values: all.flatMap(({ values }) => values),
    }
  }

  #condition(resource: string, alias: string, level: number): Condition {
    const kind = level === 0 ? 9 : this.#random.int(10)
    if (kind === 0) return this.#not(this.#condition(resource, alias, level - 1))
    if (kind <= 2) {
      const of = [this.#condition(resource, alias, level - 1), this.#condition(resource, alias, level - 1)]
      const [word, sql] = kind === 1 ? ['$and', ' AND '] : ['$or', ' OR ']
      return {
        json: { [word]: of.map(({ json }) => json) },
        sql: `(${of.map(one => one.sql).join(sql)})`,
        values: of.flatMap(({ values }) => values),
      }
    }
    const fields = Object.entries(this.#shown.defOf(resource).fields)
    const relations = fields.filter(([, { is }]) => is === 'one' || is === 'back' || is === 'many')
    if (kind <= 5 && relations.length > 0) {
      const [name, def] = this.#random.pick(relations)
      return this.#related(resource, alias, name, def, level - 1)
    }
    const columns = [...columnsOf(this.#shown.defOf(resource))]
    const [name, def] = this.#random.pick(columns.filter(([, def]) => def.is === 'one' || isComparable(def)))
    return this.#leaf(resource, alias, name, def)
  }

  #not({ json, sql, values }: Condition): Condition {
    return { json: { $not: json }, sql: negated(sql), values }
  }

  #related(resource: string, alias: string, name: string, def: FieldDef, level: number): Condition {
    if (def.is !== 'one' && def.is !== 'back' && def.is !== 'many') throw new Error(`${name} is no relation`)
    const inner = `r${this.#aliases++}`
    const from = `${tableOf(def.to)} ${inner}`
    const on =
      def.is === 'one'
        ? `${inner}._id = ${alias}.${columnOf(name)}`
        : def.is === 'back'
          ? `${inner}.${columnOf(def.via)} = ${alias}._id`
          : `EXISTS (SELECT 1 FROM ${pairsOf(resource, name)} p WHERE p.near = ${alias}._id AND p.far = ${inner}._id)`
    const isMany = def.is === 'many' || (def.is === 'back' && def.one !== true)
    if (isMany && this.#random.chance(0.2)) {
      const size = this.#random.int(5)
      return {
        json: { [name]: { $size: size } },
        sql: `((SELECT count(*) FROM ${from} WHERE ${on}) = ?)`,
        values: [size],
      }
    }
    const of = this.#condition(def.to, inner, level)
    const exists = (test: string): string => `EXISTS (SELECT 1 FROM ${from} WHERE ${on} AND ${test})`
    if (!isMany) {
      const flat = of.flat && ([`${name}.${of.flat[0]}`, of.flat[1]] as const)
      return { json: { [name]: of.json }, sql: exists(of.sql), values: of.values, ...(flat && { flat }) }
    }
    const [word, sql] = this.#random.pick([
      ['$some', exists(of.sql)],
      ['$none', negated(exists(of.sql))],
      ['$every', negated(exists(negated(of.sql)))],
    ] as const)
    return { json: { [name]: { [word]: of.json } }, sql, values: of.values }
  }

  /** A value of a field of some row; null if there is none that could be sent. */
  #operand(resource: string, name: string): Operand | null {
    const rows = this.#shown.rows(resource)
    for (let attempt = 0; attempt < 5 && rows.length > 0; attempt++) {
      const operand = this.#random.pick(rows).values.get(name)!
      if (operand.shown !== null && isSendable(operand.shown)) return operand
    }
    return null
  }

  #leaf(resource: string, alias: string, name: string, def: FieldDef): Condition {
    const column = `${alias}.${columnOf(name)}`
    const operators = def.is === 'scalar' ? def.type.operators : 'ordered'
    const operand = operators === 'null' || operators === 'json' ? null : this.#operand(resource, name)
    if (operand === null || this.#random.chance(0.1)) {
      const is = this.#random.chance(0.5)
      return {
        json: { [name]: { $null: is } },
        sql: `(${column} IS ${is ? '' : 'NOT '}NULL)`,
        values: [],
        flat: [`${name}[null]`, String(is)],
      }
    }
    const { shown, compared } = operand
    const isText = operators === 'text' && typeof compared === 'string'
    const kind = this.#random.int(isText ? 12 : operators === 'equality' ? 4 : 8)
    if (kind < 4) return this.#equality(resource, name, column, operand, kind)
    if (kind < 8) {
      const [word, sql] = [
        ['gt', '>'],
        ['gte', '>='],
        ['lt', '<'],
        ['lte', '<='],
      ][kind - 4]!
      return {
        json: { [name]: { [`$${word}`]: shown } },
        sql: `ifnull(${column} ${sql} ?, 0)`,
        values: [compared],
        flat: [`${name}[${word}]`, String(shown)],
      }
    }
    // The id of a column is compared as it is stored, but searched as it is spelled.
    const isSpelled = name === 'id' && def.column !== undefined
    return this.#text(name, isSpelled ? `spelled(${column})` : column, String(shown))
  }

  #equality(resource: string, name: string, column: string, { shown, compared }: Operand, kind: number): Condition {
    const flat = (op: string): Pick<Condition, 'flat'> => ({ flat: [`${name}${op}`, String(shown)] })
    if (kind === 0) return { json: { [name]: shown }, sql: `ifnull(${column} = ?, 0)`, values: [compared], ...flat('') }
    if (kind === 1)
      return { json: { [name]: { $ne: shown } }, sql: `(${column} IS NOT ?)`, values: [compared], ...flat('[ne]') }
    const others = [0, 1].flatMap(() => this.#operand(resource, name) ?? [])
    const all = [{ shown, compared }, ...others]
    const marks = all.map(() => '?').join()
    return {
      json: { [name]: { [kind === 2 ? '$in' : '$nin']: all.map(one => one.shown) } },
      sql: kind === 2 ? `ifnull(${column} IN (${marks}), 0)` : `ifnull(${column} NOT IN (${marks}), 1)`,
      values: all.map(one => one.compared),
    }
  }

  #text(name: string, column: string, shown: string): Condition {
    const signs = Array.from(shown)
    const from = this.#random.int(Math.max(1, signs.length))
    const part = signs.slice(from, from + 1 + this.#random.int(4)).join('')
    const start = signs.slice(0, 1 + this.#random.int(4)).join('')
    const end = signs.slice(-1 - this.#random.int(4)).join('')
    const fold = this.#random.chance(0.5)
    const turned = (text: string): string => (fold && this.#random.chance(0.5) ? text.toUpperCase() : text)
    const of = fold ? `folded(${column})` : column
    const value = fold ? 'folded(?)' : '?'
    const [word, operand, sql] = this.#random.pick([
      ['contains', turned(part), `instr(${of}, ${value}) > 0`],
      ['startsWith', turned(start), `substr(${of}, 1, length(${value})) = ${value}`],
      ['endsWith', turned(end), `substr(${of}, 1 + max(0, length(${of}) - length(${value}))) = ${value}`],
    ] as const)
    const op = fold ? `i${word}` : word
    return {
      json: { [name]: { [`$${op}`]: operand } },
      sql: `ifnull(${sql}, 0)`,
      values: sql
        .split('?')
        .slice(1)
        .map(() => operand),
      flat: [`${name}[${op}]`, operand],
    }
  }

  #sort(resource: string, alias: string): { path: string; sql: string; descending: boolean }[] {
    const keys = Array.from({ length: this.#random.pick([0, 1, 1, 2]) }, () => this.#key(resource, alias, 2))
    return keys
      .flatMap(key => (key === null ? [] : [key]))
      .filter((key, i, all) => all.findIndex(one => one.path === key.path) === i)
  }

  #key(resource: string, alias: string, level: number): { path: string; sql: string; descending: boolean } | null {
    const fields = [...columnsOf(this.#shown.defOf(resource))].filter(
      ([, def]) =>
        def.is === 'one' || (def.is === 'scalar' && !['null', 'none', 'list', 'json'].includes(def.type.operators)),
    )
    const [name, def] = this.#random.pick(fields)
    const descending = this.#random.chance(0.5)
    if (def.is !== 'one' || level === 0 || this.#random.chance(0.2))
      return { path: name, sql: `${alias}.${columnOf(name)}`, descending }
    const inner = `s${this.#aliases++}`
    const key = this.#key(def.to, inner, level - 1)
    if (key === null) return null
    const sql = `(SELECT ${key.sql} FROM ${tableOf(def.to)} ${inner} WHERE ${inner}._id = ${alias}.${columnOf(name)})`
    return { path: `${name}.${key.path}`, sql, descending }
  }
}
