// A random walk of declarations, each migrated from the last on a database with rows in it: the rows become what the
// declarations say, taking a plan back restores them, and all plans can be taken back. DECLARATIONS=200 npm test --
// test/property/migrations walks further, SEED=7 elsewhere.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import { SEQ, type Model, type Value } from '../../src/model/model.ts'
import { everything } from '../../src/query/predicate.ts'
import { decide } from '../../src/store/migrate/decide.ts'
import { inWords, needOf } from '../../src/store/migrate/need.ts'
import { readPlan, writePlan, type Plan } from '../../src/store/migrate/plan-file.ts'
import { planSteps } from '../../src/store/migrate/plan-steps.ts'
import { targetOf } from '../../src/store/migrate/target.ts'
import type { MigrationStep } from '../../src/store/migrate/step.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { SqliteMigrations } from '../../src/store/sqlite/migrate/migrations.ts'
import type { Snapshot } from '../../src/store/store.ts'
import { wait } from '../../src/store/work.ts'
import {
  becomes,
  changed,
  Dice,
  modelOf,
  valueFor,
  type Declaration,
  type FieldOf,
  type RowOf,
} from './changing-model.ts'

const DECLARATIONS = Number(process.env['DECLARATIONS'] ?? 20)
const SEED = Number(process.env['SEED'] ?? 1)
const ROWS = 30

const folder = mkdtempSync(join(tmpdir(), 'restuary-walk-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Opens the database as an application would. Returns what start-up reported, and all rows by field. */
async function opened(file: string, model: Model, name: string): Promise<{ report: string[]; rows: RowOf[] }> {
  const report: string[] = []
  const store = sqlite(file)
  try {
    await store.open(model, {
      clock: () => 1e12,
      random: bytes => crypto.getRandomValues(new Uint8Array(bytes)),
      report: line => report.push(line),
    })
    const thing = model.resources.get(name)!
    const rows = await store.read(function* (snapshot: Snapshot) {
      return yield* wait(snapshot.select(thing, { where: everything, sort: [], limit: null, offset: 0, cursor: null }))
    })
    const shown = rows.map(row =>
      Object.fromEntries([...thing.columns.map(({ name, slot }) => [name, row[slot]!] as const), ['_seq', row[SEQ]!]]),
    )
    return { report, rows: shown.toSorted((a, b) => Number(a['id']) - Number(b['id'])) }
  } finally {
    await store.close()
  }
}

/** Adds rows beside the application: the migrations are under test here. */
function fill(dice: Dice, file: string, { name, fields }: Declaration, from: number): void {
  const db = new DatabaseSync(file)
  const columns = ['id', '_seq', '_at', 'parent', ...fields.map(field => field.name)]
  const insert = db.prepare(`INSERT INTO "${name}"(${columns.join()}) VALUES (${columns.map(() => '?').join()})`)
  for (let id = from; id < from + ROWS; id++) {
    const values = fields.map(field => {
      const value = field.nullable && dice.chance(0.3) ? null : valueFor(dice, field)
      return typeof value === 'boolean' ? Number(value) : (value as string | number | null)
    })
    insert.run(id, id, 1, id === from ? null : from, ...values)
    db.exec(`INSERT INTO user(id, _seq, _at) VALUES (${id}, 1, 1); INSERT INTO "${name}_friends" VALUES (${id}, ${id})`)
  }
  db.close()
}

const pairsOf = (file: string, { name }: Declaration): unknown[] => {
  const db = new DatabaseSync(file)
  try {
    return db.prepare(`SELECT "${name}_id" AS a, user_id AS b FROM "${name}_friends" ORDER BY 1`).all()
  } finally {
    db.close()
  }
}

/** Decides at random what the planner asks, and tells what rows must become. */
function settled(
  dice: Dice,
  migrations: SqliteMigrations,
  after: Declaration,
  number: number,
): { plan: Plan; given: ReadonlyMap<string, { set: Value; otherwise: Value }> } {
  const target = targetOf(modelOf(after), 1e12)
  const shape = migrations.shape()
  const steps = planSteps(shape, target)
  const concerned = migrations.ask(steps, target.custom)
  const given = new Map(
    after.fields.map(field => [field.name, { set: valueFor(dice, field), otherwise: valueFor(dice, field) }]),
  )
  const set: [string, string][] = []
  const otherwise: [string, string][] = []
  steps.forEach((step, i) => {
    if (!('column' in step) || step.do.startsWith('drop') || needOf(step, concerned[i]!) === null) return
    const place = `${step.table}.${step.column}`
    const values = given.get(step.column)!
    if (step.do === 'add column' || concerned[i]!.missing > 0) set.push([place, String(values.set)])
    if (step.do === 'change column' && concerned[i]!.rows > 0) otherwise.push([place, String(values.otherwise)])
  })
  const decided = decide(steps, shape, { set, otherwise, map: [] }, target.custom)
  const text = writePlan(
    decided,
    decided.map((step, i) => inWords(step, concerned[i]!)),
  )
  return { plan: readPlan(String(number).padStart(4, '0'), text), given }
}

function expected(
  rows: readonly RowOf[],
  before: Declaration,
  after: Declaration,
  given: ReadonlyMap<string, { set: Value; otherwise: Value }>,
): RowOf[] {
  const former = (field: FieldOf): FieldOf | undefined =>
    before.fields.find(({ name }) => name === (field.was ?? field.name))
  return rows.map(row => {
    const fields = after.fields.map((field): [string, Value] => {
      const was = former(field)
      const { set, otherwise } = given.get(field.name)!
      const value = was === undefined ? null : row[was.name]!
      if (value === null) return [field.name, field.nullable ? null : set]
      return [field.name, becomes(value, field) ?? otherwise]
    })
    return { id: row['id']!, parent: row['parent']!, _seq: row['_seq']!, ...Object.fromEntries(fields) }
  })
}

test.each([
  ['rows that do not change in between', SEED, false],
  ['rows that come in between', SEED + 1, true],
])(
  'a walk with %s',
  async (_, seed, writes) => {
    const dice = new Dice(seed)
    const file = join(folder, `${seed}.db`)
    let declaration: Declaration = changed(dice, { name: 'thing', was: null, fields: [] })
    declaration = { ...declaration, name: 'thing', was: null }
    await opened(file, modelOf(declaration), declaration.name)
    fill(dice, file, declaration, 1)
    const past: { rows: RowOf[]; declaration: Declaration }[] = []
    for (let number = 1; number <= DECLARATIONS; number++) {
      const context = `SEED=${seed}, declaration ${number}`
      const before = declaration
      const { rows } = await opened(file, modelOf(before), before.name)
      const pairs = pairsOf(file, before)
      past.push({ rows, declaration: before })
      declaration = changed(dice, before)
      const migrations = new SqliteMigrations(file)
      const { plan, given } = settled(dice, migrations, declaration, number)
      const { custom } = targetOf(modelOf(declaration), 1e12)
      const told = JSON.stringify(plan.steps satisfies readonly MigrationStep[], null, 1)
      migrations.apply(plan, custom)
      const wanted = expected(rows, before, declaration, given)
      const now = await opened(file, modelOf(declaration), declaration.name)
      expect(now.report, `${context}\n${told}`).toEqual([])
      expect(now.rows, `${context}\n${told}`).toEqual(wanted)
      expect(pairsOf(file, declaration).length, context).toBe(pairs.length)
      // There and back again.
      await migrations.down(plan.name, custom)
      expect((await opened(file, modelOf(before), before.name)).rows, `${context}, back\n${told}`).toEqual(rows)
      expect(pairsOf(file, before), context).toEqual(pairs)
      migrations.apply(plan, custom)
      expect((await opened(file, modelOf(declaration), declaration.name)).rows, `${context}, again\n${told}`).toEqual(
        wanted,
      )
      migrations.close()
      if (writes && dice.chance(0.3)) fill(dice, file, declaration, 1 + number * ROWS)
    }
    if (writes) return
    const migrations = new SqliteMigrations(file)
    for (const { name } of migrations.applied().toReversed()) {
      await migrations.down(name, new Map())
      const { rows, declaration } = past.pop()!
      expect(
        (await opened(file, modelOf(declaration), declaration.name)).rows,
        `SEED=${seed}, ${name} taken back`,
      ).toEqual(rows)
    }
    migrations.close()
  },
  9_000 * DECLARATIONS,
)
