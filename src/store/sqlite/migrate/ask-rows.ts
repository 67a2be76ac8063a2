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
import { quote } from './table-sql.ts'

/** How many values are shown. */
const SHOWN = 3

/** What the rows of a file say of each step. `restored` tells what the reverse of a step has put aside. Nothing is changed. */
export function askRows(
  connection: Connection,
  shape: DatabaseShape,
  steps: readonly MigrationStep[],
  custom: CustomTypes,
  restored: (step: number) => Saved | null = () => null,
): Concerned[] {
  const tables = new FoldedTables(connection, shape, custom)
  return steps.map((step, i) => {
    const saved = restored(i)
    applyStep(shape, step)
    const concerned = new Asking(connection, tables, custom, saved).ask(step)
    tables.fold(step, saved)
    shape = applyStep(shape, step)
    return concerned
  })
}

class Asking {
  readonly #connection: Connection
  readonly #tables: FoldedTables
  readonly #custom: CustomTypes
  readonly #saved: Saved | null

  constructor(connection: Connection, tables: FoldedTables, custom: CustomTypes, saved: Saved | null) {
    this.#connection = connection
    this.#tables = tables
    this.#custom = custom
    this.#saved = saved
  }

  ask(step: MigrationStep): Concerned {
    const from = this.#from(step.table)
    if (from === null) return nobody
    switch (step.do) {
      case 'drop table':
        return this.#rows(from)
      case 'drop column':
        return this.#rows(`${from} WHERE ${this.#column(step)} IS NOT NULL`)
      case 'add column':
        if (!step.as.required || step.value !== undefined) return nobody
        return this.#rows(`${from} WHERE ${this.#unsaved(step.table, null)}`)
      case 'change column':
        return this.#change(step, from)
      case 'add index':
        return step.unique ? this.#twice(step.table, step.columns, from) : nobody
      case 'create table':
      case 'rename table':
      case 'rename column':
      case 'drop index':
        return nobody
      default:
        return step satisfies never
    }
  }

  #from(table: string): string | null {
    const actual = this.#tables.at(table)?.actual ?? null
    return actual === null ? null : `FROM ${quote(actual)} t`
  }

  #column({ table, column }: { readonly table: string; readonly column: string }): string {
    return this.#tables.column(table, column)!
  }

  #count(rest: string): number {
    return this.#connection.prepare(`SELECT count(*) ${rest}`).get()?.[0] as number
  }

  #rows(rest: string): Concerned {
    return { ...nobody, rows: this.#count(rest) }
  }

  /** The condition of rows for which no value was put aside. */
  #unsaved(table: string, here: string | null): string {
    if (this.#saved === null) return 'TRUE'
    const id = this.#tables.at(table)!.columns.values().next().value!
    return `NOT EXISTS (SELECT 1 ${savedRow(this.#saved, id, here)})`
  }

  #change(step: ChangeColumn, from: string): Concerned {
    const here = this.#column(step)
    const rows = `${from} WHERE ${this.#unsaved(step.table, here)}`
    const missing = step.to.required && !step.from.required ? this.#count(`${rows} AND ${here} IS NULL`) : 0
    return { ...this.#unfit(step, here, rows), missing }
  }

  #unfit(step: ChangeColumn, here: string, rows: string): Omit<Concerned, 'missing'> {
    const { from, to, convert } = conversionOf(step, this.#custom)
    const { references } = step.to
    const lost = step.from.references?.table === references?.table ? null : this.#dangling(references, here)
    const isSame = JSON.stringify(step.from.type) === JSON.stringify(step.to.type)
    const isKnown = step.from.type !== null || step.from.kind !== step.to.kind
    if (lost === null && (isSame || !isKnown)) return nobody
    const values = this.#connection.db.prepare(
      `SELECT ${here} AS value, ${lost ?? '0'} AS lost, count(*) AS rows ${rows} AND ${here} IS NOT NULL GROUP BY 1`,
    )
    values.setReadBigInts(true)
    const samples: string[] = []
    const isConverted = from.sql.kind !== to.sql.kind && !to.sql.from.includes(from.sql.kind)
    let [unfit, converted] = [0, 0]
    for (const one of values.iterate()) {
      const value = decodedValue(from, one['value'] as Bind)
      const read = convert(value)
      if (isConverted) converted += Number(one['rows'])
      // A value that was kept on purpose may be outside of the type.
      if (!(read instanceof Refused) && one['lost'] === 0n && !(read === null && step.to.required)) continue
      unfit += Number(one['rows'])
      if (samples.length < SHOWN && !from.secret) samples.push(JSON.stringify(value))
    }
    return { rows: unfit, samples, converted }
  }

  /** The condition of rows whose target is not there. */
  #dangling(references: ChangeColumn['to']['references'], here: string): string | null {
    if (references === null) return null
    const target = this.#tables.at(references.table)
    if (!target || target.actual === null) return '1'
    const key = target.columns.get(references.column)!.replace(/^t\./, 'r.')
    return `NOT EXISTS (SELECT 1 FROM ${quote(target.actual)} r WHERE ${key} = ${here})`
  }

  #twice(table: string, columns: readonly string[], from: string): Concerned {
    const list = columns.map(column => this.#tables.column(table, column)!)
    const present = list.map(column => `${column} IS NOT NULL`).join(' AND ')
    const shared = this.#connection
      .prepare(
        `SELECT ${list.map(column => `quote(${column})`).join(` || ', ' || `)}, count(*) ${from} WHERE ${present}
         GROUP BY ${list.map((_, i) => list[i]).join()} HAVING count(*) > 1`,
      )
      .all()
    return {
      ...nobody,
      rows: shared.reduce((sum, [, rows]) => sum + (rows as number), 0),
      samples: shared.slice(0, SHOWN).map(([value]) => value as string),
    }
  }
}
