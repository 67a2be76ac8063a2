// The studio on an application of several people, and on a database that is served without code.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { api, memory, sqlite, type Api, type Store } from '../../src/index.ts'
import { adopt } from '../../src/store/sql/tables/adopt.ts'
import { introspect } from '../../src/store/sqlite/schema/introspect.ts'
import { hasBrowser } from '../describe/browser.ts'
import { makeChinook } from '../fixtures/chinook.ts'
import { openedStudio } from './open-studio.ts'

const cells = (page: Page, field: string): ReturnType<Page['locator']> =>
  page.locator(`[data-id] [data-field=${field}]`)
const isLive = (page: Page): Promise<unknown> => page.waitForSelector('.live-mark:not(.stale)')

describe.runIf(hasBrowser)('on the board of three people', () => {
  const studio = openedStudio(async () => {
    // As it is with node --watch or restuary dev, where the studio is there without being asked for.
    vi.stubEnv('NODE_ENV', 'development')
    const example = join(import.meta.dirname, '../../examples/kanban/app.ts')
    const { createApp } = (await import(example)) as { createApp: (store: Store) => Api }
    return createApp(memory())
  })
  afterAll(() => void vi.unstubAllEnvs())

  test('each sees at once what another one changes, and a stranger sees nothing', async () => {
    const { app, served } = studio
    await app.create('user', { name: 'Dora', email: 'dora@example.com', password: 'correct horse' })
    const pages = await Promise.all([1, 2, 3].map(user => studio.open('data/card', user)))
    const stranger = await studio.open('data/card', 4)
    await Promise.all([...pages, stranger].map(isLive))
    for (const page of pages) await page.waitForSelector('text=Repair the tent')
    expect(await cells(stranger, 'title').count()).toBe(0)
    const [tent] = ((await app.list('card')) as { id: string; title: string }[]).filter(({ title }) =>
      title.startsWith('Repair'),
    )
    const ann = (await app.engine.auth!.begin(1)) as { access_token: string }
    const response = await fetch(`${served.url}/card/${tent!.id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${ann.access_token}` },
      body: '{"title":"Buy another tent"}',
    })
    expect(response.status).toBe(200)
    for (const page of pages) await page.waitForSelector('.cell.changed[data-field=title] >> text=Buy another tent')
    expect(await cells(stranger, 'title').count()).toBe(0)
    // Until somebody makes her a member. An empty table is live as well.
    await app.patch('board', 1, { members: [1, 2, 3, 4] })
    await stranger.waitForSelector('text=Buy another tent')
    await Promise.all([...pages, stranger].map(page => page.close()))
  })
})

describe.runIf(hasBrowser)('on a database that is served without code', () => {
  const folder = mkdtempSync(join(tmpdir(), 'restuary-studio-'))
  const file = join(folder, 'chinook.db')
  const studio = openedStudio(() => {
    makeChinook(file)
    return api(adopt(introspect(file), { foreign: true }).resources, {
      store: sqlite(file),
      studio: true,
      // A busy machine is no reason to refuse what a test asks.
      http: { log: () => {}, overload: false },
      report: () => {},
    }) as Api
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('tables, relations, and what another program writes are shown', async () => {
    const page = await studio.open()
    for (const name of ['album', 'artist', 'track']) await page.waitForSelector(`.card:has-text("${name}") .card-count`)
    await page.goto(`${studio.served.url}/studio#/data/album`)
    await isLive(page)
    const title = await cells(page, 'title').first().innerText()
    const db = new DatabaseSync(file)
    expect(db.prepare('SELECT Title FROM Album ORDER BY AlbumId LIMIT 1').get()).toEqual({ Title: title })
    db.exec(`UPDATE Album SET Title = 'By another program' WHERE AlbumId = (SELECT min(AlbumId) FROM Album)`)
    db.close()
    await page.waitForSelector('[data-field=title] >> text=By another program')
    await page.close()
  })
})
