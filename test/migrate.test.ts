// Plans of changes to tables: written, reviewed, applied and taken back by the commands, on databases with rows in them.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { migratedApp, migratedDatabases } from './migrated-app.ts'

describe.each(migratedDatabases)('%s', database => {
  const { folder, opened, declares: declaresAll, rows, migrate: said, plans: planned, query } = migratedApp(database)

  /** Writes a module that declares a todo with these fields, and returns its path. */
  const declares = (fields: string, more = '', name = 'todo'): string =>
    declaresAll(`user: resource({ id: t.id() }), ${name}: resource({ id: t.id(), ${fields} })${more}`)

  const rowsOf = (module: string): Promise<object[]> => rows(module, 'todo')

  const made = async (module: string, ...rows: object[]): Promise<void> =>
    opened(module, async app => {
      for (const row of rows) await app.post('todo', row)
    })

  test('a plan is written, applied, told and taken back', async () => {
    const before = declares(`title: t.text(), state: t.enum(['new', 'open', 'done'])`)
    await made(before, { title: 'a', state: 'open' }, { title: 'b', state: 'done' })
    const after = declares(`name: t.text().was('title'), state: t.enum(['new', 'done']), rank: t.integer()`)
    await expect(said('plan', after)).rejects.toThrow(
      [
        'No plan was written. This has to be decided first:',
        '1 row holds a value that todo.state no longer takes, such as "open": say what becomes of their values, by --map todo.state:OLD=NEW or --otherwise todo.state=VALUE',
        'todo.rank is new and required, and 2 rows are there without it: give it a default, make it nullable, or say --set todo.rank=VALUE',
      ].join('\n  '),
    )
    expect((await said('plan', after, '--set', 'todo.rank=5', '--map', 'todo.state:open=new')).slice(1)).toEqual([
      '  todo.title: renamed to name; its values stay',
      '  todo.state: "open" becomes "new"',
      '  todo.rank: added, rows have 5',
      `Look at it, and apply it: restuary migrate apply ${after}`,
    ])
    expect(planned()).toEqual(['0001-rename-column-todo-title.json'])
    expect(await said('status', after)).toEqual(['0001-rename-column-todo-title: not applied yet'])
    expect(await said('apply', after)).toEqual(['0001-rename-column-todo-title: applied'])
    expect(await said('apply', after)).toEqual(['0001-rename-column-todo-title: was applied before'])
    expect(await rowsOf(after)).toEqual([
      { id: 1, name: 'a', state: 'new', rank: 5 },
      { id: 2, name: 'b', state: 'done', rank: 5 },
    ])
    expect((await said('status', after))[1]).toBe('The database fits the declaration.')
    expect(await said('down', after)).toEqual(['0001-rename-column-todo-title: taken back'])
    expect(await rowsOf(before)).toEqual([
      { id: 1, title: 'a', state: 'open' },
      { id: 2, title: 'b', state: 'done' },
    ])
  })

  test('what holds data is dropped only by its name, and comes back', async () => {
    const before = declares('title: t.text(), note: t.text().nullable()')
    await made(before, { title: 'a', note: 'x' }, { title: 'b' })
    const after = declares('title: t.text()')
    await expect(said('plan', after)).rejects.toThrow('todo.note is not declared any more, but 1 row holds a value')
    await said('plan', after, '--drop', 'todo.note')
    await said('apply', after)
    expect(await rowsOf(after)).toEqual([
      { id: 1, title: 'a' },
      { id: 2, title: 'b' },
    ])
    await said('down', after)
    expect(await rowsOf(before)).toEqual([
      { id: 1, title: 'a', note: 'x' },
      { id: 2, title: 'b', note: null },
    ])
  })

  test('values are converted, and those that have no equivalent come back', async () => {
    const before = declares('size: t.text()')
    await made(before, { size: '7' }, { size: '007' }, { size: 'big' })
    const after = declares('size: t.integer()')
    await expect(said('plan', after)).rejects.toThrow('todo.size cannot become integer in 2 rows, such as "007", "big"')
    await said('plan', after, '--map', 'todo.size:007=7', '--otherwise', 'todo.size=100')
    await said('apply', after)
    expect(await rowsOf(after)).toEqual([
      { id: 1, size: 7 },
      { id: 2, size: 7 },
      { id: 3, size: 100 },
    ])
    await opened(after, app => app.patch('todo', 3, { size: 8 }))
    await said('down', after)
    expect(await rowsOf(before)).toEqual([
      { id: 1, size: '7' },
      { id: 2, size: '007' },
      { id: 3, size: '8' },
    ])
  })

  test('rows that had no value have none after the way back, whatever they got', async () => {
    const before = declares('flag: t.bool().nullable()')
    await made(before, { flag: true }, {})
    const after = declares('flag: t.integer()')
    await said('plan', after, '--set', 'todo.flag=7')
    await said('apply', after)
    expect(await rowsOf(after)).toEqual([
      { id: 1, flag: 1 },
      { id: 2, flag: 7 },
    ])
    await said('down', after)
    expect(await rowsOf(before)).toEqual([
      { id: 1, flag: true },
      { id: 2, flag: null },
    ])
  })

  test('a text is made shorter by cutting what is too long', async () => {
    const before = declares('title: t.text()')
    await made(before, { title: 'short' }, { title: 'rather long' })
    const after = declares('title: t.text({ max: 6 })')
    await expect(said('plan', after)).rejects.toThrow(
      '1 row holds a value that todo.title no longer takes, such as "rather long"',
    )
    await said('plan', after, '--otherwise', 'todo.title=cut')
    await said('apply', after)
    expect(await rowsOf(after)).toEqual([
      { id: 1, title: 'short' },
      { id: 2, title: 'rather' },
    ])
    await said('down', after)
    expect(await rowsOf(before)).toEqual([
      { id: 1, title: 'short' },
      { id: 2, title: 'rather long' },
    ])
  })

  test('a plan that was edited after it was applied is noticed', async () => {
    const before = declares('title: t.text()')
    await made(before, { title: 'a' })
    const after = declares('title: t.text(), rank: t.integer()')
    await said('plan', after, '--set', 'todo.rank=1')
    await said('apply', after)
    const file = join(folder(), 'migrations', planned()[0]!)
    writeFileSync(file, readFileSync(file, 'utf8').replace('"value": 1', '"value": 2'))
    await expect(said('apply', after)).rejects.toThrow('0001-add-column-todo-rank was edited after it was applied')
    expect((await said('status', after))[0]).toMatch(/applied .*, but its file was edited since$/)
  })

  test('rows that came after the plan was written are asked again', async () => {
    const before = declares(`state: t.enum(['new', 'open', 'done'])`)
    await made(before, { state: 'open' })
    const after = declares(`state: t.enum(['new', 'done'])`)
    await said('plan', after, '--map', 'todo.state:open=new')
    await made(declares(`state: t.enum(['new', 'open', 'done', 'gone'])`), { state: 'gone' })
    await expect(said('apply', after)).rejects.toThrow(
      '1 row holds a value that todo.state no longer takes, such as "gone"',
    )
  })

  test('a plan for another database is refused, and one whose result is there is only noted', async () => {
    const before = declares('title: t.text()')
    await made(before, { title: 'a' })
    const after = declares(`name: t.text().was('title')`)
    await said('plan', after)
    // The application was started first: it renames by itself, because nothing is lost.
    expect(await rowsOf(after)).toEqual([{ id: 1, name: 'a' }])
    expect(await said('apply', after)).toEqual([
      '0001-rename-column-todo-title: the tables are already as it makes them',
    ])
    writeFileSync(
      join(folder(), 'migrations/0002-other.json'),
      readFileSync(join(folder(), 'migrations', planned()[0]!), 'utf8')
        .replaceAll('"title"', '"subject"')
        .replaceAll('"to": "name"', '"to": "topic"'),
    )
    await expect(said('apply', after)).rejects.toThrow(
      'It was planned for another database: todo has no column subject',
    )
  })

  test('the log follows the tables: history shows rows as they are called now', async () => {
    const before = declares('title: t.text(), size: t.text()')
    await made(before, { title: 'a', size: '1' })
    await opened(before, app => app.patch('todo', 1, { title: 'b', size: '2' }))
    const after = declares(`name: t.text().was('title'), size: t.integer()`, `.was('todo')`, 'task')
    await said('plan', after)
    await said('apply', after)
    await opened(after, async app => {
      const response = await app.fetch(new Request('http://localhost/task/1/history'))
      expect(JSON.stringify(await response.json())).toContain('"name":"a"')
    })
    const records = await query('select resource, before, after from _restuary_log order by seq')
    expect(records).toEqual([
      ['task', null, expect.stringMatching(/"name":"a"/)],
      ['task', expect.stringContaining('"size":1'), expect.stringMatching(/"name":"b"/)],
    ])
    expect(records[1]![2]).toContain('"size":2')
  })

  test('positions of the former tables are not valid any more', async () => {
    const before = declares('title: t.text()')
    await made(before, { title: 'a' })
    const position = await opened(
      before,
      async app => (await app.get('todo', 1, { meta: true } as never), app.store.terms.position(1)),
    )
    const after = declares('title: t.text(), rank: t.integer()')
    await said('plan', after, '--set', 'todo.rank=1')
    await said('apply', after)
    expect(await opened(after, async app => (await app.ready(), app.store.terms.seqOf(position)))).toBe(null)
  })

  test('what cannot be understood is said', async () => {
    const module = declares('title: t.text()')
    await made(module, { title: 'a' })
    await expect(said('plan')).rejects.toThrow('migrate needs an action and a module')
    await expect(said('plan', join(folder(), 'none.ts'))).rejects.toThrow('none.ts is not there')
    await expect(said('plan', module, '--set', 'todo')).rejects.toThrow('--set todo has no "="')
    await expect(said('plan', module, '--set', 'todo.size=1')).rejects.toThrow('there is no such column')
    await expect(said('apply', module)).rejects.toThrow('There are no plans')
    await expect(said('down', module)).rejects.toThrow('No plan was applied')
    expect(await said('plan', module)).toEqual(['The database fits the declaration.'])
  })
})
