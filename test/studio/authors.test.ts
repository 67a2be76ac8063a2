// Who changed what: what the studio asks, who may, and what it shows.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { memory, sqlite, type Api, type Store } from '../../src/index.ts'
import { hasBrowser } from '../describe/browser.ts'
import { office } from './office.ts'
import { openedStudio } from './open-studio.ts'

const stores: Readonly<Record<string, () => Store>> = {
  memory,
  sqlite: () => sqlite(join(mkdtempSync(join(tmpdir(), 'restuary-authors-')), 'a.db')),
}

async function ask(app: Api, method: string, path: string, as: string | null, body: object): Promise<[number, any]> {
  const headers = { 'content-type': 'application/json', ...(as !== null && { 'x-user': as }) }
  const response = await app.fetch(
    new Request(`http://localhost${path}`, { method, headers, body: JSON.stringify(body) }),
  )
  return [response.status, await response.json()]
}

describe.each(Object.entries(stores))('in %s, the studio is told who changed a row', (_, store) => {
  test('with and without an idempotency key, of rows on the other side too, but not what nobody signed', async () => {
    const app = await office({ store: store(), studio: { use: me => me?.['role'] === 'admin' } })
    onTestFinished(() => app.close())
    await ask(app, 'PATCH', '/task/1', 'bob', { rank: 1 })
    await app.patch('task', 1, { rank: 2 })
    await app.patch('task', 1, { rank: 3 }, { me: { id: 2, role: 'member' }, idempotencyKey: 'k1' })
    const body = { resource: 'task', ids: [1], limit: 10 }
    const bob = { id: 2, label: 'bob@example.com, member' }
    const [status, { rows }] = await ask(app, 'POST', '/studio/authors', 'eve', body)
    expect(status).toBe(200)
    expect(rows[0].changes.map((one: { by: unknown }) => one.by)).toEqual([bob, null, bob, null])
    await ask(app, 'POST', '/task', 'eve', { title: 'for ann', owner: 1 })
    const eve = { id: 3, label: 'eve@example.com, admin' }
    const asked = { resource: 'user', ids: [1] }
    expect((await ask(app, 'POST', '/studio/authors', 'eve', asked))[1].rows).toEqual([
      { id: 1, changes: [{ position: expect.any(String), by: eve }] },
    ])
  })
})

test('the last commits say it as well, without the keys of others', async () => {
  const app = await office({ studio: { use: me => me?.['role'] === 'admin' } })
  onTestFinished(() => app.close())
  const get = async (path: string): Promise<any> =>
    (await app.fetch(new Request(`http://localhost/studio/${path}`, { headers: { 'x-user': 'eve' } }))).json()
  await get('server')
  await app.patch('task', 1, { rank: 3 }, { me: { id: 2, role: 'member' }, idempotencyKey: 'k1' })
  await app.patch('task', 1, { rank: 4 })
  await app.http.live!.advance()
  const bob = { id: 2, label: 'bob@example.com, member' }
  const { commits } = await get('commits')
  expect(commits.slice(-2).map(({ by }: { by: unknown }) => by)).toEqual([bob, null])
  const { recent } = await get('server')
  expect(recent.map(({ by }: { by: unknown }) => by)).toEqual([bob, null])
  expect(JSON.stringify([commits, recent])).not.toContain('k1')
})

test('only those hear it whom the rule of the studio admits, and the public history tells nobody', async () => {
  const app = await office({ studio: { use: me => me?.['role'] === 'admin' } })
  onTestFinished(() => app.close())
  await ask(app, 'PATCH', '/task/1', 'bob', { rank: 1 })
  const body = { resource: 'task', ids: [1] }
  expect((await ask(app, 'POST', '/studio/authors', null, body))[0]).toBe(401)
  expect((await ask(app, 'POST', '/studio/authors', 'bob', body))[0]).toBe(403)
  const history = await app.fetch(new Request('http://localhost/task/1/history', { headers: { 'x-user': 'bob' } }))
  expect(Object.keys(((await history.json()) as object[])[0]!)).toEqual([
    'position',
    'at',
    'operation',
    'data',
    'before',
  ])
})

test.each([
  [{ resource: 'nothing', ids: [1] }, '#/resource'],
  [{ resource: 'task', ids: ['x'] }, '#/ids'],
  [{ resource: 'task', ids: Array.from({ length: 101 }, (_, i) => i + 1) }, '#/ids'],
  [{ resource: 'task', ids: [1], limit: 101 }, '#/limit'],
  [{ resource: 'task', ids: [1], limit: '2' }, '#/limit'],
])('%j is refused with its place', async (body, pointer) => {
  const app = await office({ studio: { use: () => true } })
  onTestFinished(() => app.close())
  expect(await ask(app, 'POST', '/studio/authors', 'eve', body)).toMatchObject([400, { errors: [{ pointer }] }])
})

describe.runIf(hasBrowser)('in a browser', () => {
  const studio = openedStudio()

  test('a row that somebody changes says by whom, and so does its history', async () => {
    const page = await studio.open('data/task')
    await page.locator('[data-id="1"] [data-field=title]').waitFor()
    await page.waitForSelector('.live-mark:not(.stale)')
    const patched = await fetch(`${studio.served.url}/task/1`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', 'x-user': 'bob' },
      body: '{"title":"by bob"}',
    })
    expect(patched.status).toBe(200)
    await page.waitForSelector('[data-id="1"] .by >> text=by bob@example.com, member')
    // It lies over the cells, which stay where they are.
    const [first, second] = await page.locator('[data-id="1"], [data-id="2"]').locator('[data-field=title]').all()
    expect((await second!.boundingBox())!.y - (await first!.boundingBox())!.y).toBe(36)
    await expect
      .poll(() => page.locator('[data-id="1"]').getAttribute('title'))
      .toBe('changed by bob@example.com, member')
    await page.locator('[data-id="1"] [data-field=title]').click()
    await page.getByRole('tab', { name: 'History' }).click()
    await page.waitForSelector('.timeline li:first-child .timeline-head >> text=by bob@example.com')
    expect(await page.locator('.timeline li:last-child .timeline-head').innerText()).not.toContain('by ')
    await page.goto(`${studio.served.url}/studio#/`)
    await page.waitForSelector('.recent li:has-text("task 1") >> text=by bob@example.com, member')
    await page.close()
  })
})
