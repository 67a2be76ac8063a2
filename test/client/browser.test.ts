// Two pages in a browser: what one does, the other shows, whatever happens to the server and the network.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { bundlePage, hasBrowser, openBrowser } from '../describe/browser.ts'
import { freePort } from '../free-port.ts'

let browser: Browser
let script: string
beforeAll(async () => {
  if (!hasBrowser) return
  browser = await openBrowser()
  script = await bundlePage(join(import.meta.dirname, 'board.page.ts'))
})
afterAll(() => browser?.close())

interface Server {
  readonly url: string
  start(): Promise<void>
  /** As `kill -9` does. */
  kill(): Promise<void>
}

async function serverOf(): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'restuary-board-'))
  const port = await freePort()
  let child: ChildProcess | null = null
  const server: Server = {
    url: `http://127.0.0.1:${port}`,
    async start() {
      child = spawn(
        process.execPath,
        [join(import.meta.dirname, 'board.server.ts'), join(folder, 'db'), String(port)],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      )
      const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the server ended with ${code}`)))
      await Promise.race([once(child.stdout!, 'data'), ended])
    },
    async kill() {
      if (child!.exitCode !== null || child!.signalCode !== null) return
      const ended = once(child!, 'exit')
      child!.kill('SIGKILL')
      await ended
    },
  }
  onTestFinished(async () => {
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  })
  await server.start()
  return server
}

async function contextOf(): Promise<BrowserContext> {
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  return context
}

async function openBoard(context: BrowserContext, { url }: Server): Promise<Page> {
  const page = await context.newPage()
  await page.route(`${url}/board`, route =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><style>section { width: 40%; min-height: 200px; float: left; border: 1px solid }</style>
        <body><script type="module">${script.replaceAll('</script', '<\\/script')}</script>`,
    }),
  )
  await page.goto(`${url}/board`)
  await page.locator('body[data-status=live]').waitFor({ state: 'attached' })
  return page
}

const create = (page: Page, text: string): Promise<string> =>
  page.evaluate(async given => {
    const id = crypto.randomUUID()
    await (globalThis as any).api.card.create({ id, text: given })
    return id
  }, text)

const shown = (page: Page, column: string): Promise<string[]> => page.locator(`#${column} p`).allTextContents()

/** How many writes the page has in IndexedDB. */
const storedWrites = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open('restuary')
        opening.addEventListener('error', () => reject(opening.error!))
        opening.addEventListener('success', () => {
          const counting = opening.result.transaction('writes').objectStore('writes').count()
          counting.addEventListener('success', () => {
            resolve(counting.result)
            opening.result.close()
          })
        })
      }),
  )

async function rowsOf({ url }: Server): Promise<{ text: string; column: string; id: string }[]> {
  return (await (await fetch(`${url}/card?limit=100&sort=text`)).json()) as never
}

describe.skipIf(!hasBrowser)('two pages', () => {
  test('a card that is dragged in one moves in the other', async () => {
    const server = await serverOf()
    const [a, b] = [await openBoard(await contextOf(), server), await openBoard(await contextOf(), server)]
    await create(a, 'pack')
    await b.locator('#todo p', { hasText: 'pack' }).waitFor()
    await a.dragAndDrop('#todo p', '#done')
    await b.locator('#done p', { hasText: 'pack' }).waitFor()
    expect([await shown(a, 'done'), await shown(b, 'todo')]).toEqual([['pack'], []])
  })

  test('survive a server that is killed while both write', async () => {
    const server = await serverOf()
    const pages = [await openBoard(await contextOf(), server), await openBoard(await contextOf(), server)]
    const writing = pages.map((page, n) =>
      page.evaluate(async from => {
        const { api } = globalThis as any
        for (let i = 0; i < 20; i++) {
          const id = crypto.randomUUID()
          await api.card.create({ id, text: `${from}-${String(i).padStart(2, '0')}` })
          if (i % 3 === 0) await api.card.patch(id, { column: 'done' })
        }
      }, n),
    )
    await pages[0]!.locator('p', { hasText: '0-05' }).waitFor()
    await server.kill()
    for (const page of pages) await page.locator('body[data-status=stale]').waitFor({ state: 'attached' })
    await server.start()
    await Promise.all(writing)
    const rows = await rowsOf(server)
    expect(rows.map(row => row.text)).toEqual(
      [0, 1].flatMap(from => Array.from({ length: 20 }, (_, i) => `${from}-${String(i).padStart(2, '0')}`)),
    )
    for (const page of pages) {
      await page.locator('body[data-status=live][data-pending="0"]').waitFor({ state: 'attached' })
      await page.locator('#todo p').nth(25).waitFor()
      for (const column of ['todo', 'done'])
        expect(await shown(page, column)).toEqual(rows.filter(row => row.column === column).map(row => row.text))
    }
  })

  test('a move that was made offline is there after a reload, once', async () => {
    const server = await serverOf()
    const a = await openBoard(await contextOf(), server)
    const id = await create(a, 'pack')
    await server.kill()
    await a.locator('body[data-status=stale]').waitFor({ state: 'attached' })
    await a.dragAndDrop('#todo p', '#done')
    await a.locator('#done p', { hasText: 'pack' }).waitFor()
    await a.locator('body[data-pending="1"]').waitFor({ state: 'attached' })
    // The move is shown before IndexedDB has stored it. A reload in between would lose it.
    await expect.poll(() => storedWrites(a)).toBe(1)
    // The page comes from the route of the test, so it can be loaded while the server is gone.
    await a.reload()
    await a.locator('body[data-pending="1"]').waitFor({ state: 'attached' })
    await server.start()
    await a.locator('body[data-status=live][data-pending="0"]').waitFor({ state: 'attached' })
    await a.locator('#done p', { hasText: 'pack' }).waitFor()
    expect(await rowsOf(server)).toMatchObject([{ id, column: 'done' }])
    const history = (await (await fetch(`${server.url}/card/${id}/history`)).json()) as unknown[]
    expect(history).toHaveLength(2)
  })
})
