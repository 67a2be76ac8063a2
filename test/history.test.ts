// History and reads of the past, over every store: former states, seen with the rights of today.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { api, type Api } from '../src/api.ts'
import { printChanges } from '../src/cli/changes.ts'
import { any } from '../src/model/rules/rule.ts'
import { resource } from '../src/model/declare/resource.ts'
import { t } from '../src/schema/builder.ts'
import { memory } from '../src/store/memory.ts'
import { sqlite } from '../src/store/sqlite/index.ts'
import type { Store } from '../src/store/store.ts'
import { wait } from '../src/store/work.ts'

interface Entry {
  position: string
  at: string
  operation: string
  data: Record<string, unknown> | null
  before: Record<string, unknown> | null
  lists?: Record<string, { added: unknown[]; removed: unknown[] }>
}

// oxlint-disable-next-line typescript/no-explicit-any -- bodies of all kinds
type Any = any

const ann = { id: 1, resource: 'user' }
const bob = { id: 2, resource: 'user' }

let running: Api | null = null
afterEach(async () => {
  await running?.close()
  running = null
})

const stores: Record<string, () => Store> = { memory: () => memory(), sqlite: () => sqlite(':memory:') }

describe.each(Object.entries(stores))('%s', (_, store) => {
  const clock = { now: Date.UTC(2026, 0, 2) }

  function start(): ReturnType<typeof declare> {
    clock.now = Date.UTC(2026, 0, 2)
    const app = declare()
    running = app as unknown as Api
    return app
  }
  function declare() {
    const user = resource({ id: t.id(), name: t.text() }).public()
    const list = resource({
      id: t.id(),
      title: t.text(),
      owner: t.one('user'),
      todos: t.back('todo', 'list'),
      secret: t.text().nullable(),
    }).rules((me, one) => ({
      read: any(one.owner.is(me)),
      write: me.signedIn,
      create: me.signedIn,
      fields: { secret: { read: me['id'].is(1) } },
    }))
    const todo = resource({
      id: t.id(),
      text: t.text(),
      done: t.bool().default(false),
      list: t.one('list', { onDelete: 'cascade' }),
      tags: t.many('tag'),
    }).rules((_me, one) => ({
      read: one.list.can('read'),
      write: one.list.can('write'),
      create: one.list.can('write'),
    }))
    const tag = resource({ id: t.id(), name: t.text() }).public()
    return api(
      { user, list, todo, tag },
      {
        store: store(),
        report: () => {},
        clock: () => clock.now,
        authenticate: request => {
          const who = request.header('authorization')
          return who === 'ann' ? ann : who === 'bob' ? bob : null
        },
      },
    )
  }

  const ask = async (app: { fetch: Api['fetch'] }, path: string, who = 'ann') => {
    const response = await app.fetch(new Request(`http://x${path}`, { headers: { authorization: who } }))
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? (null as Any) : JSON.parse(text),
    }
  }

  const rewind = async (app: Api): Promise<string> => {
    const state = await app.store.read(function* (now) {
      yield* wait(undefined)
      return now.position
    })
    return `${app.engine.epoch}.${state}`
  }

  async function filled() {
    const app = start()
    await app.post('user', [{ name: 'Ann' }, { name: 'Bob' }])
    await app.post('list', [
      { title: 'Trip', owner: 1 },
      { title: 'Work', owner: 2 },
    ])
    await app.post('tag', [{ name: 'a' }, { name: 'b' }])
    await app.post('todo', [
      { text: 'pack', list: 1, tags: [1] },
      { text: 'fly', list: 1 },
      { text: 'mail', list: 2 },
    ])
    return app
  }

  test('a row has a history, newest first, with the values before each change', async () => {
    const app = await filled()
    clock.now += 5000
    await app.patch('todo', 1, { done: true })
    clock.now += 5000
    await app.delete('todo', 1)
    const { status, body, headers } = await ask(app, '/todo/1/history')
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('private, no-cache')
    expect((body as Entry[]).map(({ operation, at }) => [operation, at])).toEqual([
      ['delete', '2026-01-02T00:00:10.000Z'],
      ['patch', '2026-01-02T00:00:05.000Z'],
      ['create', '2026-01-02T00:00:00.000Z'],
    ])
    expect(body[0]).toMatchObject({ data: null, before: { id: 1, text: 'pack', done: true, list: 1 } })
    expect(body[1]).toMatchObject({ data: { id: 1, done: true }, before: { done: false } })
    expect(Object.keys(body[1].before)).toEqual(['done'])
    expect(body[2].before).toBeNull()
    const list = await ask(app, '/list/1/history')
    // One todo is gone, and nobody sees its id any more: that it joined and left is told no more either.
    expect(list.body[0].lists).toEqual({ todos: { added: [2], removed: [] } })
    expect(list.body.map((one: Entry) => one.operation)).toEqual(['patch', 'create'])
  })

  test('it is paged by position, and its links are followed to the end', async () => {
    const app = await filled()
    for (let i = 0; i < 4; i++) await app.patch('todo', 2, { text: `fly ${i}` })
    const texts: unknown[] = []
    let path: string | null = '/todo/2/history?limit=2'
    while (path) {
      const { body, headers } = await ask(app, path)
      texts.push(...body.map((one: Entry) => one.data!['text']))
      path = /<([^>]*)>; rel="next"/.exec(headers.get('link')!)?.[1] ?? null
    }
    expect(texts).toEqual(['fly 3', 'fly 2', 'fly 1', 'fly 0', 'fly'])
  })

  test('a page that ends the history has no link to a next one, however many records it has', async () => {
    const app = await filled()
    for (let i = 0; i < 19; i++) await app.patch('todo', 2, { text: `fly ${i}` })
    const goesOn = async (limit: number): Promise<boolean> =>
      (await ask(app, `/todo/2/history?limit=${limit}`)).headers.get('link')!.includes('rel="next"')
    expect([await goesOn(20), await goesOn(21)]).toEqual([false, false])
    expect([await goesOn(10), await goesOn(19)]).toEqual([true, true])
  })

  test('a caller who may not see an image does not get it, whatever happened to the row later', async () => {
    const app = await filled()
    await app.patch('todo', 3, { text: 'mail Ann' })
    expect((await ask(app, '/todo/3/history')).status).toBe(404)
    expect((await ask(app, '/todo/9/history')).status).toBe(404)
    await app.patch('todo', 3, { list: 1 })
    const seen = (await ask(app, '/todo/3/history')).body as Entry[]
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({ data: { text: 'mail Ann', list: 1 }, before: null })
    const his = (await ask(app, '/todo/3/history', 'bob')).body as Entry[]
    expect(his.map(({ operation, data }) => [operation, data?.['text'] ?? null])).toEqual([
      ['patch', null],
      ['patch', 'mail Ann'],
      ['create', 'mail'],
    ])
    expect(his[0]!.before).toMatchObject({ text: 'mail Ann', list: 2 })
    expect((await ask(app, '/todo/3/history', 'nobody')).status).toBe(401)
  })

  test('a field that is not for everyone is not in the history of everyone', async () => {
    const app = await filled()
    await app.patch('list', 2, { secret: 'x' })
    await app.patch('list', 2, { secret: 'y' })
    const [last] = (await ask(app, '/list/2/history', 'bob')).body as Entry[]
    expect(last!.data).not.toHaveProperty('secret')
    expect(last!.before).toEqual({})
    await app.patch('list', 1, { secret: 'z' })
    const [own] = (await ask(app, '/list/1/history')).body as Entry[]
    expect(own).toMatchObject({ data: { secret: 'z' }, before: { secret: null } })
  })

  test.each([
    ['limit=0', 400, 'validation'],
    ['limit=x', 400, 'validation'],
    ['before=x', 400, 'validation'],
    ['before=zzzzzz.3', 400, 'validation'],
    ['limit=1&limit=2', 400, 'validation'],
    ['sort=id', 400, 'unknown_param'],
  ])('?%s is refused', async (query, status, error) => {
    const app = await filled()
    const answer = await ask(app, `/todo/1/history?${query}`)
    expect([answer.status, answer.body.error]).toEqual([status, error])
  })

  test('only reading is known there, and a field of that name has the URI', async () => {
    const app = await filled()
    const response = await app.fetch(new Request('http://x/todo/1/history', { method: 'DELETE' }))
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
  })

  test('an item and a list as they were', async () => {
    const app = await filled()
    const then = await rewind(app)
    const [item, list, deep] = await Promise.all(
      ['/todo/1', '/todo?sort=-text', '/list/1?depth=2'].map(path => ask(app, path)),
    )
    await app.patch('todo', 1, { text: 'zip', tags: [2] })
    await app.delete('todo', 2)
    await app.post('todo', { text: 'new', list: 1 })
    await app.patch('todo', 3, { list: 1 })
    const at = `at=${then}`
    expect((await ask(app, `/todo/1?${at}`)).body).toEqual(item!.body)
    expect((await ask(app, `/todo/2?${at}`)).body).toMatchObject({ text: 'fly' })
    expect((await ask(app, `/todo/4?${at}`)).status).toBe(404)
    expect((await ask(app, `/todo?sort=-text&${at}`)).body).toEqual(list!.body)
    expect((await ask(app, `/list/1?depth=2&${at}`)).body).toEqual(deep!.body)
    expect((await ask(app, `/list/1/todos?${at}`)).body.map((row: { id: number }) => row.id)).toEqual([1, 2])
    expect((await ask(app, `/todo?done=false&total=true&${at}`)).headers.get('x-total-count')).toBe('2')
    expect(item!.headers.get('etag')).toBe((await ask(app, `/todo/1?${at}`)).headers.get('etag'))
    expect(await app.get('todo', 1, { at: then, me: ann })).toEqual(item!.body)
  })

  test('a version within a commit means the commit', async () => {
    const app = await filled()
    const made = await app.safe.post('list', { title: 'Home', owner: 1, todos: [{ text: 'a' }, { text: 'b' }] })
    await app.delete('todo', 4)
    expect(made.etag).not.toBe(made.position)
    for (const at of [made.etag, made.position])
      expect((await ask(app, `/list/3?at=${at}`)).body).toMatchObject({ title: 'Home', todos: [4, 5] })
  })

  test('pages of the past go on in the past', async () => {
    const app = await filled()
    await app.post(
      'todo',
      ['b', 'd', 'c', 'a'].map(text => ({ text, list: 1 })),
    )
    const then = await rewind(app)
    const all = (await ask(app, '/todo?sort=text')).body
    await app.patch('todo', 4, { text: 'zz' })
    await app.delete('todo', 6)
    await app.post('todo', { text: 'bb', list: 1 })
    const found: unknown[] = []
    let path: string | null = `/todo?sort=text&limit=2&at=${then}`
    let last = ''
    while (path) {
      const { body, headers } = await ask(app, path)
      found.push(...body)
      last = headers.get('link')!
      path = /<([^>]*)>; rel="next"/.exec(last)?.[1] ?? null
    }
    expect(found).toEqual(all)
    const back: string = /<([^>]*)>; rel="prev"/.exec(last)![1]!
    expect((await ask(app, back)).body).toEqual(all.slice(2, 4))
  })

  test("today's rights count: a caller who was shut out does not see the past", async () => {
    const app = await filled()
    const then = await rewind(app)
    await app.patch('list', 1, { owner: 2 })
    expect((await ask(app, `/todo/1?at=${then}`)).status).toBe(404)
    expect((await ask(app, `/todo?at=${then}`)).body).toEqual([])
    expect((await ask(app, '/todo/1/history')).status).toBe(404)
    expect((await ask(app, `/todo/1?at=${then}`, 'bob')).status).toBe(200)
  })

  test.each([
    ['x', 400],
    ['zzzzzz.1', 400],
    ['EPOCH.999', 400],
    ['EPOCH.1&at=EPOCH.1', 400],
  ])('?at=%s is refused', async (at, status) => {
    const app = await filled()
    const answer = await ask(app, `/todo/1?at=${at.replaceAll('EPOCH', app.engine.epoch)}`)
    expect(answer.status).toBe(status)
  })

  test('below the reach of the log it is gone, with the oldest position', async () => {
    const app = await filled()
    const then = await rewind(app)
    await app.patch('todo', 1, { done: true })
    await app.store.load(app.model.resources.get('tag')!, [[9, 0, 0, 'c']])
    const { status, body } = await ask(app, `/todo/1?at=${then}`)
    expect([status, body.error, body.oldest]).toEqual([410, 'gone', await rewind(app as unknown as Api)])
  })

  test('the application asks by name, a page at a time', async () => {
    const app = await filled()
    await app.patch('todo', 1, { done: true })
    const first = await app.history('todo', 1, { limit: 1 })
    expect(first.records).toMatchObject([{ operation: 'patch', before: { done: false } }])
    const second = await app.history('todo', 1, { limit: 1, before: first.next })
    expect(second.records).toMatchObject([{ operation: 'create' }])
    expect(second.next).toBeNull()
    await expect(app.history('todo', 3, { me: ann })).rejects.toMatchObject({ code: 'not_found' })
  })
})

test('restuary changes prints the log of a file from a position on, without hashes of passwords', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'restuary-changes-')), 'a.db')
  const user = resource({ id: t.id(), name: t.text(), password: t.password() }).public()
  const app = api({ user }, { store: sqlite(file), report: () => {} })
  running = app as unknown as Api
  await app.post('user', { name: 'Ann', password: 'correct horse battery' })
  const { records } = await app.history('user', 1)
  await app.patch('user', 1, { name: 'Anna' })
  const lines = async (since: string | null): Promise<Record<string, unknown>[]> => {
    const found: string[] = []
    await printChanges(file, { since, once: true }, line => void found.push(line))
    return found.map(line => JSON.parse(line) as Record<string, unknown>)
  }
  expect(await lines(null)).toEqual([])
  const all = await lines(`${app.engine.epoch}.0`)
  expect(all.map(({ resource: of, id, operation }) => [of, id, operation])).toEqual([
    ['user', 1, 'create'],
    ['user', 1, 'patch'],
  ])
  expect(all[0]!['data']).toEqual({ id: 1, name: 'Ann', password: '(hidden)' })
  expect(await lines(records[0]!.position)).toEqual([
    expect.objectContaining({ before: { name: 'Ann' }, operation: 'patch' }),
  ])
  await expect(lines('x')).rejects.toThrow('is not a position')
  await expect(lines('zzzzzz.1')).rejects.toThrow('another history')

  const end = new AbortController()
  const told = Promise.withResolvers<string>()
  const following = printChanges(file, { since: null, once: false, signal: end.signal }, told.resolve)
  await app.delete('user', 1)
  expect(JSON.parse(await told.promise)).toMatchObject({ operation: 'delete', id: 1, data: null })
  end.abort()
  await following
})
