// How long a card that is dragged in one page takes to move in another: Chromium, the client, a server with SQLite, one machine.
// usage: node bench/two-pages.ts [MOVES]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { api, resource, serve, sqlite, t } from '../src/index.ts'
import { bundlePage, hasBrowser, openBrowser } from '../test/describe/browser.ts'

const moves = Number(process.argv[2] ?? 100)
if (!hasBrowser) process.exit(1)

const folder = mkdtempSync(join(tmpdir(), 'restuary-two-pages-'))
const card = resource({
  id: t.id('uuid', { client: true }),
  text: t.text(),
  column: t.enum(['todo', 'done']).default('todo'),
}).public()
const quiet = { report: () => {}, http: { log: () => {} } }
const served = await serve(api({ card }, { store: sqlite(join(folder, 'db')), ...quiet }), {
  port: 0,
  report: () => {},
})
const script = await bundlePage(join(import.meta.dirname, '../test/client/board.page.ts'))
const browser = await openBrowser()
try {
  const [near, far] = [await open(browser), await open(browser)]
  await near.evaluate(() => (globalThis as unknown as Board).api.card.create({ text: 'card' }))
  await far.locator('p').waitFor()
  const times: number[] = []
  for (let i = 0; i < moves; i++) times.push(await move(near, far, i % 2 === 0 ? 'done' : 'todo'))
  times.sort((a, b) => a - b)
  const at = (part: number): string => `${times[Math.floor(part * (times.length - 1))]!.toFixed(1)} ms`
  console.log(
    `${moves} moves, from the drop in one page to the other page: median ${at(0.5)}, p95 ${at(0.95)}, most ${at(1)}`,
  )
} finally {
  await browser.close()
  await served.close()
  rmSync(folder, { recursive: true, force: true })
}

interface Board {
  readonly api: { card: { create(card: object): Promise<unknown> } }
}

/** Each page has a profile of its own, so that pages share nothing but the server. */
async function open(chromium: Browser): Promise<Page> {
  const page = await (await chromium.newContext()).newPage()
  const body = `<!doctype html><style>section { width: 40%; min-height: 200px; float: left }</style>
    <body><script type="module">${script.replaceAll('</script', '<\\/script')}</script>`
  await page.route(`${served.url}/board`, route => route.fulfill({ contentType: 'text/html', body }))
  await page.goto(`${served.url}/board`)
  await page.locator('body[data-status=live]').waitFor({ state: 'attached' })
  return page
}

/** Drags the card. Both pages read the same clock: one at the drop, the other when the card is in its new column. */
async function move(near: Page, far: Page, column: string): Promise<number> {
  const dropped = near.evaluate(
    name =>
      new Promise<number>(resolve =>
        document
          .getElementById(name)!
          .addEventListener('drop', () => resolve(performance.timeOrigin + performance.now()), {
            once: true,
            capture: true,
          }),
      ),
    column,
  )
  const arrived = far.evaluate(
    name =>
      new Promise<number>(resolve =>
        new MutationObserver((_, observer) => {
          observer.disconnect()
          resolve(performance.timeOrigin + performance.now())
        }).observe(document.getElementById(name)!, { childList: true }),
      ),
    column,
  )
  await near.locator('p').dragTo(near.locator(`#${column}`))
  return (await arrived) - (await dropped)
}
