// node scripts/picture.ts: makes docs/kanban.png, the picture of the README: the example kanban, live in two browsers.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { openBrowser } from '../test/describe/browser.ts'

const root = join(import.meta.dirname, '..')
const SIZE = { width: 1190, height: 560 }

const folder = mkdtempSync(join(tmpdir(), 'restuary-picture-'))
const server = spawn(
  process.execPath,
  ['--disable-warning=ExperimentalWarning', join(root, 'examples/kanban/main.ts')],
  {
    cwd: folder,
    env: { ...process.env, PORT: '0', NODE_ENV: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  },
)
const ended = once(server, 'close')

/** The address of the example. */
async function started(): Promise<string> {
  let told = ''
  server.stderr.setEncoding('utf8').on('data', (text: string) => (told += text))
  for (;;) {
    const url = /Restuary serves (http:\S+)/.exec(told)?.[1]
    if (url) return url
    if (await Promise.race([ended, once(server.stderr, 'data').then(() => null)])) throw new Error(told)
  }
}

async function pageOf(browser: Browser, url: string, name: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: SIZE, deviceScaleFactor: 1.5 })).newPage()
  await page.goto(url)
  await page.getByRole('button', { name, exact: true }).click()
  await page.getByRole('heading', { name: 'Summer trip' }).waitFor()
  await page.mouse.move(1, 1)
  return page
}

/** The middle of an element. */
async function middleOf(page: Page, selector: string, text: string): Promise<[x: number, y: number]> {
  const box = (await page.locator(selector, { hasText: text }).first().boundingBox())!
  return [box.x + box.width / 2, box.y + box.height / 2]
}

const windowOf = (name: string, picture: Buffer): string => `
  <figure>
    <figcaption><i></i><i></i><i></i><span>${name}</span></figcaption>
    <img src="data:image/png;base64,${picture.toString('base64')}">
  </figure>`

const style = `
  body { margin: 0; padding: 28px; display: flex; gap: 24px; width: 1600px; box-sizing: border-box;
    background: linear-gradient(120deg, #dfe4ff, #fbe3f0 60%, #ffeedb); font: 15px system-ui, 'DejaVu Sans', sans-serif }
  figure { flex: 1; margin: 0; border-radius: 10px; overflow: hidden; background: #fff; box-shadow: 0 14px 44px #1d243338 }
  figcaption { display: flex; align-items: center; gap: 7px; padding: 9px 14px; color: #667089; background: #f4f5fa }
  figcaption span { margin-left: 8px }
  i { width: 11px; height: 11px; border-radius: 50%; background: #d5d9e6 }
  img { display: block; width: 100% }`

const browser = await openBrowser()
try {
  const url = await started()
  const [ann, bob] = [await pageOf(browser, url, 'Ann'), await pageOf(browser, url, 'Bob')]
  await pageOf(browser, url, 'Cleo').then(page => page.locator('.face', { hasText: 'Learn ten words' }).click())
  // Ann drags a card, which Bob sees in her hand and then where she puts it.
  const card = 'Repair the tent'
  await ann.mouse.move(...(await middleOf(ann, '[data-card]', card)))
  await ann.mouse.down()
  await ann.mouse.move(...(await middleOf(ann, 'section', 'Doing')), { steps: 5 })
  await ann.mouse.move(...(await middleOf(ann, '[data-card]', 'Plan the route')), { steps: 5 })
  await bob.locator('.holder', { hasText: 'Ann' }).waitFor()
  await bob.locator('.holder', { hasText: 'Cleo' }).waitFor()
  const shots = [await ann.screenshot(), await bob.screenshot()]
  await ann.mouse.up()

  const page = await browser.newPage({ viewport: { width: 1600, height: 900 } })
  await page.setContent(
    `<!doctype html><style>${style}</style>${windowOf('Ann', shots[0]!)}${windowOf('Bob', shots[1]!)}`,
  )
  await page.locator('img').last().waitFor()
  await page.locator('body').screenshot({ path: join(root, 'docs/kanban.png') })
} finally {
  await browser.close()
  server.kill('SIGTERM')
  await ended
  rmSync(folder, { recursive: true })
}
