// Tables of other programs in the database of an application: plans leave them as they are, and say so.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { migratedApp, migratedDatabases } from './migrated-app.ts'

describe.each(migratedDatabases)('%s', database => {
  const { declares, folder, migrate, opened, plans, query, rows } = migratedApp(database)

  const own = (title: string): string => `todo: resource({ id: t.id(), ${title} })`
  const UNTOUCHED = 'was made by another program, and plans change the tables of this application alone'

  /** An application with a row, and beside it a table and a view of another program. */
  async function besideOthers(): Promise<void> {
    await opened(declares(own('title: t.text()')), app => app.post('todo', { title: 'a' }))
    await query(`create table legacy (id integer primary key, note text not null check (note <> ''))`)
    await query(`insert into legacy values (1, 'x')`)
    await query('create view seen as select * from legacy')
  }

  test('a plan changes its own tables, and nothing else', async () => {
    await besideOthers()
    const after = declares(own(`name: t.text().was('title')`))
    await migrate('plan', after)
    await migrate('apply', after)
    expect(await rows(after, 'todo')).toEqual([{ id: 1, name: 'a' }])
    expect(await query('select * from seen')).toEqual([[1, 'x']])
    await migrate('down', after)
    expect(await query('select * from seen')).toEqual([[1, 'x']])
  })

  test('a table of others is refused by its name, whatever is asked', async () => {
    await besideOthers()
    const module = declares(own('title: t.text()'))
    for (const asked of [
      ['--drop', 'legacy'],
      ['--drop', 'legacy.note'],
      ['--rename', 'legacy=todo'],
      ['--set', 'legacy.note=y'],
      ['--map', 'legacy.note:x=y'],
      ['--otherwise', 'legacy.note=cut'],
    ])
      await expect(migrate('plan', module, ...asked), asked.join(' ')).rejects.toThrow(
        `No plan was written:\n  legacy: ${UNTOUCHED}`,
      )
    expect(plans()).toEqual([])
    expect(await query('select * from legacy')).toEqual([[1, 'x']])
  })

  test('a declaration does not take its name', async () => {
    await besideOthers()
    const taking = declares(`${own('title: t.text()')}, legacy: resource({ id: t.id(), note: t.text() })`)
    await expect(migrate('plan', taking)).rejects.toThrow('legacy: was not made by Restuary; give the resource another')
    const renamed = declares(`legacy: resource({ id: t.id(), title: t.text() }).was('todo')`)
    await expect(migrate('plan', renamed)).rejects.toThrow('legacy: was not made by Restuary')
  })

  test('a plan that was written elsewhere does not change it either', async () => {
    await besideOthers()
    const after = declares(own(`name: t.text().was('title')`))
    await migrate('plan', after)
    const file = join(folder(), 'migrations', plans()[0]!)
    const plan = readFileSync(file, 'utf8')
    writeFileSync(
      file,
      plan.replace('"table": "todo"', '"table": "legacy"').replace('"column": "title"', '"column": "note"'),
    )
    await expect(migrate('apply', after)).rejects.toThrow(`Nothing was changed:\n  legacy: ${UNTOUCHED}`)
    expect(await query('select note from legacy')).toEqual([['x']])
  })
})
