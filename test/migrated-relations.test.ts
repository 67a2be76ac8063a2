// Migrations of relations and ids: they take links, references and the log along.
import { describe, expect, test } from 'vitest'
import { migratedApp, migratedDatabases } from './migrated-app.ts'

describe.each(migratedDatabases)('%s', database => {
  const { declares, migrate, opened, query, rows } = migratedApp(database)

  const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

  /** PostgreSQL has none once its foreign keys are valid. */
  const foreignKeyFaults = (): Promise<unknown[]> =>
    query(
      database === 'sqlite'
        ? 'PRAGMA foreign_key_check'
        : `select conname from pg_constraint where contype = 'f' and not convalidated and connamespace = current_schema()::regnamespace`,
    )

  test('a to-one relation that is to-many now has its references as links, and goes back', async () => {
    const one = declares(`user: resource({ id: t.id() }), todo: resource({ id: t.id(), assignee: t.one('user') })`)
    await opened(one, async app => {
      await app.post('user', [{}, {}, {}])
      await app.post('todo', [{ assignee: 1 }, { assignee: 2 }, { assignee: 2 }])
    })
    const many = declares(
      `user: resource({ id: t.id() }), todo: resource({ id: t.id(), assignees: t.many('user').was('assignee') })`,
    )
    expect((await migrate('plan', many, '--name', 'many')).slice(1, -1)).toEqual([
      '  table todo: index restuary_todo_assignee dropped',
      '  table todo_assignees: made',
      '  todo.assignee: now nullable',
      '  todo.assignee: its values become links in todo_assignees; positions and tags of before end',
      '  todo.assignee: dropped; its values are in todo_assignees',
      '  table todo_assignees: index restuary_todo_assignees_user_id made',
    ])
    await migrate('apply', many)
    expect(await rows(many, 'todo')).toEqual([
      { id: 1, assignees: [1] },
      { id: 2, assignees: [2] },
      { id: 3, assignees: [2] },
    ])
    await opened(many, async app => {
      await app.patch('todo', 1, { assignees: [3] })
      await app.patch('todo', 2, { assignees: [1, 2] })
      await app.post('todo', { assignees: [2, 3] })
    })
    await migrate('down', many)
    expect(await rows(one, 'todo')).toEqual([
      { id: 1, assignee: 3 },
      { id: 2, assignee: 2 },
      { id: 3, assignee: 2 },
      { id: 4, assignee: 2 },
    ])
    await migrate('apply', many)
    expect((await rows(many, 'todo'))[1]).toEqual({ id: 2, assignees: [1, 2] })
  })

  test('it happens at start as well, since nothing is lost', async () => {
    const one = declares(
      `user: resource({ id: t.id() }), todo: resource({ id: t.id(), assignee: t.one('user').nullable() })`,
    )
    await opened(one, async app => {
      await app.post('user', {})
      await app.post('todo', [{ assignee: 1 }, {}])
    })
    const many = declares(
      `user: resource({ id: t.id() }), todo: resource({ id: t.id(), assignees: t.many('user').was('assignee') })`,
    )
    expect(await rows(many, 'todo')).toEqual([
      { id: 1, assignees: [1] },
      { id: 2, assignees: [] },
    ])
  })

  test('a to-many relation that is to-one now keeps the link that somebody chose, and goes back', async () => {
    const user = `user: resource({ id: t.id() })`
    const many = declares(`${user}, todo: resource({ id: t.id(), assignees: t.many('user') })`)
    await opened(many, async app => {
      await app.post('user', [{}, {}, {}])
      await app.post('todo', [{ assignees: [2, 1] }, { assignees: [2, 3] }, { assignees: [3] }, { assignees: [] }])
    })
    const one = declares(`${user}, todo: resource({ id: t.id(), assignee: t.one('user').was('assignees') })`)
    const several =
      'todo.assignee is one row now, but 2 rows have several in todo_assignees: say which one stays, by --otherwise todo.assignee=first or --otherwise todo.assignee=last'
    const missing = 'todo.assignee is required now, but 1 row is there without it'
    await expect(opened(one, app => app.list('todo'))).rejects.toThrow(several)
    await expect(migrate('plan', one)).rejects.toThrow(several)
    await expect(migrate('plan', one, '--otherwise', 'todo.assignee=last')).rejects.toThrow(missing)
    await expect(migrate('plan', one, '--otherwise', 'todo.assignee=cut')).rejects.toThrow('its first or last link')
    const decided = ['--otherwise', 'todo.assignee=last', '--set', 'todo.assignee=1', '--name', 'one']
    expect((await migrate('plan', one, ...decided)).slice(1, -1)).toEqual([
      '  todo.assignee: added',
      '  todo.assignee: has the last link of each row in todo_assignees; 2 rows had several, which are kept for the way back; positions and tags of before end',
      '  todo.assignee: now required, rows without a value get 1',
      '  table todo_assignees: dropped; its links are in todo.assignee',
      '  table todo: index restuary_todo_assignee made',
    ])
    await migrate('apply', one)
    const assignees = async (): Promise<unknown[]> => (await rows(one, 'todo')).map((row: any) => row.assignee)
    expect(await assignees()).toEqual([2, 3, 3, 1])
    expect(await foreignKeyFaults()).toEqual([])
    await opened(one, async app => {
      await app.patch('todo', 2, { assignee: 1 })
      await app.post('todo', { assignee: 2 })
      await app.delete('todo', 3)
    })
    await migrate('down', one)
    expect(await rows(many, 'todo')).toEqual([
      { id: 1, assignees: [1, 2] },
      { id: 2, assignees: [1] },
      { id: 4, assignees: [] },
      { id: 5, assignees: [2] },
    ])
    await migrate('apply', one)
    expect(await assignees()).toEqual([2, 1, 1, 2])
  })

  test('if no row has several, it happens at start, also if the other side declared the relation', async () => {
    const todos = (more: string): string => `todo: resource({ id: t.id(), ${more} })`
    const many = declares(
      `label: resource({ id: t.id(), items: t.many('todo', { inverse: 'labels' }) }), ${todos(`labels: t.many('label', { inverse: 'items' })`)}`,
    )
    await opened(many, async app => {
      await app.post('label', [{}, {}])
      await app.post('todo', [{ labels: [2] }, {}])
    })
    const one = declares(
      `label: resource({ id: t.id(), items: t.back('todo', 'label') }), ${todos(`label: t.one('label').nullable().was('labels')`)}`,
    )
    expect(await rows(one, 'todo')).toEqual([
      { id: 1, label: 2 },
      { id: 2, label: null },
    ])
    expect(await rows(one, 'label')).toEqual([
      { id: 1, items: [] },
      { id: 2, items: [1] },
    ])
  })

  test('a join table that gets fields is a resource, whose rows are the pairs, and goes back', async () => {
    const sides = (todo: string, label = ''): string =>
      `label: resource({ id: t.id()${label} }), todo: resource({ id: t.id(), ${todo} })`
    const many = declares(sides(`labels: t.many('label')`))
    await opened(many, async app => {
      await app.post('label', [{}, {}, {}])
      await app.post('todo', [{ labels: [1, 2] }, { labels: [2] }, { labels: [] }])
    })
    const relations = `todo: t.one('todo'), label: t.one('label')`
    const rich = declares(
      `${sides(`tags: t.back('tag', 'todo')`)}, tag: resource({ id: t.id(), ${relations}, note: t.text() }).unique('todo', 'label').was('todo.labels')`,
    )
    const lacking =
      'tag.note is required, and the 3 links in todo_labels that become rows have none: give it a default, make it nullable, or say --set tag.note=VALUE'
    await expect(opened(rich, app => app.list('tag'))).rejects.toThrow(lacking)
    await expect(migrate('plan', rich)).rejects.toThrow(lacking)
    expect((await migrate('plan', rich, '--set', 'tag.note=none', '--name', 'tags')).slice(1, 4)).toEqual([
      '  table tag: made',
      '  table tag: has a row for each of the 3 links in todo_labels; positions and tags of before end',
      '  table todo_labels: dropped; its links are in tag',
    ])
    await migrate('apply', rich)
    expect(await rows(rich, 'tag')).toEqual([
      { id: 1, todo: 1, label: 1, note: 'none' },
      { id: 2, todo: 1, label: 2, note: 'none' },
      { id: 3, todo: 2, label: 2, note: 'none' },
    ])
    expect(await foreignKeyFaults()).toEqual([])
    await opened(rich, async app => {
      await app.patch('tag', 2, { note: 'important' })
      await app.delete('tag', 1)
      expect(await app.post('tag', { todo: 3, label: 3, note: 'new' })).toMatchObject({ id: 4 })
      await expect(app.post('tag', { todo: 3, label: 3, note: 'twice' })).rejects.toThrow()
    })
    await migrate('down', rich)
    expect(await rows(many, 'todo')).toEqual([
      { id: 1, labels: [2] },
      { id: 2, labels: [2] },
      { id: 3, labels: [3] },
    ])
    await opened(many, app => app.patch('todo', 2, { labels: [1] }))
    await migrate('apply', rich)
    expect(await rows(rich, 'tag')).toEqual([
      { id: 2, todo: 1, label: 2, note: 'important' },
      { id: 4, todo: 3, label: 3, note: 'new' },
      { id: expect.any(Number), todo: 2, label: 1, note: 'none' },
    ])
  })

  test('so it does at start if its fields need no value, and by name if it is asked for', async () => {
    const sides = `user: resource({ id: t.id() }), todo: resource({ id: t.id()`
    const many = declares(`${sides}, helpers: t.many('user') })`)
    await opened(many, async app => {
      await app.post('user', {})
      await app.post('todo', { helpers: [1] })
    })
    const help = (more: string): string =>
      `${sides} }), help: resource({ id: t.id('uuid'), todo: t.one('todo'), user: t.one('user'), hours: t.integer().default(2) })${more}`
    const asked = declares(help(''))
    await migrate('plan', asked, '--rename', 'todo_helpers=help', '--name', 'help')
    await migrate('apply', asked)
    const row = { id: expect.stringMatching(/^[0-9a-f-]{36}$/), todo: 1, user: 1, hours: 2 }
    expect(await rows(asked, 'help')).toEqual([row])
    await migrate('down', asked)
    expect(await rows(many, 'todo')).toEqual([{ id: 1, helpers: [1] }])
    expect(await rows(declares(help(`.was('todo.helpers')`)), 'help')).toEqual([row])
  })

  test('integer ids become UUIDs, and references, links and history follow', async () => {
    const declared = (id: string): string =>
      declares(
        `user: resource({ id: t.id(${id}), friends: t.many('user'), name: t.text() }),
       todo: resource({ id: t.id(), by: t.one('user'), title: t.text() })`,
      )
    const integer = declared('')
    await opened(integer, async app => {
      await app.post('user', [{ name: 'a' }, { name: 'b' }, { name: 'c' }])
      await app.patch('user', 1, { friends: [2, 3] })
      await app.patch('user', 2, { name: 'bb' })
      await app.post('todo', [
        { by: 2, title: 'x' },
        { by: 1, title: 'y' },
      ])
    })
    const uuid = declared(`'uuid'`)
    await expect(opened(uuid, app => app.list('user'))).rejects.toThrow('user.id changes from integer to text')
    expect(await migrate('plan', uuid, '--name', 'ids')).toContain(
      '  user.id: now UUIDs, which are made of the former ids; positions, tags and addresses of before end',
    )
    await migrate('apply', uuid)
    expect(await foreignKeyFaults()).toEqual([])
    await opened(uuid, async app => {
      const users: any[] = await app.list('user', { sort: 'name' } as never)
      expect(users.map(({ id }) => id)).toEqual([0, 1, 2].map(() => expect.stringMatching(UUID)))
      const [a, b, c] = users
      expect(new Set(a.friends)).toEqual(new Set([b.id, c.id]))
      expect((await app.list('todo')).map(({ by }: any) => by)).toEqual([b.id, a.id])
      const history = await app.fetch(new Request(`http://localhost/user/${b.id}/history`))
      expect(JSON.stringify(await history.json())).toContain('"name":"b"')
      await app.patch('user', c.id, { name: 'cc' })
    })
    await migrate('down', uuid)
    expect(await foreignKeyFaults()).toEqual([])
    expect(await rows(integer, 'user')).toEqual([
      { id: 1, friends: [2, 3], name: 'a' },
      { id: 2, friends: [], name: 'bb' },
      { id: 3, friends: [], name: 'cc' },
    ])
    expect((await rows(integer, 'todo')).map((row: any) => row.by)).toEqual([2, 1])
    await migrate('apply', uuid)
    await opened(uuid, app => app.post('user', { name: 'new' }))
    await expect(migrate('down', uuid)).rejects.toThrow('user.id cannot become integer in 1 row')
  })

  test('ids and a relation that change at once have to be two plans, and two plans lead there', async () => {
    const user = (id: string): string => `user: resource({ id: t.id(${id}) })`
    const declared = (id: string, relation: string, more = ''): string =>
      declares(`${user(id)}, todo: resource({ id: t.id()${relation} })${more}`)
    const one = `, by: t.one('user')`
    const many = `, users: t.many('user').was('by')`
    const rich = (more: string): string =>
      `, help: resource({ id: t.id(), todo: t.one('todo'), user: t.one('user') })${more}`
    await opened(declared('', one), async app => {
      await app.post('user', [{}, {}])
      await app.post('todo', [{ by: 2 }, { by: 1 }])
    })
    const refused = async (module: string): Promise<void> => {
      await expect(migrate('plan', module)).rejects.toThrow(
        'the ids of user are of another kind at the same time: make two plans',
      )
      await expect(opened(module, app => app.list('todo'))).rejects.toThrow('make two plans')
    }
    const apply = async (module: string, name: string): Promise<void> => {
      await migrate('plan', module, '--name', name)
      await migrate('apply', module)
    }
    await refused(declared(`'uuid'`, many))
    await apply(declared('', many), 'many')
    await refused(declared(`'uuid'`, `, by: t.one('user').nullable().was('users')`))
    await refused(declared(`'uuid'`, '', rich(`.was('todo.users')`)))
    const uuids = declared(`'uuid'`, `, users: t.many('user')`)
    await apply(uuids, 'ids')
    const ids = (await rows(uuids, 'user')).map((row: any) => row.id)
    expect((await rows(uuids, 'todo')).map((row: any) => row.users.length)).toEqual([1, 1])
    await apply(declared(`'uuid'`, '', rich(`.was('todo.users')`)), 'help')
    expect(new Set((await query('select "user" from help')).flat())).toEqual(new Set(ids))
    expect(await foreignKeyFaults()).toEqual([])
  })
})
