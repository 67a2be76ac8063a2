// A random walk of declarations, each migrated from the last on a database with rows in it: the rows become what the
// declarations say, taking a plan back restores them, and all plans can be taken back. `npm run migrations` walks through 200,
// SEED=7 elsewhere.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, inject, test } from 'vitest'
import type { Value } from '../../src/model/model.ts'
import { decide } from '../../src/store/migrate/decide.ts'
import type { Migrations } from '../../src/store/migrate/migrations.ts'
import { inWords, needOf } from '../../src/store/migrate/need.ts'
import { readPlan, writePlan, type Plan } from '../../src/store/migrate/plan-file.ts'
import { planSteps } from '../../src/store/migrate/plan/plan-steps.ts'
import { targetOf } from '../../src/store/migrate/target.ts'
import { hasPostgres, startPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { runsWith } from '../system-programs.ts'
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
import { fill, opened, pairsOf, walkedPostgres, walkedSqlite, type WalkedDatabase } from './walked-database.ts'

const DECLARATIONS = Number(process.env['DECLARATIONS'] ?? 12)
const SEED = Number(process.env['SEED'] ?? 1)
/** Rows that come at a time. */
const ROWS = 30
/** Dropped columns of PostgreSQL count, and a table has at most 1,600: a walk goes so far on one table. */
const STRETCH = 40

// Nothing has to survive the machine.
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'restuary-walk-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Decides at random what the planner asks, and tells what rows must become. */
async function settled(
  dice: Dice,
  migrations: Migrations,
  after: Declaration,
  number: number,
): Promise<{ plan: Plan; given: ReadonlyMap<string, { set: Value; otherwise: Value }> }> {
  const target = targetOf(modelOf(after), 1e12)
  const shape = await migrations.shape()
  const steps = planSteps(shape, target)
  const concerned = await migrations.ask(steps, target.custom)
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

/** Walks through declarations. `writes` = rows come in between; without them, all plans are taken back at the end. */
async function walk(database: WalkedDatabase, seed: number, declarations: number, writes: boolean): Promise<void> {
  const dice = new Dice(seed)
  let declaration: Declaration = changed(dice, { name: 'thing', was: null, fields: [] })
  declaration = { ...declaration, name: 'thing', was: null }
  await opened(database, modelOf(declaration), declaration.name)
  await fill(dice, database, declaration, 1)
  const past: { rows: RowOf[]; declaration: Declaration }[] = []
  const migrations = await database.migrations()
  for (let number = 1; number <= declarations; number++) {
    const context = `SEED=${seed}, declaration ${number}`
    const before = declaration
    const { rows } = await opened(database, modelOf(before), before.name)
    const pairs = await pairsOf(database, before)
    past.push({ rows, declaration: before })
    declaration = changed(dice, before)
    const { plan, given } = await settled(dice, migrations, declaration, number)
    const { custom } = targetOf(modelOf(declaration), 1e12)
    const told = `${context}\n${JSON.stringify(plan.steps, null, 1)}`
    await migrations.apply(plan, custom)
    const wanted = expected(rows, before, declaration, given)
    const now = await opened(database, modelOf(declaration), declaration.name)
    expect(now.report, told).toEqual([])
    expect(now.rows, told).toEqual(wanted)
    expect((await pairsOf(database, declaration)).length, context).toBe(pairs.length)
    // There and back again.
    await migrations.down(plan.name, custom)
    expect((await opened(database, modelOf(before), before.name)).rows, `back: ${told}`).toEqual(rows)
    expect(await pairsOf(database, before), context).toEqual(pairs)
    await migrations.apply(plan, custom)
    const again = await opened(database, modelOf(declaration), declaration.name)
    expect(again.rows, `again: ${told}`).toEqual(wanted)
    if (writes && dice.chance(0.3)) await fill(dice, database, declaration, 1 + number * ROWS)
  }
  for (const { name } of writes ? [] : (await migrations.applied()).toReversed()) {
    await migrations.down(name, new Map())
    const { rows, declaration } = past.pop()!
    const now = await opened(database, modelOf(declaration), declaration.name)
    expect(now.rows, `SEED=${seed}, ${name} taken back`).toEqual(rows)
  }
  await migrations.close()
}

const stretches: readonly number[] = Array.from({ length: Math.ceil(DECLARATIONS / STRETCH) }, (_, i) =>
  Math.min(STRETCH, DECLARATIONS - i * STRETCH),
)

describe.each([
  ['rows that do not change in between', SEED, false],
  ['rows that come in between', SEED + 1, true],
])('a walk with %s', (_, seed, writes) => {
  const timeout = 60_000 + 6_000 * DECLARATIONS

  test('on SQLite', () => walk(walkedSqlite(folder, String(seed)), seed, DECLARATIONS, writes), timeout)

  test.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))(
    'on PostgreSQL',
    async () => {
      const url = await startPostgres(inject('postgresFolder'))
      for (const [i, declarations] of stretches.entries())
        await walk(walkedPostgres(url), seed + 1_000 * i, declarations, writes)
    },
    timeout,
  )
})
