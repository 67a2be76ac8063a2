import { nobody, type Concerned } from '../../migrate/need.ts'
import { applyStep } from '../../migrate/apply-step.ts'
import type { DatabaseShape } from '../../migrate/shape.ts'
import type { ChangeColumn, CopyLinks, MigrationStep } from '../../migrate/step.ts'
import type { CustomTypes } from '../../migrate/type-data.ts'
import { Refused } from '../../../schema/read/refused.ts'
import type { Value } from '../../../schema/value.ts'
import type { Bind } from '../../sql/codec.ts'
import type { PostgresConnection } from '../connection.ts'
import { quoted } from '../schema/identifier.ts'
import type { FoundTables } from './found-tables.ts'
import { columnsOf, FoldedRows, reading, type FoldedRowsTable, type Source } from './folded-rows.ts'
import { decodedNative, encodedNative, nativeColumn } from './native-column.ts'
import { CursorPass } from './cursor-pass.ts'

/** How many values are shown. */
const SHOWN = 3

type Answer = () => Concerned | Promise<Concerned>

/** What is asked of a database. `kept` is the name under which the reverse of a step keeps what it took away. */
export interface RowQuestions {
  readonly shape: DatabaseShape
  readonly found: FoundTables
  readonly steps: readonly MigrationStep[]
  readonly custom: CustomTypes
  readonly kept: (step: number) => string | null
}

/** What the rows say of each step, within the open transaction. Each table is read once for all steps together. */
export async function askPostgresRows(connection: PostgresConnection, asked: RowQuestions): Promise<Concerned[]> {
  const { found, steps, custom, kept } = asked
  const folded = new FoldedRows(asked.shape, found, custom)
  const passes = new Map<string, CursorPass>()
  let { shape } = asked
  const answers: Answer[] = []
  for (const [number, step] of steps.entries()) {
    const after = applyStep(shape, step)
    const table = folded.tables.get(step.do === 'copy pairs' ? step.join : step.table)
    const actual = table?.actual ?? null
    if (actual !== null && !passes.has(actual)) passes.set(actual, new CursorPass(connection, actual))
    if (table === undefined || actual === null) answers.push(() => nobody)
    else {
      const pass = passes.get(actual)!
      answers.push(
        new Question({ connection, folded, custom, pass, table, actual, found, kept: kept(number) }).of(step),
      )
    }
    folded.fold(step, number, kept(number))
    shape = after
  }
  for (const pass of passes.values()) await pass.run()
  const concerned: Concerned[] = []
  for (const answer of answers) concerned.push(await answer())
  return concerned
}

interface QuestionOptions {
  readonly connection: PostgresConnection
  readonly folded: FoldedRows
  readonly found: FoundTables
  readonly custom: CustomTypes
  readonly pass: CursorPass
  readonly table: FoldedRowsTable
  readonly actual: string
  readonly kept: string | null
}

/** What a step wants to know of a table. The answer is there after the pass. */
class Question {
  readonly #its: QuestionOptions

  constructor(options: QuestionOptions) {
    this.#its = options
  }

  of(step: MigrationStep): Answer {
    const { table, actual, found, kept } = this.#its
    switch (step.do) {
      case 'copy pairs':
      case 'drop table':
        return this.#counting('true')
      case 'drop column': {
        const { column } = table.columns.get(step.column)!
        return column === null ? () => nobody : this.#counting(`${quoted(column)} is not null`)
      }
      case 'copy links':
        return step.way === 'back' ? this.#severalLinks(step) : () => nobody
      case 'add column':
        if (!step.as.required || (step.value ?? null) !== null) return () => nobody
        return this.#counting(
          kept !== null && found.get(actual)!.columns.has(kept) ? `${quoted(kept)} is null` : 'true',
        )
      case 'change column':
        return this.#change(step)
      case 'add index':
        return step.unique ? this.#shared(step.columns.map(column => table.columns.get(column)!)) : () => nobody
      case 'create table':
      case 'rename table':
      case 'rename column':
      case 'drop index':
        return () => nobody
      default:
        return step satisfies never
    }
  }

  #counting(condition: string): Answer {
    return () => this.#count(`select count(*) from ${quoted(this.#its.actual)} where ${condition}`)
  }

  async #count(sql: string): Promise<Concerned> {
    const [row] = await this.#its.connection.all({ name: undefined, sql, slots: null })
    return { ...nobody, rows: row![0] as number }
  }

  #severalLinks({ join, owner }: CopyLinks): Answer {
    const links = this.#its.folded.tables.get(join)!
    const column = links.columns.get(owner)?.column ?? null
    if (links.actual === null || column === null) return () => nobody
    const of = `select 1 from ${quoted(links.actual)} group by ${quoted(column)} having count(*) > 1`
    return () => this.#count(`select count(*) from (${of}) as several`)
  }

  /** Rows without a link. */
  #unlinked({ join, owner }: CopyLinks): Answer {
    const links = this.#its.folded.tables.get(join)!.actual!
    const { actual, table } = this.#its
    const id = [...table.columns.values()][0]!.column!
    const sql = `select count(*) from ${quoted(actual)} t where not exists (select 1 from ${quoted(links)} l where l.${quoted(owner)} = t.${quoted(id)})`
    return async () => {
      const { rows } = await this.#count(sql)
      return { ...nobody, missing: rows }
    }
  }

  #reading(source: Source): (row: readonly Bind[]) => Value | Refused {
    const { pass, custom, found, actual } = this.#its
    const { columns } = found.get(actual)!
    return reading(source, custom, column => (columns.has(column) ? pass.place(column) : undefined))
  }

  #change(step: ChangeColumn): Answer {
    const { folded, found, actual, custom, kept, table, pass } = this.#its
    const source = table.columns.get(step.column)!
    const change = folded.change(step, kept !== null && found.get(actual)!.columns.has(kept) ? kept : null)
    const { from, to } = step
    const isRetargeted = to.references !== null && from.references?.table !== to.references.table
    const isTyped =
      (from.type !== null || from.kind !== to.kind) && JSON.stringify(from.type) !== JSON.stringify(to.type)
    const isRequired = to.required && !from.required
    if (source.links !== null) return isRequired ? this.#unlinked(source.links) : () => nobody
    if (!isRetargeted && !isTyped && !isRequired && change.isIdentity) return () => nobody
    const before = this.#reading(source)
    const after = this.#reading({ ...source, changes: [...source.changes, change] })
    for (const column of columnsOf({ ...source, changes: [change] }))
      if (found.get(actual)!.columns.has(column)) pass.place(column)
    const native = nativeColumn(from, custom)
    const isConverted = from.kind !== to.kind && !nativeColumn(to, custom).codec.from.includes(from.kind)
    const samples = new Set<string>()
    const targets = new Map<string, { rows: number; shown: string }>()
    const target = nativeColumn(to, custom)
    let [rows, converted, missing] = [0, 0, 0]
    const unfit = (value: Value, count: number): void => {
      rows += count
      if (samples.size < SHOWN && !native.scalar.secret) samples.add(JSON.stringify(value))
    }
    pass.each(row => {
      const value = before(row)
      const becomes = after(row)
      if (value instanceof Refused) return
      if (value === null) {
        if (isRequired && (becomes === null || step.missing !== undefined)) missing++
        return
      }
      if (isConverted) converted++
      if (becomes instanceof Refused || (becomes === null && to.required)) {
        if (isTyped || isRetargeted) unfit(value, 1)
      } else if (isRetargeted && becomes !== null) {
        const key = String(encodedNative(target, becomes))
        const seen = targets.get(key)
        if (seen) seen.rows++
        else targets.set(key, { rows: 1, shown: JSON.stringify(value) })
      }
    })
    return async () => {
      for (const lost of isRetargeted ? await this.#dangling(to.references, [...targets.keys()]) : [])
        unfit(JSON.parse(targets.get(lost)!.shown) as Value, targets.get(lost)!.rows)
      return { rows, samples: [...samples], missing, converted }
    }
  }

  /** Those of the keys for which there is no row. */
  async #dangling(to: NonNullable<ChangeColumn['to']['references']>, keys: readonly string[]): Promise<string[]> {
    const { folded, connection } = this.#its
    const target = folded.tables.get(to.table)
    const column = target?.columns.get(to.column)?.column ?? null
    if (target === undefined || target.actual === null || column === null) return [...keys]
    const sql = `select unnest($1::text[]) except select ${quoted(column)}::text from ${quoted(target.actual)}`
    return (await connection.all({ name: undefined, sql, slots: null }, keys)).map(([key]) => key as string)
  }

  #shared(sources: readonly Source[]): Answer {
    const { custom, pass } = this.#its
    const reads = sources.map(source => this.#reading(source))
    if (!sources.every(({ changes, column }) => column !== null && changes.every(change => change.isIdentity))) {
      const counts = new Map<string, number>()
      pass.each(row => {
        const values = reads.map(read => read(row))
        if (values.some(value => value === null || value instanceof Refused)) return
        const key = values.map(value => shown(value as Value)).join(', ')
        counts.set(key, (counts.get(key) ?? 0) + 1)
      })
      return () => concernedBy([...counts].filter(([, rows]) => rows > 1))
    }
    const columns = sources.map(({ column }) => quoted(column!))
    const present = columns.map(column => `${column} is not null`).join(' and ')
    const sql = `select count(*), ${columns.join()} from ${quoted(this.#its.actual)} where ${present} group by ${columns.join()} having count(*) > 1`
    return async () => {
      const groups = await this.#its.connection.all({ name: undefined, sql, slots: null })
      return concernedBy(
        groups.map(([rows, ...stored]): [string, number] => [
          stored.map((one, i) => shown(decodedNative(nativeColumn(sources[i]!.as, custom), one as Bind))).join(', '),
          rows as number,
        ]),
      )
    }
  }
}

const shown = (value: Value): string => (typeof value === 'string' ? `'${value}'` : JSON.stringify(value))

const concernedBy = (groups: readonly (readonly [string, number])[]): Concerned => ({
  ...nobody,
  rows: groups.reduce((sum, [, rows]) => sum + rows, 0),
  samples: groups.slice(0, SHOWN).map(([value]) => value),
})
