import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { memory, sqlite, type Api, type Principal, type Store } from '../../src/index.ts'
import { slow } from '../../src/testing/slow-store.ts'
import { hasPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { postgresStore } from '../../src/testing/postgres/postgres-store.ts'
import { runsWith } from '../system-programs.ts'
import { fill, household, oracle, world } from './household.ts'

type Me = Principal | null
const people: Me[] = [null, ...world.users]
const nameOf = (me: Me): string => (me ? String(me['name']) : 'nobody')
let cells = 0

const stores: [string, () => Store | Promise<Store>][] = [
  ['memory', () => memory()],
  ['a slow store', () => slow(memory())],
  ['sqlite', () => sqlite(':memory:')],
]
if (runsWith('PostgreSQL', hasPostgres(), 'postgresql')) stores.push(['PostgreSQL', () => postgresStore()])
const faces = ['code', 'http'] as const

interface Reply {
  status: number
  body: unknown
  text: string
}

describe.each(stores)('the matrix of rights, over %s', (_, store) => {
  describe.each(faces)('by %s', face => {
    let app: Api<never>
    beforeEach(async () => {
      const authenticate = (request: { header(name: string): string | undefined }) => {
        const id = Number(request.header('authorization')?.slice(7))
        return world.users.find(user => user.id === id) ?? null
      }
      app = household(await store(), face === 'http' ? authenticate : undefined)
      await fill(app)
      return () => app.close()
    })

    async function ask(me: Me, method: string, path: string, body?: unknown): Promise<Reply> {
      cells++
      if (face === 'code') return byCode(app, me, method, path, body)
      const headers = new Headers({ 'content-type': 'application/json' })
      if (me) headers.set('authorization', `Bearer ${me.id}`)
      const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
      const response = await app.fetch(new Request(`http://x${path}`, init))
      const text = await response.text()
      return {
        status: response.status,
        body: text === '' ? null : JSON.parse(text),
        text: text + [...response.headers].join(),
      }
    }

    test.each(people.map(me => [nameOf(me), me] as const))('%s', async (_name, me) => {
      const closed = me ? 403 : 401
      const ids = (reply: Reply): number[] => (reply.body as { id: number }[]).map(row => row.id)
      const lists = world.lists.filter(l => oracle.readList(me, l.id)).map(l => l.id)
      const todos = world.todos.filter(x => oracle.readTodo(me, x.id)).map(x => x.id)

      // Lists, counts, order and expansion show visible rows and nothing else.
      for (const [path, visible] of [
        ['/list', lists],
        ['/todo', todos],
      ] as const) {
        const reply = await ask(me, 'GET', `${path}?total=true`)
        if (!me) expect(reply.status).toBe(closed)
        else expect(ids(reply)).toEqual(visible)
        noLeak(me, reply)
        noLeak(me, await ask(me, 'GET', `${path}?depth=3`))
        noLeak(me, await ask(me, 'GET', `${path}?filter=${encodeURIComponent('{"$not":{"id":0}}')}&sort=-id`))
      }
      // one row, and every way to it
      for (const { id } of world.lists) {
        const seen = oracle.readList(me, id)
        for (const path of [`/list/${id}`, `/list/${id}?depth=3`, `/list/${id}/todos`, `/list/${id}/members`]) {
          const reply = await ask(me, 'GET', path)
          expect([path, reply.status]).toEqual([path, seen ? 200 : me ? 404 : 401])
          noLeak(me, reply)
        }
        if (seen) {
          const shown = (await ask(me, 'GET', `/list/${id}`)).body as { todos: number[]; size: number }
          const visible = todos.filter(x => world.todos.find(y => y.id === x)!.list === id)
          expect([shown.todos, shown.size]).toEqual([visible, visible.length])
        }
      }
      // Filters through relations reveal nothing about hidden rows.
      for (const { id } of world.todos) {
        const through = await ask(
          me,
          'GET',
          `/list?filter=${encodeURIComponent(`{"todos":{"$some":{"text":"TODO-${id}"}}}`)}`,
        )
        if (me) expect(ids(through)).toEqual(oracle.readTodo(me, id) ? [world.todos.find(x => x.id === id)!.list] : [])
        const owner = await ask(me, 'GET', `/todo?list.title=LIST-${id}`)
        if (me) for (const found of ids(owner)) expect(oracle.readTodo(me, found)).toBe(true)
      }
      expect((await ask(me, 'GET', '/user?phone=PHONE-ann')).status).toBe(me ? 400 : 401)
      expect((await ask(me, 'GET', '/user?sort=phone')).status).toBe(me ? 400 : 401)
      // writes: the row as it was and as it would be
      for (const { id } of world.lists) {
        const seen = oracle.readList(me, id)
        const hidden = me ? 404 : 401
        expect((await ask(me, 'PATCH', `/list/${id}`, { title: 'mine' })).status).toBe(
          !seen ? hidden : oracle.writeList(me, id) ? 200 : closed,
        )
        const added = await ask(me, 'POST', '/todo', { text: 'new', list: id })
        expect(added.status).toBe(!me ? 401 : !seen ? 400 : oracle.writeList(me, id) ? 201 : 403)
        const given = await ask(me, 'PATCH', `/list/${id}`, { owner: 3 })
        // giving a list away is a write that the new row must allow as well: a member keeps the right, the owner loses it
        if (seen && !oracle.writeList(me, id)) expect(given.status).toBe(closed)
      }
      for (const user of world.users) {
        const own = me?.id === user.id
        const admin = me?.['role'] === 'admin'
        expect((await ask(me, 'PATCH', `/user/${user.id}`, { name: user.name })).status).toBe(!me ? 401 : 200)
        expect((await ask(me, 'PATCH', `/user/${user.id}`, { name: `${user.name}!` })).status).toBe(
          !me ? 401 : own || admin ? 200 : 403,
        )
        expect((await ask(me, 'PATCH', `/user/${user.id}`, { role: 'admin' })).status).toBe(
          !me ? 401 : admin ? 200 : own ? 403 : user.role === 'admin' ? 200 : 403,
        )
      }
      expect((await ask(me, 'POST', '/user', { name: 'eve' })).status).toBe(
        !me ? 401 : me['role'] === 'admin' ? 201 : 403,
      )
      for (const { id } of world.lists) {
        const reply = await ask(me, 'DELETE', `/list/${id}`)
        if (!oracle.readList(me, id)) expect([401, 404]).toContain(reply.status)
        noLeak(me, reply)
      }
    })

    test('an invisible row and a missing one get the same answer', async () => {
      const ann: Principal = world.users[0]!
      const clean = (reply: Reply): string =>
        reply.text.replaceAll(/[0-9a-f-]{36}/g, 'uuid').replaceAll(/\b(4|9)\b/g, 'N')
      for (const method of ['GET', 'PATCH', 'DELETE']) {
        const body = method === 'PATCH' ? { title: 5 } : undefined
        expect(clean(await ask(ann, method, '/list/4', body))).toBe(clean(await ask(ann, method, '/list/9', body)))
      }
    })
  })
})

afterAll(() => expect(cells).toBeGreaterThan(500))

/** No canary of a row or field that the caller may not read is anywhere in the answer, headers included. */
function noLeak(me: Me, { text }: Reply): void {
  for (const list of world.lists) if (!oracle.readList(me, list.id)) expect(text).not.toContain(list.title)
  for (const todo of world.todos)
    if (!oracle.readTodo(me, todo.id)) expect(text).not.toMatch(new RegExp(`"${todo.text}"`))
  for (const user of world.users) if (!oracle.readPhone(me, user.id)) expect(text).not.toContain(user.phone)
}

/** The same requests as calls of the application for a caller. */
async function byCode(app: Api<never>, me: Me, method: string, path: string, body: unknown): Promise<Reply> {
  const url = new URL(path, 'http://x')
  const [name = '', id, relation] = url.pathname.slice(1).split('/')
  const reply = await call()
  return { status: reply.status, body: reply.body, text: JSON.stringify(reply.body) }

  async function call(): Promise<{ status: number; body: unknown }> {
    const { safe } = app
    if (relation) {
      // code has no nested URIs: the same is a filter, after a look at the parent
      const parent = await safe.get(name, Number(id), { me })
      return parent.status === 200
        ? safe.list(relation === 'todos' ? 'todo' : 'user', {
            me,
            filter: relation === 'todos' ? { list: Number(id) } : { shares: { $some: { id: Number(id) } } },
          })
        : parent
    }
    const words: Record<string, unknown> = {}
    const filter: Record<string, unknown> = JSON.parse(url.searchParams.get('filter') ?? '{}')
    for (const [key, value] of url.searchParams) {
      if (key === 'depth') words['depth'] = Number(value)
      else if (key === 'total') words['total'] = true
      else if (key === 'sort') words['sort'] = [value]
      else if (key === 'list.title') filter['list'] = { title: value }
      else if (key !== 'filter') filter[key] = value
    }
    switch (method) {
      case 'GET':
        return id ? safe.get(name, Number(id), { me, ...words }) : safe.list(name, { me, filter, ...words })
      case 'POST':
        return safe.post(name, body, { me })
      case 'PATCH':
        return safe.patch(name, Number(id), body, { me })
      default:
        return safe.delete(name, Number(id), { me })
    }
  }
}
