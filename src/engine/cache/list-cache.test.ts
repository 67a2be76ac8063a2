import { describe, expect, onTestFinished, test } from 'vitest'
import { api, type Api } from '../../api.ts'
import { resource } from '../../model/declare/resource.ts'
import { always } from '../../model/rules/rule.ts'
import { t } from '../../schema/builder.ts'
import { memory } from '../../store/memory.ts'
import { sqlite } from '../../store/sqlite/index.ts'
import type { Store } from '../../store/store.ts'
import { counting } from '../../testing/counting-store.ts'

const team = resource({ id: t.id(), name: t.text(), members: t.back('member', 'team') }).public()
const club = resource({ id: t.id(), name: t.text(), fans: t.many('member') }).rules((me, row) => ({
  read: row.fans.has(me),
}))
const member = resource({ id: t.id(), who: t.text(), team: t.one('team').nullable() }).public()
const tag = resource({ id: t.id(), name: t.text() }).public()
const page = resource({ id: t.id(), title: t.text(), tags: t.many('tag', { ids: false }) }).public()
const task = resource({ id: t.id(), title: t.text(), club: t.one('club') }).rules((me, row) => ({
  read: row.club.can('read'),
  write: always,
}))
const report = resource({ id: t.id(), text: t.text(), secret: t.text() }).rules((me, row) => ({
  read: always,
  fields: { secret: { read: row.text.is(me['name']) } },
}))
const declarations = { team, club, member, tag, page, task, report }
const callers: Readonly<Record<string, { readonly id: number; readonly name: string }>> = {
  ann: { id: 1, name: 'ann' },
  bob: { id: 2, name: 'bob' },
}
type Office = Api<typeof declarations>

async function open(store: Store, cache?: number): Promise<Office> {
  const app = api(declarations, {
    store,
    report: () => {},
    authenticate: credentials => callers[credentials.header('authorization') ?? ''] ?? null,
    ...(cache === undefined ? {} : { cache }),
    http: { log: () => {} },
  })
  onTestFinished(() => app.close())
  await app.ready()
  return app
}

const ask = (app: Office, path: string, headers: Record<string, string> = {}): Promise<Response> =>
  app.fetch(new Request(`http://host${path}`, { headers }))
const shown = async (app: Office, path: string): Promise<unknown> => (await ask(app, path)).json()

describe.each([
  ['memory', () => memory()],
  ['sqlite', () => sqlite(':memory:')],
])('lists that are kept, on %s:', (_, make) => {
  test('a list is cached once it was requested several times, until it changes', async () => {
    const { store, reads: selects } = counting(make(), ['select'])
    const app = await open(store)
    await app.post('team', [{ name: 'red' }, { name: 'blue' }])
    const path = '/team?sort=name&limit=1'
    const first = await ask(app, path)
    const second = await ask(app, path)
    const before = selects()
    const third = await ask(app, path)
    expect(selects()).toBe(before)
    for (const response of [second, third]) {
      expect(response.headers.get('etag')).toBe(first.headers.get('etag'))
      expect(response.headers.get('link')).toBe(first.headers.get('link'))
    }
    expect(await third.json()).toEqual([expect.objectContaining({ name: 'blue' })])
    await app.post('team', { name: 'amber' })
    expect(await shown(app, path)).toEqual([expect.objectContaining({ name: 'amber' })])
    expect(selects()).toBeGreaterThan(before)
  })

  test.each<[string, string, (app: Office) => Promise<unknown>]>([
    ['a related row that changes', '/team?depth=2', app => app.patch('member', 1, { who: 'eve' })],
    ['a related row that leaves', '/team?depth=2', app => app.patch('member', 1, { team: null })],
    [
      'a row that its filter looks at',
      '/team?filter={"members":{"$some":{"who":"ann"}}}',
      app => app.delete('member', 1),
    ],
    ['a row that it is sorted by', '/member?sort=team.name', app => app.patch('team', 1, { name: 'zed' })],
    ['a link that neither side shows', '/page?include=tags', app => app.patch('page', 1, { tags: [2] })],
    ['a change in a transaction', '/team', app => app.transaction(tx => tx.patch('team', 1, { name: 'new' }))],
  ])('%s is seen at once', async (_name, path, change) => {
    const app = await open(make())
    await app.post('team', [
      { name: 'red', members: [{ who: 'ann' }] },
      { name: 'blue', members: [{ who: 'bob' }] },
    ])
    await app.post('tag', [{ name: 'new' }, { name: 'old' }])
    await app.post('page', { title: 'home', tags: [1] })
    const uncached = await open(make(), 0)
    await uncached.post('team', [
      { name: 'red', members: [{ who: 'ann' }] },
      { name: 'blue', members: [{ who: 'bob' }] },
    ])
    await uncached.post('tag', [{ name: 'new' }, { name: 'old' }])
    await uncached.post('page', { title: 'home', tags: [1] })
    const url = encodeURI(path)
    const before = await ask(app, url)
    for (let i = 0; i < 3; i++) await ask(app, url)
    await change(app)
    await change(uncached)
    const after = await ask(app, url)
    expect(after.headers.get('etag')).not.toBe(before.headers.get('etag'))
    expect(await after.json()).toEqual(await shown(uncached, url))
  })

  test('a list under rules is made for each audience, and its entity tag differs', async () => {
    const app = await open(make())
    await app.post('member', [{ who: 'ann' }, { who: 'bob' }])
    await app.post('club', [
      { name: 'red', fans: [1] },
      { name: 'blue', fans: [2] },
    ])
    await app.post('task', [
      { title: 'of red', club: 1 },
      { title: 'of blue', club: 2 },
    ])
    const as = (authorization: string, etag?: string): Promise<Response> =>
      ask(app, '/task?fields=title', { authorization, ...(etag ? { 'if-none-match': etag } : {}) })
    for (let i = 0; i < 3; i++) {
      expect(await (await as('ann')).json()).toEqual([{ title: 'of red' }])
      expect(await (await as('bob')).json()).toEqual([{ title: 'of blue' }])
    }
    const etag = (await as('ann')).headers.get('etag')!
    expect((await as('ann', etag)).status).toBe(304)
    expect((await as('bob', etag)).status).toBe(200)
    // The tasks do not change, but who may see them does.
    await app.patch('club', 2, { fans: [1, 2] })
    const both = await as('ann', etag)
    expect(both.status).toBe(200)
    expect(await both.json()).toEqual([{ title: 'of red' }, { title: 'of blue' }])
  })

  test('a field that a rule hides makes two representations of one version', async () => {
    const app = await open(make())
    await app.post('report', { text: 'ann', secret: 'x' })
    for (const path of ['/report', '/report/1']) {
      const as = (authorization: string, etag = '"none"'): Promise<Response> =>
        ask(app, path, { authorization, 'if-none-match': etag })
      const etag = (await as('ann')).headers.get('etag')!
      expect((await as('ann', etag)).status).toBe(304)
      const other = await as('bob', etag)
      expect(other.status).toBe(200)
      expect(await other.text()).not.toContain('secret')
    }
  })

  test('the cache does not exceed its size', async () => {
    const { store, reads: selects } = counting(make(), ['select'])
    const app = await open(store, 4_000)
    await app.post('team', { name: 'x'.repeat(3_000) })
    for (let i = 0; i < 3; i++) await ask(app, '/team')
    const before = selects()
    await ask(app, '/team')
    expect(selects()).toBeGreaterThan(before)
  })
})
