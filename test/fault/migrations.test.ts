import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { bundle } from '../../scripts/bundle.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { link } from '../../src/model/link/link.ts'
import type { Model } from '../../src/model/model.ts'
import { t } from '../../src/schema/builder.ts'
import { decide } from '../../src/store/migrate/decide.ts'
import { writePlan } from '../../src/store/migrate/plan-file.ts'
import { planSteps } from '../../src/store/migrate/plan/plan-steps.ts'
import { targetOf } from '../../src/store/migrate/target.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { sqliteMigrations } from '../migrations-of.ts'
import { faults, tell } from './counts.ts'

const ROWS = 20_000

const folder = mkdtempSync(join(tmpdir(), 'restuary-migrating-'))
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 3 }))

const modelOf = (thing: object, name = 'thing'): Model => link({ [name]: thing } as never)

const before = modelOf(resource({ id: t.id(), title: t.text(), size: t.text(), note: t.text().nullable() }))
const after = modelOf(
  resource({ id: t.id(), name: t.text().was('title').index(), size: t.integer(), rank: t.integer() }).was('thing'),
  'item',
)

/** Makes a database with rows in it, and the file of a plan. */
async function prepare(database: string, file: string): Promise<void> {
  const store = sqlite(database)
  await store.open(before, { clock: () => 1, random: bytes => new Uint8Array(bytes).fill(7), report: () => {} })
  await store.close()
  const db = new DatabaseSync(database)
  db.exec(`WITH RECURSIVE n(id) AS (VALUES (1) UNION ALL SELECT id + 1 FROM n WHERE id < ${ROWS})
    INSERT INTO thing(id, _seq, _at, title, size, note)
    SELECT id, id, 1, 'title ' || id, iif(id % 7 = 0, '0' || id, id), iif(id % 3 = 0, 'note ' || id, NULL) FROM n`)
  db.close()
  const migrations = sqliteMigrations(database)
  const target = targetOf(after, 1)
  const shape = migrations.shape()
  const decisions = { set: [['item.rank', '5']], otherwise: [['item.size', '-1']], map: [] } as const
  const steps = decide(planSteps(shape, target), shape, decisions, target.custom)
  writeFileSync(
    file,
    writePlan(
      steps,
      steps.map(() => ''),
    ),
  )
  migrations.close()
}

/** All that a database holds of the rows, as a digest. */
function stateOf(database: string): { table: string; rows: string; isSound: boolean } {
  const db = new DatabaseSync(database)
  try {
    const table = db.prepare(`SELECT name FROM sqlite_schema WHERE name IN ('thing', 'item')`).get()!['name'] as string
    const all = JSON.stringify(db.prepare(`SELECT * FROM ${table} ORDER BY id`).all())
    const rows = createHash('sha256').update(all).digest('hex')
    const isSound = db.prepare('PRAGMA integrity_check').get()!['integrity_check'] === 'ok'
    return { table, rows, isSound }
  } finally {
    db.close()
  }
}

test(`${faults.migrations} processes are killed while they migrate: everything is as before or as after`, async () => {
  const [database, file, dir] = ['things.db', 'plan.json', 'program'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ]
  await prepare(database, file)
  symlinkSync(join(import.meta.dirname, '../../node_modules'), join(folder, 'node_modules'), 'junction')
  const input = { migrating: join(import.meta.dirname, 'migrating-program.ts') }
  await bundle({ input, dir, extension: '.mjs' })
  /** Runs the program, and kills it so many milliseconds after it has begun. Returns how long it ran by itself, else null. */
  const run = async (way: 'up' | 'down', life: number): Promise<number | null> => {
    const args = ['--disable-warning=ExperimentalWarning', join(dir, 'migrating.mjs'), way, database, file]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(child, 'close')
    await once(child.stdout, 'data')
    const begun = performance.now()
    await Promise.race([ended, sleep(life, undefined, { ref: false })])
    child.kill('SIGKILL')
    const [, signal] = (await ended) as [number | null, string | null]
    return signal === null ? performance.now() - begun : null
  }
  const was = stateOf(database)
  const whole = (await run('up', 60_000))!
  const is = stateOf(database)
  expect(is.table).toBe('item')
  await run('down', 60_000)
  expect(stateOf(database)).toEqual(was)
  let killed = 0
  for (let i = 0; i < faults.migrations; i++) {
    const way = stateOf(database).table === 'thing' ? 'up' : 'down'
    if ((await run(way, Math.random() * whole * 1.2)) === null) killed++
    const now = stateOf(database)
    expect(now).toEqual(now.table === 'thing' ? was : is)
  }
  tell({ migrations: faults.migrations, killed })
  // Whatever came before, it goes on from there.
  if (stateOf(database).table === 'thing') expect(await run('up', 60_000)).not.toBe(null)
  expect(stateOf(database)).toEqual(is)
})

test('several processes that apply the same plan at once agree on one', async () => {
  const [database, file] = [join(folder, 'shared.db'), join(folder, 'shared.json')]
  await prepare(database, file)
  const script = join(import.meta.dirname, 'migrating-program.ts')
  const codes = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, 'up', database, file], {
        stdio: 'inherit',
      })
      const [code] = (await once(child, 'close')) as [number | null]
      return code
    }),
  )
  expect(codes).toEqual([0, 0, 0])
  const { table, isSound } = stateOf(database)
  expect({ table, isSound }).toEqual({ table: 'item', isSound: true })
  const migrations = sqliteMigrations(database)
  expect(migrations.applied().map(({ name }) => name)).toEqual(['0001'])
  migrations.close()
})
