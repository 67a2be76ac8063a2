// How long readers wait while a plan makes a large table of SQLite anew: node test/fault/rebuild-reads.ts --rows=1000000. It prints the
// slowest reads without a plan, and beside one that is applied and taken back by another process.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Api } from '../../src/api.ts'
import { api, resource, sqlite, t } from '../../src/index.ts'
import { link } from '../../src/model/link/link.ts'
import { decide } from '../../src/store/migrate/decide.ts'
import { planSteps } from '../../src/store/migrate/plan/plan-steps.ts'
import { targetOf } from '../../src/store/migrate/target.ts'
import { sqliteMigrations } from '../migrations-of.ts'

const before = resource({ id: t.id(), title: t.text(), size: t.text(), note: t.text().nullable() })
const after = resource({ id: t.id(), title: t.text(), size: t.integer(), note: t.text().nullable(), rank: t.integer() })

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '1000000' }, file: { type: 'string' }, way: { type: 'string' } },
})
if (values.file === undefined) await measure(Number(values.rows))
else await migrate(values.file, values.way === 'down')

/** What the other process does. */
async function migrate(file: string, isBack: boolean): Promise<void> {
  const migrations = sqliteMigrations(file)
  const target = targetOf(link({ todo: after }), 1)
  if (isBack) await migrations.down('sizes', target.custom)
  else {
    const shape = migrations.shape()
    const decisions = { set: [['todo.rank', '5']], map: [], otherwise: [['todo.size', '0']] } as const
    migrations.apply(
      { name: 'sizes', steps: decide(planSteps(shape, target), shape, decisions, target.custom) },
      target.custom,
    )
  }
  migrations.close()
}

async function measure(rows: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'restuary-rebuild-'))
  const file = join(folder, 'todo.db')
  // oxlint-disable-next-line typescript/no-explicit-any -- one of two declarations
  const opened = async (todo: typeof before | typeof after): Promise<Api<any>> => {
    const app = api({ todo }, { store: sqlite(file), report: () => {} })
    await app.ready()
    return app
  }
  let app = await opened(before)
  try {
    const db = new DatabaseSync(file)
    db.exec(`WITH RECURSIVE n(id) AS (VALUES (1) UNION ALL SELECT id + 1 FROM n WHERE id < ${rows})
      INSERT INTO todo(id, _seq, _at, title, size, note) SELECT id, 1, 1, 'title ' || id, id, iif(id % 3 = 0, 'note', NULL) FROM n`)
    db.close()

    /** Reads rows and lists until something ends. The last ones are refused: the table is another by then. */
    const reads = async (until: Promise<unknown>): Promise<object> => {
      const taken: number[] = []
      let refused = 0
      const ending = new AbortController()
      void until.then(() => ending.abort())
      for (let n = 0; !ending.signal.aborted; n++) {
        const from = 1 + Math.floor(Math.random() * rows)
        const begun = performance.now()
        try {
          if (n % 2 === 0) await app.get('todo', from)
          else await app.list('todo', { filter: { id: { $gte: from } }, limit: 20 } as never)
          taken.push(performance.now() - begun)
        } catch {
          refused++
        }
        await sleep(1)
      }
      const sorted = taken.toSorted((a, b) => b - a)
      const round = (ms = 0): number => Math.round(ms * 10) / 10
      return {
        reads: taken.length,
        refused,
        slowest: sorted.slice(0, 5).map(round),
        p99: round(sorted[Math.floor(sorted.length / 100)]),
        median: round(sorted[Math.floor(sorted.length / 2)]),
      }
    }
    console.log('alone', await reads(sleep(5_000)))
    for (const way of ['up', 'down']) {
      if (way === 'down') {
        await app.close()
        app = await opened(after)
      }
      const begun = performance.now()
      const child = spawn(process.execPath, [import.meta.filename, '--file', file, '--way', way], { stdio: 'inherit' })
      console.log(way, await reads(once(child, 'close')), `${((performance.now() - begun) / 1_000).toFixed(1)} s`)
    }
  } finally {
    await app.close()
    rmSync(folder, { recursive: true })
  }
}
