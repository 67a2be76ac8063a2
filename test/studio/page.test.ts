// The studio in a browser.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { api, resource, serve, t, type Api, type Served } from '../../src/index.ts'
import { hasBrowser, openBrowser } from '../describe/browser.ts'
import { office } from './office.ts'

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[]
  readonly passes: readonly unknown[]
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

describe.runIf(hasBrowser)('the studio in a browser', () => {
  let browser: Browser
  let app: Api
  let served: Served
  beforeAll(async () => {
    browser = await openBrowser()
    app = await office({ studio: { use: () => true, lookAs: () => true }, docs: '# Office' })
    served = await serve(app, { port: 0, signals: false, report: () => {} })
  })
  afterAll(async () => {
    await browser.close()
    await served.close()
  })

  const complaints: string[] = []
  afterEach(() => expect(complaints.splice(0)).toEqual([]))

  /** A page whose errors are complaints. Eve is logged in, who may see everything, or another user. */
  async function open(hash = '', user: number = 3, options: Parameters<Browser['newPage']>[0] = {}): Promise<Page> {
    const page = await browser.newPage(options)
    const tokens = await app.engine.auth!.begin(user)
    await page.addInitScript(
      `localStorage.setItem('restuary-studio ${served.url}', ${JSON.stringify(JSON.stringify(tokens))})`,
    )
    page.on('pageerror', error => complaints.push(error.message))
    page.on('console', message => {
      const expected = /status of 4\d\d/.test(message.text())
      if (message.type() === 'error' && !expected) complaints.push(message.text())
    })
    await page.goto(`${served.url}/studio#/${hash}`)
    await page.waitForSelector('main h1')
    return page
  }

  const cell = (page: Page, id: number, field: string): ReturnType<Page['locator']> =>
    page.locator(`[data-id="${id}"] [data-field=${field}]`)

  test('shows what there is', async () => {
    const page = await open()
    expect(await page.title()).toBe('Office – Studio')
    await page.waitForSelector('.card:has-text("task") .card-count >> text=6')
    expect(await page.locator('.card:has-text("task") .rules').innerText()).toContain('row.owner.is(me)')
    await page.close()
  })

  test('shows a change by others at once, and marks it', async () => {
    const page = await open('data/task')
    await cell(page, 1, 'title').waitFor()
    await page.waitForSelector('.live-mark:not(.stale)')
    await app.patch('task', 1, { title: 'from elsewhere' })
    await page.waitForSelector('.cell.changed[data-field=title] >> text=from elsewhere')
    await page.close()
  })

  test('edits a row, and compares when somebody else was faster', async () => {
    const page = await open('data/task?row=2', 1)
    const title = page.getByRole('textbox', { name: 'title' })
    await title.fill('mine')
    await app.patch('task', 2, { title: 'theirs', rank: 5 })
    await page.click('text=Save')
    await page.waitForSelector('.conflict >> text=theirs')
    expect(await page.locator('.conflict tbody tr').count()).toBe(2)
    expect(await app.get('task', 2)).toMatchObject({ title: 'theirs' })
    await page.click('text=Write mine over it')
    await expect.poll(() => app.get('task', 2)).toMatchObject({ title: 'mine', rank: 5 })
    await page.close()
  })

  test('says at the field what is wrong with it', async () => {
    const page = await open('data/task?row=new')
    await page.click('text=Create')
    await page.waitForSelector('.field:has-text("title") [role=alert] >> text=is required')
    await page.close()
  })

  test('goes through many rows by what lies between two of them', async () => {
    const many = api(
      { row: resource({ id: t.id(), n: t.integer().index() }).public() },
      { studio: true, report: () => {} },
    )
    const own = await serve(many, { port: 0, signals: false, report: () => {} })
    for (let at = 0; at < 12_000; at += 1_000)
      await many.post(
        'row',
        Array.from({ length: 1_000 }, (_, i) => ({ n: 12_000 - at - i })),
      )
    const page = await browser.newPage()
    const asked: string[] = []
    page.on('request', request => void asked.push(decodeURIComponent(request.url())))
    page.on('websocket', socket => socket.on('framesent', ({ payload }) => void asked.push(String(payload))))
    await page.goto(`${own.url}/studio#/data/row?sort=n`)
    await page.waitForSelector('[aria-rowindex="2"] [data-field=n] >> text=1')
    await page.locator('.grid').evaluate(grid => grid.scrollTo(0, 11_000 * 36))
    await page.waitForSelector('[aria-rowindex="11002"] [data-field=n] >> text=11001')
    await page.keyboard.press('Tab')
    await page.locator('[aria-rowindex="11002"] [data-field=n]').focus()
    await page.keyboard.press('Control+End')
    await page.waitForSelector('[aria-rowindex="12001"] [data-field=n] >> text=12000')
    // Nobody asked for a page behind an offset of eleven thousand, and what is followed are ranges.
    const offsets = asked.flatMap(text => /"?offset"?[=:](\d+)/.exec(text)?.[1] ?? []).map(Number)
    expect(Math.max(...offsets)).toBeLessThan(10_000)
    expect(asked.filter(text => text.includes('"subscribe"')).every(text => text.includes('filter'))).toBe(true)
    await page.close()
    await own.close()
  })

  test('cuts the connection, and misses nothing', async () => {
    const page = await open('data/task')
    await cell(page, 4, 'title').waitFor()
    await page.waitForSelector('.live-mark.live')
    await page.goto(`${served.url}/studio#/wire`)
    await page.click('text=Cut for 3 s')
    await page.waitForSelector('.frame >> text=close')
    await app.patch('task', 4, { title: 'meanwhile' })
    await page.goto(`${served.url}/studio#/data/task`)
    await cell(page, 4, 'title').and(page.locator(':has-text("meanwhile")')).waitFor()
    await page.waitForSelector('.live-mark.live')
    await page.goto(`${served.url}/studio#/wire`)
    await page.waitForSelector('.frame.out b >> text=subscribe')
    await page.click('.frame.out:has(b:text-is("subscribe")) >> nth=0')
    await page.waitForSelector('.frame-detail >> text=/task')
    await page.close()
  })

  test('greys what another user may not see, and says why', async () => {
    const page = await open('data/task?as=1')
    await page.waitForSelector('[data-id="1"].unseen')
    expect(await page.getAttribute('[data-id="1"]', 'title')).toContain('✗ row.owner.is(me)')
    expect(await page.getAttribute('[data-id="2"]', 'class')).not.toContain('unseen')
    await page.close()
  })

  test('tries an operation', async () => {
    const page = await open('operations/Task')
    await page.click('summary:has-text("POST"):has-text("/task")')
    await page.fill('.request .cm-content', '{"title":"tried","owner":1}')
    await page.click('text=Send POST')
    await page.waitForSelector('.answer >> text=201 Created')
    expect(await app.get('task', 7)).toMatchObject({ title: 'tried', owner: 1 })
    await page.close()
  })

  test('shows hostile words as words, and fits a phone', async () => {
    const evil = `</script><script>globalThis.pwned=1</script><img src=x onerror="globalThis.pwned=1">\u202e${'long '.repeat(1_500)}`
    const hostile = api(
      {
        thing: resource({ id: t.id(), name: t.text().title(evil).describe(evil) }, { title: `Evil ${evil}` })
          .docs(evil)
          .public(),
      },
      { studio: true, docs: `# ${evil.slice(0, 200)}`, report: () => {}, http: { log: () => {} } },
    )
    await hostile.post('thing', { name: evil })
    const own = await serve(hostile, { port: 0, signals: false, report: () => {} })
    const page = await browser.newPage({ viewport: { width: 390, height: 800 } })
    page.on('console', message => {
      if (message.type() === 'error' && !/status of 4/.test(message.text())) complaints.push(message.text())
    })
    for (const hash of ['', 'data/thing', 'data/thing?row=1', 'operations', 'model', 'wire']) {
      await page.goto(`${own.url}/studio#/${hash}`)
      await page.waitForSelector('main h1')
      if (hash.includes('row')) await page.waitForSelector('dialog form')
      expect(await page.evaluate(() => [document.documentElement.scrollWidth, 'pwned' in globalThis]), hash).toEqual([
        390,
        false,
      ])
    }
    expect(await page.locator('img').count()).toBe(0)
    await page.close()
    await own.close()
  })

  test('has no serious fault for screen readers', async () => {
    const page = await open()
    for (const hash of ['', 'data/task', 'data/task?row=1', 'operations/Task', 'wire', 'model']) {
      await page.goto(`${served.url}/studio#/${hash}`)
      await page.waitForSelector('main h1')
      if (hash.includes('row')) await page.waitForSelector('dialog form')
      // What fades in has no colours to judge before it is there.
      await page.evaluate(() => Promise.all(document.getAnimations().map(one => one.finished.catch(() => {}))))
      // What the tools of the browser evaluate is not subject to the policy of the page.
      await page.evaluate(axe)
      const { violations, passes } = (await page.evaluate('axe.run()')) as AxeResult
      expect(passes.length, hash).toBeGreaterThan(10)
      expect(
        violations.map(({ id, nodes }) => `${hash} ${id}: ${nodes.map(one => one.html.slice(0, 120)).join(' ')}`),
      ).toEqual([])
    }
    await page.close()
  })
})
