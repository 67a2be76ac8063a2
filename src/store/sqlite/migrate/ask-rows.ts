import { applyStep } from '../../migrate/apply-step.ts'
import { conversionOf } from '../../migrate/convert.ts'
import { nobody, type Concerned } from '../../migrate/need.ts'
import type { DatabaseShape } from '../../migrate/shape.ts'
import type { ChangeColumn, MigrationStep } from '../../migrate/step.ts'
import type { CustomTypes } from '../../migrate/type-data.ts'
import { Refused } from '../../../schema/read/refused.ts'
import type { Bind } from '../../sql/codec.ts'
import type { Connection } from '../connection.ts'
import { FoldedTables, savedRow, decodedValue, type Saved } from './folded-tables.ts'
import { TablePass } from './table-pass.ts'
import { quote } from './table-sql.ts'

/** How many values are shown. */
const SHOWN = 3

/**
 * What the rows of a file say of each step. `restored` tells what the reverse of a step has put aside. Nothing is changed. Each
 * table is read once for all steps together, and once more for each new unique index.
 */
export function askRows(
  connection: Connection,
  shape: DatabaseShape,
  steps: readonly MigrationStep[],
  custom: CustomTypes,
  restored: (step: number) => Saved | null = () => null,
): Concerned[] {
  const tables = new FoldedTables(connection, shape, custom)
  const passes = new Map<string, TablePass>()
  const answers = steps.map((step, i) => {
    const saved = restored(i)
    const actual = tables.at(step.do === 'copy pairs' ? step.join : step.table)?.actual ?? null
    const after = applyStep(shape, step)
    if (actual !== null && !passes.has(actual)) passes.set(actual, new TablePass(connection, actual))
    const pass = actual === null ? null : passes.get(actual)!
    const answer = pass === null ? () => nobody : new Question({ pass, tables, custom, saved }).of(step)
    tables.fold(step, saved)
    shape = after
    return answer
  })
  for (const pass of passes.values()) pass.run()
  return answers.map(answer => answer())
}

interface QuestionOptions {
  readonly pass: TablePass
  readonly tables: FoldedTables
  readonly custom: CustomTypes
  readonly saved: Saved | null
}

/** What a step wants to know of a table. The answer is there after the pass. */
class Question {
  readonly #pass: TablePass
  readonly #tables: FoldedTables
  readonly #custom: CustomTypes
  readonly #saved: Saved | null

  constructor({ pass, tables, custom, saved }: QuestionOptions) {
    this.#pass = pass
    this.#tables = tables
    this.#custom = custom
    this.#saved = saved
  }

  of(step: MigrationStep): () => Concerned {
    switch (step.do) {
      case 'copy pairs':
      case 'drop table':
        return this.#rows('TRUE')
      case 'drop column':
        return this.#rows(`${this.#column(step)} IS NOT NULL`)
      case 'copy links':
        return step.way === 'back' ? this.#rows(this.#tables.severalLinks(step)) : () => nobody
      case 'add column':
        if (!step.as.required || (step.value ?? null) !== null) return () => nobody
        return this.#rows(this.#unsaved(step.table, null))
      case 'change column':
        return this.#change(step)
      case 'add index':
        return step.unique ? this.#twice(step.table, step.columns) : () => nobody
      case 'create table':
      case 'rename table':
      case 'rename column':
      case 'drop index':
        return () => nobody
      default:
        return step satisfies never
    }
  }

  #column({ table, column }: { readonly table: string; readonly column: string }): string {
    return this.#tables.column(table, column)!
  }

  #rows(condition: string): () => Concerned {
    const count = this.#pass.count(condition)
    return () => ({ ...nobody, rows: count() })
  }

  /** The condition of rows for which no value was put aside. */
  #unsaved(table: string, here: string | null): string {
    if (this.#saved === null) return 'TRUE'
    const { columns, isJoin } = this.#tables.at(table)!
    const id = isJoin && here !== null ? here : columns.values().next().value!
    return `NOT EXISTS (SELECT 1 ${savedRow(this.#saved, id, here)})`
  }

  #change(step: ChangeColumn): () => Concerned {
    const here = this.#column(step)
    const unsaved = this.#unsaved(step.table, here)
    const isRequired = step.to.required && !step.from.required
    const missing = isRequired ? this.#pass.count(`${unsaved} AND ${here} IS NULL`) : () => 0
    const unfit = this.#unfit(step, here, unsaved)
    return () => ({ ...unfit(), missing: missing() })
  }

  #unfit(step: ChangeColumn, here: string, unsaved: string): () => Omit<Concerned, 'missing'> {
    const { from, to, convert } = conversionOf(step, this.#custom)
    const { references } = step.to
    const lost = step.from.references?.table === references?.table ? null : this.#dangling(references, here)
    const isSame = JSON.stringify(step.from.type) === JSON.stringify(step.to.type)
    const isKnown = step.from.type !== null || step.from.kind !== step.to.kind
    if (lost === null && (isSame || !isKnown)) return () => nobody
    const samples = new Set<string>()
    const isConverted = from.sql.kind !== to.sql.kind && !to.sql.from.includes(from.sql.kind)
    const fits = remembered((stored: Bind) => {
      const read = convert(decodedValue(from, stored))
      // A value that was kept on purpose may be outside of the type.
      return !(read instanceof Refused) && !(read === null && step.to.required)
    })
    let [unfit, converted] = [0, 0]
    this.#pass.each(`CASE WHEN ${unsaved} THEN ${here} END`, lost ?? '0', (stored, isLost) => {
      if (stored === null) return
      if (isConverted) converted++
      if (isLost === 0n && fits(stored)) return
      unfit++
      if (samples.size < SHOWN && !from.secret) samples.add(JSON.stringify(decodedValue(from, stored)))
    })
    return () => ({ rows: unfit, samples: [...samples], converted })
  }

  /** The condition of rows whose target is not there. */
  #dangling(references: ChangeColumn['to']['references'], here: string): string | null {
    if (references === null) return null
    const target = this.#tables.at(references.table)
    if (!target || target.actual === null) return '1'
    const key = target.columns.get(references.column)!.replace(/^t\./, 'r.')
    return `NOT EXISTS (SELECT 1 FROM ${quote(target.actual)} r WHERE ${key} = ${here})`
  }

  #twice(table: string, columns: readonly string[]): () => Concerned {
    const shared = this.#pass.shared(columns.map(column => this.#tables.column(table, column)!))
    return () => ({
      ...nobody,
      rows: shared.reduce((sum, { rows }) => sum + rows, 0),
      samples: shared.slice(0, SHOWN).map(({ value }) => value),
    })
  }
}

/** How many answers are remembered: columns with few values are then asked about each once. */
const REMEMBERED = 10_000

function remembered(ask: (stored: Bind) => boolean): (stored: Bind) => boolean {
  const known = new Map<Bind, boolean>()
  return stored => {
    const before = known.get(stored)
    if (before !== undefined) return before
    const answer = ask(stored)
    if (known.size < REMEMBERED) known.set(stored, answer)
    return answer
  }
}
