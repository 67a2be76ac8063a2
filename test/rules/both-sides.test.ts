// A change of a relation is a write of both its fields, however it is made. PUT keeps what its caller may not write.
import { describe, expect, test } from 'vitest'
import { always, api, memory, never, resource, sqlite, t, type Store } from '../../src/index.ts'
import type { Principal } from '../../src/auth/principal.ts'

const stores: [string, () => Store][] = [
  ['memory', () => memory()],
  ['sqlite', () => sqlite(':memory:')],
]

const model = () => ({
  user: resource({
    id: t.id(),
    name: t.text(),
    banned: t.bool().default(false),
    pin: t.text().default(''),
    authored: t.back('todo', 'author'),
    projects: t.many('project', { inverse: 'members' }),
    locker: t.back('locker', 'holder', { one: true }),
  }).rules((me, row) => ({
    read: always,
    write: row.is(me),
    create: always,
    fields: {
      banned: { write: me['role'].is('admin') },
      pin: { read: me['role'].is('admin'), write: me['role'].is('admin') },
    },
  })),
  project: resource({
    id: t.id(),
    title: t.text(),
    owner: t.one('user'),
    members: t.many('user', { inverse: 'projects' }),
    todos: t.back('todo', 'project'),
  }).rules((me, row) => ({
    read: always,
    write: me.signedIn,
    create: me.signedIn,
    fields: { members: { read: row.owner.is(me), write: row.owner.is(me) } },
  })),
  todo: resource({
    id: t.id(),
    text: t.text(),
    author: t
      .one('user', { inverse: 'authored', onDelete: 'cascade' })
      .readonly()
      .default((ctx: { me: Principal | null }) => ctx.me?.id as never),
    project: t.one('project', { inverse: 'todos', onDelete: 'null' }).nullable(),
  }).rules(() => ({ read: always, write: always, create: always, fields: { project: { write: never } } })),
  locker: resource({ id: t.id(), holder: t.one('user', { inverse: 'locker', unique: true }).nullable() }).rules(() => ({
    read: always,
    write: always,
    create: always,
    fields: { holder: { write: never } },
  })),
})

describe.each(stores)('rules from every side, over %s', (_, open) => {
  const ann = { id: 1, role: 'member' }
  const bob = { id: 2, role: 'member' }

  async function world() {
    const app = api(model() as never, {
      store: open(),
      report: () => {},
      authenticate: credentials => {
        const id = credentials.header('x-user')
        return id === undefined ? null : { id: Number(id), role: 'member' }
      },
    }) as any
    await app.post('user', { name: 'ann' })
    await app.post('user', { name: 'bob', banned: true, pin: '1234' })
    await app.post('project', { title: 'Trip', owner: 1, members: [1] })
    await app.post('todo', { text: 'pack' }, { me: ann })
    await app.post('locker', { holder: 1 })
    const as = (me: Principal) => ({
      patch: (name: string, id: number, body: unknown) => app.patch(name, id, body, { me }),
      put: (name: string, id: number, body: unknown) => app.put(name, id, body, { me }),
      get: (name: string, id: number) => app.get(name, id, { me }),
    })
    return { app, as }
  }
  const refused = (status: number) => ({ status })

  test('a readonly relation cannot be set from the other side', async () => {
    const { app, as } = await world()
    await expect(as(bob).patch('user', 2, { authored: [1] })).rejects.toMatchObject({ code: 'read_only' })
    expect((await app.get('todo', 1)).author).toBe(1)
    // A value that the server would set by itself is accepted.
    await as(bob).patch('user', 2, { authored: [{ text: 'my own' }] })
    expect(await app.get('todo', 2)).toMatchObject({ text: 'my own', author: 2 })
  })

  test('the field rule of a to-one also holds if the row is moved from the other side', async () => {
    const { app, as } = await world()
    await expect(as(ann).patch('project', 1, { todos: [1] })).rejects.toMatchObject(refused(403))
    expect((await app.get('todo', 1)).project).toBeNull()
  })

  test('the field rule of a list also holds if a row joins it from the other side', async () => {
    const { app, as } = await world()
    await expect(as(bob).patch('user', 2, { projects: [1] })).rejects.toMatchObject(refused(403))
    await as(ann).patch('user', 1, { projects: [] })
    expect((await app.get('project', 1)).members).toEqual([])
  })

  test('a row is not taken from a list whose rule forbids it, whatever list takes it', async () => {
    const app = api(
      {
        list: resource({ id: t.id(), mine: t.bool(), items: t.back('item', 'list', { ids: true }) }).rules(
          (_, row) => ({
            read: always,
            write: always,
            create: always,
            fields: { items: { write: row.mine.is(true) } },
          }),
        ),
        item: resource({ id: t.id(), list: t.one('list').nullable() }).rules(() => ({ read: always, write: always })),
      } as never,
      { store: open(), report: () => {} },
    ) as any
    await app.post('list', [{ mine: false }, { mine: true }])
    await app.post('item', { list: 1 })
    for (const steal of [
      () => app.post('list', { mine: true, items: [1] }, { me: bob }),
      () => app.patch('list', 2, { items: [1] }, { me: bob }),
      () => app.patch('item', 1, { list: 2 }, { me: bob }),
    ])
      await expect(steal()).rejects.toMatchObject(refused(403))
    expect((await app.get('item', 1)).list).toBe(1)
    await app.close()
  })

  test('a one-to-one place is not taken from a row whose rule forbids it', async () => {
    const { app, as } = await world()
    await app.post('locker', {})
    await expect(as(ann).patch('user', 1, { locker: 2 })).rejects.toMatchObject(refused(403))
    expect((await app.get('user', 1)).locker).toBe(1)
  })

  test('below a parent, a field is neither read nor written by callers whom its rule excludes', async () => {
    const { app } = await world()
    const ask = async (who: number, method: string, path: string, body?: unknown): Promise<number> => {
      const init = { method, headers: { 'x-user': String(who), 'content-type': 'application/json' } }
      const request = new Request(
        `http://x${path}`,
        body === undefined ? init : { ...init, body: JSON.stringify(body) },
      )
      return (await app.fetch(request)).status
    }
    expect(await ask(1, 'GET', '/project/1/members')).toBe(200)
    expect(await ask(2, 'GET', '/project/1/members')).toBe(404)
    expect(await ask(2, 'GET', '/project/1/members?total=true')).toBe(404)
    expect(await ask(2, 'GET', '/project/1/members/1')).toBe(404)
    expect(await ask(2, 'POST', '/project/1/members', { name: 'eve' })).toBe(404)
    expect(await ask(1, 'POST', '/project/1/members', { name: 'eve' })).toBe(201)
    expect(await ask(1, 'POST', '/project/1/todos', { text: 'x' })).toBe(403)
    const following = app.live('user', { filter: { projects: { $some: { id: 1 } } }, me: bob })
    await expect(following.next()).resolves.toBeDefined()
    await following.return()
  })

  test('PUT keeps values that its caller may not write, and refuses other values for them', async () => {
    const { app, as } = await world()
    await as(bob).put('user', 2, { name: 'bobby' })
    expect(await app.get('user', 2)).toMatchObject({ name: 'bobby', banned: true, pin: '1234' })
    await expect(as(bob).put('user', 2, { name: 'bobby', banned: false })).rejects.toMatchObject(refused(403))
    await as(bob).put('project', 1, { title: 'Trip', owner: 1 })
    expect((await app.get('project', 1)).members).toEqual([1])
  })

  test('PUT leaves a list alone if the other side of one of its rows may not be set', async () => {
    const app = api(
      {
        list: resource({ id: t.id(), title: t.text(), items: t.back('item', 'list', { ids: true }) }).rules(() => ({
          read: always,
          write: always,
        })),
        item: resource({ id: t.id(), locked: t.bool(), list: t.one('list', { onDelete: 'null' }).nullable() }).rules(
          (_, row) => ({ read: always, write: always, fields: { list: { write: row.locked.is(false) } } }),
        ),
      } as never,
      { store: open(), report: () => {} },
    ) as any
    await app.post('list', { title: 'a' })
    await app.post('item', [
      { locked: true, list: 1 },
      { locked: false, list: 1 },
    ])
    await app.put('list', 1, { title: 'b' }, { me: bob })
    expect(await app.get('list', 1)).toMatchObject({ title: 'b', items: [1, 2] })
    await app.patch('item', 1, { locked: false })
    await app.put('list', 1, { title: 'c' }, { me: bob })
    expect((await app.get('list', 1)).items).toEqual([])
    await app.close()
  })

  test('a right guess of a hidden value is refused like a wrong one', async () => {
    const { as } = await world()
    for (const pin of ['1234', '9999'])
      await expect(as(bob).patch('user', 2, { pin })).rejects.toMatchObject(refused(403))
  })

  test('a rule for reading hides its own side of a relation, on every way to it, and not the other side', async () => {
    const { app } = await world()
    const get = async (path: string): Promise<Response> =>
      app.fetch(new Request(`http://localhost${path}`, { headers: { 'x-user': '2' } }))
    expect(await (await get('/project/1')).json()).not.toHaveProperty('members')
    expect((await get('/project/1/members')).status).toBe(404)
    expect((await get('/project?members.some.id=1')).status).toBe(400)
    for (const attempt of ['first', 'second'])
      expect([attempt, await (await get('/user/1')).json()]).toMatchObject([attempt, { projects: [1] }])
    expect(await (await get('/user/1/projects')).json()).toMatchObject([{ id: 1 }])
  })

  test('the server itself sets both sides: defaults, deletions', async () => {
    const { app } = await world()
    expect((await app.get('user', 1)).authored).toEqual([1])
    await app.delete('user', 1).catch(() => {})
    await app.patch('todo', 1, { project: 1 })
    expect((await app.get('project', 1)).todos).toEqual([1])
  })
})
