// Hostile words, phones, screen readers, the keyboard, and a server that is killed.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { api, resource, serve, t } from '../../src/index.ts'
import { hasBrowser } from '../describe/browser.ts'
import { openedStudio } from './open-studio.ts'

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[]
  readonly passes: readonly unknown[]
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What is looked at after a click on a page. */
const opened = [
  ['data/task?row=1', '[role=tab] >> text=JSON'],
  ['data/task?row=2', '[role=tab] >> text=History'],
  ['data/task?row=3', '[role=tab] >> text=Who may'],
  ['data/task?sort=rank', 'text=Filter'],
  ['data/task?sort=-rank', '[aria-label="Select all rows in view"]'],
  ['data/task', '[aria-label="The query as code"]'],
  ['operations/User', '.operation summary >> nth=0'],
  ['wire', '[role=tab] >> text=Queries of the server'],
  ['wire', '[role=tab] >> text=Load'],
  ['wire', '[role=tab] >> text=Frames of this page'],
  ['wire', '.frame'],
] as const

const places = [
  '',
  'data/task',
  'data/task?row=1',
  'data/task?row=new',
  'operations/Task',
  'wire',
  'model',
  'model/fields',
  'access/task',
  'server/jobs',
  'server/sessions',
  'server/limits',
  'server/metrics',
  'data/nothing',
  'nowhere',
]

describe.runIf(hasBrowser)('the studio for everybody', () => {
  const studio = openedStudio()

  async function settled(page: Page, hash: string): Promise<void> {
    await page.goto(`${studio.served.url}/studio#/${hash}`)
    await page.waitForSelector('main h1')
    if (hash.includes('row=')) await page.waitForSelector('dialog form')
    // What fades in has no colours to judge before it is there.
    await page.evaluate(() => Promise.all(document.getAnimations().map(one => one.finished.catch(() => {}))))
  }

  test.each([
    ['light', 1400],
    ['dark', 1400],
    ['light', 390],
    ['dark', 390],
  ] as const)('screen readers find no serious fault in it, %s, %i pixels wide', async (colorScheme, width) => {
    const page = await studio.open('', 3, { colorScheme, viewport: { width, height: 900 } })
    // What the tools of the browser evaluate is not subject to the policy of the page.
    await page.evaluate(axe)
    // Its colours are all that differs in the dark.
    const rules = colorScheme === 'dark' ? `{ runOnly: ['color-contrast'] }` : `{ resultTypes: ['violations'] }`
    for (const [hash, click] of [...places.map(one => [one, null] as const), ...opened]) {
      await settled(page, hash)
      if (click !== null) await page.locator(click).first().click()
      expect(await page.evaluate(() => document.documentElement.scrollWidth), hash).toBe(width)
      const { violations, passes } = (await page.evaluate(`axe.run(${rules})`)) as AxeResult
      expect(passes.length, hash).toBeGreaterThan(0)
      expect(
        violations.map(({ id, nodes }) => `${hash} ${id}: ${nodes.map(one => one.html.slice(0, 120)).join(' ')}`),
      ).toEqual([])
    }
    await page.close()
  })

  test('the keyboard does all that the mouse does', async () => {
    const page = await studio.open('data/task')
    await page.locator('[data-id="1"] [data-field=title]').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('F2')
    await page.waitForSelector('.cell-editor input:focus')
    await page.keyboard.press('Escape')
    await page.locator('[data-id="2"] [data-field=title]').focus()
    await page.keyboard.press(' ')
    await page.waitForSelector('.bulk >> text=1 row')
    await page.locator('[data-id="2"] [data-field=title]').focus()
    await page.keyboard.press('Enter')
    await page.waitForSelector('dialog[open] form')
    await page.keyboard.press('Escape')
    await page.waitForSelector('dialog', { state: 'detached' })
    // Who closes a dialog is where it was opened.
    await page.waitForSelector('[data-id="2"] [data-field=title]:focus')
    await page.locator('[aria-label="The query as code"]').focus()
    await page.keyboard.press('Enter')
    await page.waitForSelector('dialog[open]')
    await page.keyboard.press('Escape')
    await page.waitForSelector('[aria-label="The query as code"]:focus')
    // All controls of a page are reached by Tab, in the order in which they stand.
    for (const hash of places.filter(one => !one.includes('row='))) {
      await settled(page, hash)
      const unreachable = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>('main a, main button, main input, main select, main summary')]
          .filter(one => one.checkVisibility() && one.tabIndex < 0)
          .filter(one => !one.closest('[role=grid], [role=tablist]'))
          .map(one => one.outerHTML.slice(0, 100)),
      )
      expect(unreachable, hash).toEqual([])
    }
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
      { studio: true, docs: `# ${evil.slice(0, 200)}`, report: () => {}, http: { log: () => {}, overload: false } },
    )
    await hostile.post('thing', { name: evil })
    const own = await serve(hostile, { port: 0, signals: false, report: () => {} })
    const page = await studio.browser.newPage({ viewport: { width: 390, height: 800 } })
    studio.listen(page)
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

  test('a text of ten megabytes stays in the table, and does not hold up the page', async () => {
    const long = api(
      { thing: resource({ id: t.id(), name: t.text({ max: 20_000_000 }) }).public() },
      { studio: true, report: () => {}, http: { log: () => {}, overload: false } },
    )
    await long.post('thing', { name: 'x'.repeat(10_000_000) })
    await long.post('thing', { name: 'short' })
    const own = await serve(long, { port: 0, signals: false, report: () => {} })
    const page = await studio.browser.newPage()
    studio.listen(page)
    await page.goto(`${own.url}/studio#/data/thing`)
    await page.waitForSelector('[data-id="1"] [data-field=name] >> text=xxx…')
    await page.waitForSelector('[data-id="2"] [data-field=name] >> text=short')
    expect((await page.locator('[data-id="1"] [data-field=name]').innerText()).length).toBeLessThan(400)
    await page.close()
    await own.close()
  })
})
