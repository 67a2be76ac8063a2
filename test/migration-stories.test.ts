// Ten stories that users of other frameworks have told of their migrations, and how they end here (docs/guide/schema-changes.md).
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { migratedApp, migratedDatabases } from './migrated-app.ts'

describe.each(migratedDatabases)('%s', database => {
  const { declares, folder, migrate, migrations, opened, plans, reads, rows } = migratedApp(database)

  const todo = (fields: string): string => declares(`todo: resource({ id: t.id(), ${fields} })`)
  const made = (module: string, ...given: object[]): Promise<void> =>
    opened(module, async app => {
      for (const row of given) await app.post('todo', row)
    })

  /** What the database holds, without its log. */
  async function contents(): Promise<unknown> {
    const opened = await migrations()
    const all = [await opened.shape(), await opened.contents()]
    await opened.close()
    return all
  }

  test('1. a renamed field is not taken for one that goes and another that comes', async () => {
    await made(todo('title: t.text()'), { title: 'kept' })
    const renamed = todo('name: t.text()')
    await expect(opened(renamed, app => app.list('todo'))).rejects.toThrow(
      `todo.title is not declared any more, but 1 row holds a value: let it go by --drop todo.title, or name the field that it is now, by .was('title') there or by --rename todo.title=NAME`,
    )
    await migrate('plan', renamed, '--rename', 'todo.title=name')
    await migrate('apply', renamed)
    expect(await rows(renamed, 'todo')).toEqual([{ id: 1, name: 'kept' }])
    // Or the declaration says it, and no plan is needed.
    expect(await rows(todo(`label: t.text().was('name')`), 'todo')).toEqual([{ id: 1, label: 'kept' }])
  })

  test('2. a required field on a full table needs a value, and the rows are counted', async () => {
    await made(todo('title: t.text()'), { title: 'a' }, { title: 'b' })
    const required = todo('title: t.text(), rank: t.integer()')
    await expect(migrate('plan', required)).rejects.toThrow(
      'todo.rank is new and required, and 2 rows are there without it',
    )
    await migrate('plan', required, '--set', 'todo.rank=3')
    await migrate('apply', required)
    expect(await rows(required, 'todo')).toEqual([
      { id: 1, title: 'a', rank: 3 },
      { id: 2, title: 'b', rank: 3 },
    ])
  })

  test('3. the order of the values of an enum changes no row', async () => {
    await made(todo(`state: t.enum(['new', 'open', 'done'])`), { state: 'open' }, { state: 'done' })
    const reordered = todo(`state: t.enum(['done', 'new', 'waiting', 'open'])`)
    expect(await rows(reordered, 'todo')).toEqual([
      { id: 1, state: 'open' },
      { id: 2, state: 'done' },
    ])
    expect(await migrate('status', reordered)).toEqual(['The database fits the declaration.'])
  })

  test('4. a unique field over duplicates is refused with the values, before anything changes', async () => {
    await made(todo('title: t.text()'), { title: 'a' }, { title: 'a' }, { title: 'b' })
    const before = await contents()
    const unique = todo('title: t.text().unique()')
    const told = 'todo.title must be unique now, but 2 rows share a value with another, such as'
    await expect(opened(unique, app => app.list('todo'))).rejects.toThrow(told)
    await expect(migrate('plan', unique)).rejects.toThrow(told)
    expect(await contents()).toEqual(before)
    await opened(todo('title: t.text()'), app => app.patch('todo', 2, { title: 'c' }))
    expect((await rows(unique, 'todo')).length).toBe(3)
  })

  test('5. values that do not convert are counted and named, and nothing is half converted', async () => {
    await made(todo('size: t.text()'), { size: '7' }, { size: 'big' }, { size: 'huge' })
    const before = await contents()
    const number = todo('size: t.integer()')
    await expect(migrate('plan', number)).rejects.toThrow(
      'todo.size cannot become integer in 2 rows, such as "big", "huge"',
    )
    expect(await contents()).toEqual(before)
    await migrate('plan', number, '--map', 'todo.size:big=100', '--otherwise', 'todo.size=1000')
    await migrate('apply', number)
    expect((await rows(number, 'todo')).map((row: any) => row.size)).toEqual([7, 100, 1000])
  })

  test('6. a plan that was edited after it was applied is refused, and can still be taken back', async () => {
    const before = todo('title: t.text()')
    await made(before, { title: 'a' })
    const after = todo('title: t.text(), rank: t.integer()')
    await migrate('plan', after, '--set', 'todo.rank=1')
    await migrate('apply', after)
    const file = join(folder(), 'migrations', plans()[0]!)
    writeFileSync(file, readFileSync(file, 'utf8').replace('"value": 1', '"value": 2'))
    await expect(migrate('apply', after)).rejects.toThrow(
      'was edited after it was applied: take it back with down first',
    )
    await migrate('down', after)
    await migrate('apply', after)
    expect(await rows(after, 'todo')).toEqual([{ id: 1, title: 'a', rank: 2 }])
  })

  test('7. plans of two branches are applied after each other, and refused if they contradict', async () => {
    await made(todo('title: t.text()'), { title: 'a' })
    const one = todo('title: t.text(), rank: t.integer()')
    await migrate('plan', one, '--set', 'todo.rank=1', '--name', 'rank')
    // The other branch knows nothing of it.
    const file = join(folder(), 'migrations', plans()[0]!)
    renameSync(file, join(folder(), 'rank.json'))
    const two = todo(`title: t.text(), size: t.integer()`)
    await migrate('plan', two, '--set', 'todo.size=2', '--name', 'size')
    renameSync(join(folder(), 'rank.json'), file)
    const merged = todo('title: t.text(), rank: t.integer(), size: t.integer()')
    expect(await migrate('apply', merged)).toEqual(['0001-rank: applied', '0001-size: applied'])
    expect(await rows(merged, 'todo')).toEqual([{ id: 1, title: 'a', rank: 1, size: 2 }])
    // Both branches have renamed the same field.
    const left = todo('name: t.text(), rank: t.integer(), size: t.integer()')
    await migrate('plan', left, '--rename', 'todo.title=name', '--name', 'left')
    const plan = readFileSync(join(folder(), 'migrations/0002-left.json'), 'utf8')
    writeFileSync(join(folder(), 'migrations/0002-right.json'), plan.replaceAll('"name"', '"label"'))
    await expect(migrate('apply', left)).rejects.toThrow(
      'It was planned for another database: todo has no column title',
    )
    expect(await migrate('status', left)).toContain('0002-right: not applied yet')
    expect(await rows(left, 'todo')).toEqual([{ id: 1, name: 'a', rank: 1, size: 2 }])
  })

  test('8. a step that fails in the middle leaves everything as it was', async () => {
    await made(todo('title: t.text(), note: t.text().nullable()'), { title: 'a', note: 'x' }, { title: 'a' })
    const after = todo('name: t.text()')
    await migrate('plan', after, '--rename', 'todo.title=name', '--drop', 'todo.note')
    const file = join(folder(), 'migrations', plans()[0]!)
    const plan = JSON.parse(readFileSync(file, 'utf8')) as { steps: object[] }
    plan.steps.push({
      do: 'add index',
      table: 'todo',
      index: 'restuary_todo_name_unique',
      columns: ['name'],
      unique: true,
    })
    writeFileSync(file, JSON.stringify(plan))
    const before = await contents()
    await expect(migrate('apply', after)).rejects.toThrow('todo.name must be unique now, but 2 rows share a value')
    expect(await contents()).toEqual(before)
  })

  test('9. a long read does not hold writers up, and sees the rows as they were', async () => {
    await made(todo('title: t.text()'), { title: 'a' }, { title: 'b' })
    const reader = await reads('select title from todo order by id')
    const after = todo(`name: t.text().was('title'), rank: t.integer()`)
    await migrate('plan', after, '--set', 'todo.rank=1')
    const applied = migrate('apply', after)
    // PostgreSQL changes a table when nobody reads it. Until then it is written as before.
    if (database === 'postgres') {
      await made(todo('title: t.text()'), { title: 'c' })
      expect(await reader.rows()).toEqual([['a'], ['b']])
      await reader.end()
    }
    expect((await applied)[0]).toMatch(/: applied$/)
    if (database === 'sqlite') {
      expect(await reader.rows()).toEqual([['a'], ['b']])
      await reader.end()
    }
    expect((await rows(after, 'todo')).length).toBe(database === 'postgres' ? 3 : 2)
  })

  test('10. a release that is rolled back starts again on the database of the next one, and loses nothing', async () => {
    const before = todo('title: t.text()')
    await made(before, { title: 'a' })
    const after = todo('title: t.text(), note: t.text().nullable(), rank: t.integer().default(7)')
    await made(after, { title: 'b', note: 'x', rank: 1 })
    await made(before, { title: 'c' })
    expect(await rows(before, 'todo')).toEqual([
      { id: 1, title: 'a' },
      { id: 2, title: 'b' },
      { id: 3, title: 'c' },
    ])
    expect(await rows(after, 'todo')).toEqual([
      { id: 1, title: 'a', note: null, rank: 7 },
      { id: 2, title: 'b', note: 'x', rank: 1 },
      { id: 3, title: 'c', note: null, rank: 7 },
    ])
  })
})
