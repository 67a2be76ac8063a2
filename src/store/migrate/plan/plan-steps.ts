import { applyStep } from '../apply-step.ts'
import { Undecided } from '../at-start.ts'
import { pairsOf } from './former-pairs.ts'
import { formerJoinOf, type FormerJoin } from './former-relation.ts'
import { isVersion, type ColumnShape, type DatabaseShape, type TableShape } from '../shape.ts'
import type { Target } from '../target.ts'
import type { Mapping, MigrationStep } from '../step.ts'

/** What somebody has asked for by name, beside what the declaration says. Places are `table` or `table.column`. */
export interface PlanRequest {
  /** New names by places: `todo.title` → `name`. */
  readonly renames: ReadonlyMap<string, string>
  /** Tables and columns that go with what they hold. */
  readonly drop: ReadonlySet<string>
}

/** What is planned: the shape that was reached so far, and where it shall lead. */
export interface Planning {
  readonly shape: DatabaseShape
  readonly target: Target
  readonly asked: PlanRequest
}

export const nothingAsked: PlanRequest = { renames: new Map(), drop: new Set() }

/**
 * The steps that lead a database to the shape of a model, in their order: tables and columns get their new names, then columns
 * change, then tables and indexes are made. It only compares shapes; what rows say of the steps is asked separately.
 *
 * @throws {Undecided} if it has to be two plans.
 */
export function planSteps(is: DatabaseShape, target: Target, asked: PlanRequest = nothingAsked): MigrationStep[] {
  const plan = new Plan(is, target, asked)
  plan.renameTables()
  const shared = plan.shared()
  for (const table of shared) plan.dropIndexes(table)
  for (const table of shared) plan.renameColumns(table)
  for (const table of shared) plan.changeColumns(table)
  const made = plan.createTables()
  for (const table of made) {
    plan.moveLinks(table)
    plan.movePairs(table)
  }
  for (const table of shared) plan.dropColumns(table)
  plan.dropTables()
  for (const table of [...shared, ...made]) plan.addIndexes(table)
  return plan.steps
}

class Plan {
  readonly steps: MigrationStep[] = []
  readonly #is: DatabaseShape
  #shape: DatabaseShape
  readonly #target: Target
  readonly #asked: PlanRequest
  /** Join tables that go because a relation has got their links, and its place. */
  readonly #moved = new Map<string, string>()

  constructor(is: DatabaseShape, target: Target, asked: PlanRequest) {
    this.#is = is
    this.#shape = is
    this.#target = target
    this.#asked = asked
  }

  get #planning(): Planning {
    return { shape: this.#shape, target: this.#target, asked: this.#asked }
  }

  #add(step: MigrationStep): void {
    this.#shape = applyStep(this.#shape, step)
    this.steps.push(step)
  }

  /** The tables that are there and stay. A join table of another program is left as it is: it lacks our index. */
  shared(): string[] {
    return Object.keys(this.#target.shape).filter(table => {
      const is = this.#shape[table]
      return is !== undefined && (!this.#isJoin(table) || Object.keys(is.indexes).length > 0)
    })
  }

  renameTables(): void {
    const wanted = Object.entries(this.#target.shape).filter(([table]) => this.#shape[table] === undefined)
    // Join tables come last: by then the tables to which they refer have their new names.
    for (const [to, { resource }] of wanted.toSorted(([, a], [, b]) => Number(!a.resource) - Number(!b.resource))) {
      const table = this.#formerTable(to)
      if (table === undefined) continue
      const was = this.#shape[table]!.resource
      const names = resource === null || was === null ? null : ([was, resource] as const)
      this.#add({ do: 'rename table', table, to, resource: names })
    }
  }

  #formerTable(to: string): string | undefined {
    const isFree = (table: string): boolean =>
      this.#shape[table] !== undefined &&
      !this.#target.shape[table] &&
      (this.#shape[table].resource === null) === this.#isJoin(to)
    const asked = [...this.#asked.renames].find(([from, name]) => name === to && isFree(from))?.[0]
    if (asked !== undefined) return asked
    const former = this.#target.formerTables.get(to) ?? []
    return Object.entries(this.#shape).find(
      ([table, { resource }]) => isFree(table) && former.includes(resource ?? table),
    )?.[0]
  }

  #isJoin(table: string): boolean {
    return this.#target.shape[table]!.resource === null
  }

  renameColumns(table: string): void {
    const { columns, key } = this.#target.shape[table]!
    const isFree = (column: string): boolean => this.#columns(table)[column] !== undefined && !columns[column]
    for (const [to, { field }] of Object.entries(columns)) {
      if (this.#columns(table)[to] !== undefined) continue
      const column = this.#isJoin(table)
        ? this.#formerSide(table, key.indexOf(to))
        : this.#formerColumn(table, to, isFree)
      if (column === undefined) continue
      const was = this.#columns(table)[column]!.field
      const names = field === null || was === null ? null : ([was, field] as const)
      this.#add({ do: 'rename column', table, column, to, field: names })
    }
  }

  #formerColumn(table: string, to: string, isFree: (column: string) => boolean): string | undefined {
    const former = this.#target.formerFields.get(`${table}.${to}`) ?? []
    const { field: name } = this.#target.shape[table]!.columns[to]!
    return Object.entries(this.#columns(table)).find(([column, { field }]) => {
      if (!isFree(column)) return false
      const asked = this.#asked.renames.get(`${table}.${column}`)
      return asked === to || (field !== null && (former.includes(field) || field === name || asked === name))
    })?.[0]
  }

  /** The column of a join table that leads to the same table. With both leading to one, their order decides. */
  #formerSide(table: string, side: number): string | undefined {
    const { key, columns: wanted } = this.#target.shape[table]!
    const free = this.#shape[table]!.key.filter(column => !wanted[column])
    const to = wanted[key[side]!]!.references?.table
    const leading = free.filter(column => this.#columns(table)[column]!.references?.table === to)
    return leading.length > 1 ? this.#shape[table]!.key[side] : leading[0]
  }

  #columns(table: string): TableShape['columns'] {
    return this.#shape[table]!.columns
  }

  changeColumns(table: string): void {
    const { columns } = this.#target.shape[table]!
    for (const [column, as] of Object.entries(columns)) {
      if (isVersion(column)) continue
      const from = this.#columns(table)[column]
      const value = this.#target.presets.get(`${table}.${column}`)
      const links = from ? null : formerJoinOf(table, column, this.#planning)
      if (links !== null) this.#takeLinks(table, column, as, links)
      else if (from === undefined)
        this.#add({
          do: 'add column',
          table,
          column,
          as,
          ...(as.required && value !== undefined && { value }),
        })
      else if (isChanged(from, as)) {
        const mapping: Mapping = as.required && !from.required && value !== undefined ? { missing: value } : {}
        this.#add({ do: 'change column', table, column, from, to: as, ...mapping })
      }
    }
  }

  /** A to-many relation that is to-one now: one of the links of each row becomes its reference. */
  #takeLinks(table: string, column: string, as: ColumnShape, links: FormerJoin): void {
    this.#refuseOtherIds(`${table}.${column}`, [table, as.references!.table])
    const nullable = { ...as, required: false }
    this.#add({ do: 'add column', table, column, as: nullable })
    this.#add({ do: 'copy links', table, column, ...links, way: 'back' })
    if (as.required) this.#add({ do: 'change column', table, column, from: nullable, to: as })
    this.#moved.set(links.join, `${table}.${column}`)
  }

  /** What a relation has is found by the ids that its tables have now, so they cannot become others at the same time. */
  #refuseOtherIds(place: string, tables: readonly string[]): void {
    for (const table of tables) {
      const { key, columns } = this.#target.shape[table]!
      const from = this.#is[this.#formerName(table)]?.columns
      const was = key.flatMap(column => from?.[this.#formerName(table, column)] ?? [])
      if (was.every(({ kind }, i) => kind === columns[key[i]!]!.kind)) continue
      throw new Undecided(
        `${place}: is another kind of relation now, and the ids of ${table} are of another kind at the same time: make two plans. First declare the relation as it is now with the former ids, plan and apply that; then change the ids`,
      )
    }
  }

  /** What a table, or a column of it, is called before the plan. */
  #formerName(table: string, column?: string): string {
    const renamed = this.steps.find(step =>
      column === undefined
        ? step.do === 'rename table' && step.to === table
        : step.do === 'rename column' && step.table === table && step.to === column,
    )
    if (renamed?.do === 'rename table') return renamed.table
    return renamed?.do === 'rename column' ? renamed.column : (column ?? table)
  }

  dropColumns(table: string): void {
    const { columns } = this.#target.shape[table]!
    for (const [column, as] of Object.entries(this.#columns(table)))
      if (columns[column] === undefined) this.#add({ do: 'drop column', table, column, as })
  }

  /** A to-one relation that is to-many now: its references become links in the new table. */
  moveLinks(join: string): void {
    for (const { table, fields, owner, other } of this.#target.formerLinks.get(join) ?? []) {
      const to = this.#columns(join)[other]!.references?.table
      const found = Object.entries(this.#shape[table]?.columns ?? {}).find(
        ([column, { field, references }]) =>
          field !== null &&
          fields.includes(field) &&
          references?.table === to &&
          this.#target.shape[table]?.columns[column] === undefined,
      )
      if (found === undefined || to === undefined) continue
      const [column, from] = found
      this.#refuseOtherIds(join, [table, to])
      const as = { ...from, required: false }
      // A row may have no link on the way back.
      if (from.required) this.#add({ do: 'change column', table, column, from, to: as })
      this.#add({ do: 'copy links', table, column, join, owner, other, way: 'there' })
      this.#add({ do: 'drop column', table, column, as, moved: join })
    }
  }

  /** Pairs of a relation become rows, which have fields of their own. */
  movePairs(table: string): void {
    const pairs = pairsOf(table, this.#planning)
    if (pairs === null) return
    this.#refuseOtherIds(
      table,
      pairs.columns.map(([, column]) => this.#columns(table)[column]!.references!.table),
    )
    this.#add(pairs)
    this.#moved.set(pairs.join, table)
  }

  /** Makes the tables that are missing, and returns their names. */
  createTables(): string[] {
    const missing = Object.entries(this.#target.shape).filter(([table]) => this.#shape[table] === undefined)
    for (const [table, as] of missing) this.#add({ do: 'create table', table, as: { ...as, indexes: {} } })
    return missing.map(([table]) => table)
  }

  /** Tables that the model no longer names stay, unless somebody asked, or their rows are elsewhere now. */
  dropTables(): void {
    const surplus = Object.keys(this.#shape).filter(
      table => !this.#target.shape[table] && (this.#asked.drop.has(table) || this.#moved.has(table)),
    )
    // Those that refer to others go first.
    for (const table of surplus.toSorted((a, b) => this.#references(b) - this.#references(a))) {
      const moved = this.#moved.get(table)
      this.#add({ do: 'drop table', table, as: this.#shape[table]!, ...(moved !== undefined && { moved }) })
    }
  }

  #references(table: string): number {
    return Object.values(this.#columns(table)).filter(({ references }) => references !== null).length
  }

  /** Indexes that change go before their columns do. */
  dropIndexes(table: string): void {
    const wanted = this.#target.shape[table]!
    for (const [index, as] of Object.entries(this.#shape[table]!.indexes)) {
      const stays = wanted.indexes[index]
      if (stays && stays.unique === as.unique && stays.columns.join() === as.columns.join()) continue
      this.#add({ do: 'drop index', table, index, ...as })
    }
  }

  addIndexes(table: string): void {
    for (const [index, as] of Object.entries(this.#target.shape[table]!.indexes))
      if (!this.#shape[table]!.indexes[index]) this.#add({ do: 'add index', table, index, ...as })
  }
}

function isChanged(is: ColumnShape, as: ColumnShape): boolean {
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
  return (
    is.kind !== as.kind ||
    is.storage !== as.storage ||
    is.required !== as.required ||
    !same(is.references, as.references) ||
    (is.type !== null && !same(is.type, as.type))
  )
}
