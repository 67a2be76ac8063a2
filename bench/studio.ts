// node bench/studio.ts [--rows=1000000] [--changes=1000] [--seconds=10]
// Scrolls and jumps through a large table of the studio in Chromium, and changes its rows all the while. Prints the tasks of the page
// that took more than 50 ms (Long Tasks API), and how long jumps take until their rows are there.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { chromium, type Page } from 'playwright-core'
import { api, resource, serve, sqlite, t } from '../src/index.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    changes: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
  },
})
const [rows, changes, seconds] = [values.rows, values.changes, values.seconds].map(Number) as [number, number, number]
const folder = mkdtempSync(join(tmpdir(), 'studio-bench-'))
const reading = resource({
  id: t.id(),
  name: t.text(),
  value: t.integer().index(),
  score: t.number(),
  kind: t.enum(['a', 'b', 'c']),
  done: t.bool().default(false),
}).public()
const app = api({ reading }, { store: sqlite(join(folder, 'rows.db')), studio: true, report: () => {} })
await app.ready()
const at = Date.now()
await app.store.load(
  app.model.resources.get('reading')!,
  (function* () {
    for (let n = 1; n <= rows; n++)
      yield [n, 0, at, `reading ${n}`, (n * 7919) % 1_000_003, n / 7, 'abc'[n % 3]!, n % 2 === 0] as never
  })(),
)
const served = await serve(app, { port: 0, signals: false, report: () => {} })
const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
try {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
  await page.addInitScript(() => {
    const long: number[] = []
    Object.assign(globalThis, { long })
    new PerformanceObserver(list => long.push(...list.getEntries().map(one => one.duration))).observe({
      type: 'longtask',
    })
  })
  for (const sort of ['id', '-value']) await moves(page, sort)
  await delays(page)
  await crowd(page, 'the first rows of the table', '')
  await crowd(page, 'frames of the wire', 'wire')
} finally {
  await browser.close()
  await served.close()
  rmSync(folder, { recursive: true })
}

async function moves(page: Page, sort: string): Promise<void> {
  await page.goto(`${served.url}/studio#/data/reading?sort=${sort}`)
  await page.reload()
  await page.waitForSelector('[role=row][data-id]')
  await report(page, `sort=${sort}: opened`)
  for (const part of [0.5, 1, 0.25, 0.75, 0.1, 0.9]) {
    const began = performance.now()
    await page.evaluate(part => {
      const grid = document.querySelector('.grid')!
      grid.scrollTo(0, (grid.scrollHeight - grid.clientHeight) * part)
    }, part)
    await page.waitForTimeout(100)
    await page.waitForFunction(() => !document.querySelector('.grid-row.waiting'))
    console.log(`  jump to ${part * 100} %: ${Math.round(performance.now() - began)} ms`)
  }
  await report(page, `sort=${sort}: six jumps`)
  const box = await page.locator('.grid').boundingBox()
  await page.mouse.move(box!.x + 300, box!.y + 300)
  for (let i = 0; i < 150; i++) await page.mouse.wheel(0, 700).then(() => sleep(16))
  for (let i = 0; i < 50; i++) await page.mouse.wheel(0, -900).then(() => sleep(16))
  await page.waitForFunction(() => !document.querySelector('.grid-row.waiting'))
  await report(page, `sort=${sort}: 200 turns of the wheel`)
  await page.evaluate(async () => {
    const grid = document.querySelector('.grid')!
    for (let i = 0; i <= 100; i++) {
      grid.scrollTo(0, (grid.scrollHeight * i) / 100)
      await new Promise(requestAnimationFrame)
    }
  })
  await page.waitForFunction(() => !document.querySelector('.grid-row.waiting'))
  await report(page, `sort=${sort}: dragged from top to bottom`)
}

/** How long after a PATCH over HTTP began its value stands in the open table. */
async function delays(page: Page): Promise<void> {
  await page.goto(`${served.url}/studio#/data/reading`)
  await page.reload()
  await page.waitForSelector('.live-mark.live')
  const took: number[] = []
  for (let n = 1; n <= 20; n++) {
    const shown = page.waitForFunction(
      text => document.querySelector('[data-id="3"] [data-field=name]')?.textContent === text,
      `changed ${n}`,
      { polling: 'raf' },
    )
    const began = performance.now()
    const headers = { 'content-type': 'application/json' }
    await fetch(`${served.url}/reading/3`, { method: 'PATCH', headers, body: `{"name":"changed ${n}"}` })
    await shown
    took.push(performance.now() - began)
  }
  const [median, longest] = [took.toSorted((a, b) => a - b)[10]!, Math.max(...took)]
  console.log(
    `a change over HTTP is shown after ${Math.round(median)} ms (median of 20; longest ${Math.round(longest)} ms)`,
  )
}

/** Changes the rows in view, so many a second. */
async function crowd(page: Page, what: string, then: string): Promise<void> {
  await page.goto(`${served.url}/studio#/data/reading`)
  await page.reload()
  await page.waitForSelector('.live-mark.live')
  if (then !== '') await page.evaluate(place => (location.hash = `#/${place}`), then)
  await page.waitForTimeout(500)
  await report(page, null)
  const end = performance.now() + seconds * 1_000
  let made = 0
  let due = performance.now()
  while (performance.now() < end) {
    const wanted = Math.min(200, Math.floor(((performance.now() - due) * changes) / 1_000))
    if (wanted > 0) {
      due += (wanted * 1_000) / changes
      await Promise.all(
        Array.from({ length: wanted }, () => app.patch('reading', 1 + (made % 40), { score: ++made / 3 })),
      )
    }
    await sleep(5)
  }
  await report(page, `${Math.round(made / seconds)} changes a second for ${seconds} s, ${what}`)
}

async function report(page: Page, what: string | null): Promise<void> {
  const long = await page.evaluate(() => (globalThis as unknown as { long: number[] }).long.splice(0))
  if (what === null) return
  const longest = Math.max(0, ...long)
  console.log(`${what}: ${long.length} tasks over 50 ms${longest > 0 ? `, the longest ${Math.round(longest)} ms` : ''}`)
}
