// Processes are killed while a data step goes through the engine: each row is changed once, with what belongs to it.
import { describe, expect, test } from 'vitest'
import { migratedApp, migratedDatabases } from '../migrated-app.ts'
import { faults, tell } from './counts.ts'
import { runKilled } from './killed-migration.ts'

const ROWS = 200

describe.each(migratedDatabases)('%s', database => {
  const { declares, migrate, opened, query, step } = migratedApp(database)

  test(`${faults.migrations} processes are killed while they change rows by the engine: each is changed once`, async () => {
    const module = declares(
      `n: resource({ id: t.id(), value: t.integer(), copies: t.back('copy', 'of') }),
       copy: resource({ id: t.id(), of: t.one('n') })`,
    )
    await opened(module, app =>
      app.post(
        'n',
        Array.from({ length: ROWS }, (_, i) => ({ value: i })),
      ),
    )
    step(
      '0001-copies.ts',
      `export default dataStep('n', async (row, db) => {
        await db.post('copy', { of: row.id })
        return { value: row.value + 1000 }
      }, { through: 'engine', batch: 10, back: row => ({ value: row.value - 1000 }) })`,
    )
    const rows = (): Promise<unknown[][]> =>
      query('select n.value - n.id, count(copy.id) from n left join copy on copy.of = n.id group by n.id order by n.id')
    const whole = (await runKilled('apply', module, 60_000))!
    let killed = 0
    for (let i = 0; i < Math.ceil(faults.migrations / 4); i++) {
      const way = i % 2 === 0 ? 'down' : 'apply'
      for (let attempt = 1; (await runKilled(way, module, (Math.random() * attempt * whole) / 2)) === null; attempt++) {
        killed++
        // It may be killed after its last commit: what was taken back cannot be taken back again.
        if (way === 'down' && (await query('select name from _restuary_migration')).length === 0) break
      }
      const value = way === 'down' ? -1 : 999
      const copies = Math.floor(i / 2) + (way === 'down' ? 1 : 2)
      expect(await rows()).toEqual(Array.from({ length: ROWS }, () => [value, copies]))
    }
    tell({ database, engineSteps: faults.migrations, killed })
    expect(killed).toBeGreaterThan(0)
    expect((await migrate('status', module)).at(-1)).toBe('The database fits the declaration.')
  })
})
