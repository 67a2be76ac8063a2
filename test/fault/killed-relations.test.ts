// Processes are killed while relations become others: links, references and rows are as before or as after, and it goes on.
import { describe, expect, test } from 'vitest'
import { migratedApp, migratedDatabases } from '../migrated-app.ts'
import { faults, tell } from './counts.ts'
import { runKilled } from './killed-migration.ts'

const ROWS = 1_000
const label = 'label: resource({ id: t.id() })'

const CHANGES = [
  {
    change: 'a to-many relation becomes to-one',
    before: `${label}, todo: resource({ id: t.id(), labels: t.many('label') })`,
    after: `${label}, todo: resource({ id: t.id(), label: t.one('label').nullable().was('labels') })`,
    decided: ['--otherwise', 'todo.label=last'],
  },
  {
    change: 'links become rows with fields of their own',
    before: `${label}, todo: resource({ id: t.id(), labels: t.many('label') })`,
    after: `${label}, todo: resource({ id: t.id() }),
      tag: resource({ id: t.id(), todo: t.one('todo'), label: t.one('label'), note: t.text() }).was('todo.labels')`,
    decided: ['--set', 'tag.note=none'],
  },
  {
    change: 'a to-one relation becomes to-many',
    before: `${label}, todo: resource({ id: t.id(), label: t.one('label').nullable() })`,
    after: `${label}, todo: resource({ id: t.id(), labels: t.many('label').was('label') })`,
    decided: [],
  },
]

describe.each(migratedDatabases)('%s', database => {
  const { declares, migrate, migrations, opened, query } = migratedApp(database)

  const contents = async (): Promise<object> => {
    const all = await migrations()
    const tables = await all.contents()
    await all.close()
    return tables
  }

  test.each(CHANGES)('$change, and back', async ({ before, after, decided }) => {
    await opened(declares(before), async app => {
      await app.post('label', [{}, {}, {}])
      const one = before.includes('t.one')
      const labels = (i: number): number[] => [1, 2, 3].filter(n => (i >> n) % 2 === 1)
      await app.post(
        'todo',
        Array.from({ length: ROWS }, (_, i) => (one ? { label: labels(i)[0] ?? null } : { labels: labels(i) })),
      )
    })
    const module = declares(after)
    await migrate('plan', module, ...decided)
    const was = await contents()
    const whole = (await runKilled('apply', module, 60_000))!
    const is = await contents()
    expect(is).not.toEqual(was)
    let killed = 0
    for (let i = 0; i < Math.ceil(faults.migrations / 4); i++) {
      const way = i % 2 === 0 ? 'down' : 'apply'
      for (let attempt = 1; (await runKilled(way, module, Math.random() * attempt * whole)) === null; attempt++) {
        killed++
        expect([was, is]).toContainEqual(await contents())
        // It may be killed after its last step: what was taken back cannot be taken back again.
        if (way === 'down' && (await query('select name from _restuary_migration')).length === 0) break
      }
      expect(await contents()).toEqual(way === 'apply' ? is : was)
    }
    tell({ database, migrations: faults.migrations, killed })
  })
})
