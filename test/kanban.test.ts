// The example kanban, in two browsers.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasBrowser, openBrowser } from './describe/browser.ts'

let browser: Browser
let url: string
let end: () => Promise<void> = async () => {}
beforeAll(async () => {
  if (!hasBrowser) return
  const folder = mkdtempSync(join(tmpdir(), 'restuary-kanban-'))
  const main = join(import.meta.dirname, '../examples/kanban/main.ts')
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
    cwd: folder,
    env: { ...process.env, PORT: '0', NODE_ENV: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(child, 'close')
  end = async () => {
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true })
  }
  let told = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text))
  for (;;) {
    const found = /Restuary serves (http:\S+)/.exec(told)?.[1]
    if (found) url = found
    if (found) break
    if (await Promise.race([ended, once(child.stderr, 'data').then(() => null)])) throw new Error(told)
  }
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await end()
})

async function pageOf(name: string, viewport = { width: 1400, height: 800 }): Promise<Page> {
  const page = await (await browser.newContext({ viewport })).newPage()
  await page.goto(url)
  await page.getByRole('button', { name, exact: true }).click()
  await page.getByRole('heading', { name: 'Summer trip' }).waitFor()
  return page
}

const cardIn = (page: Page, column: string, text: string): Locator =>
  page.locator(`section[aria-label="${column}"] [data-card]`, { hasText: text })

describe.skipIf(!hasBrowser)('the example kanban', () => {
  test('a card that Ann drags moves in the page of Bob', async () => {
    const [ann, bob] = [await pageOf('Ann'), await pageOf('Bob')]
    await cardIn(ann, 'To do', 'Repair the tent').dragTo(ann.locator('section[aria-label="Done"]'))
    await cardIn(ann, 'Done', 'Repair the tent').waitFor()
    await cardIn(bob, 'Done', 'Repair the tent').waitFor()
    expect(await cardIn(bob, 'To do', 'Repair the tent').count()).toBe(0)
    // Within a column the order changes.
    await cardIn(bob, 'Ideas', 'A map').dragTo(cardIn(bob, 'Ideas', 'Postcards'), { targetPosition: { x: 20, y: 4 } })
    const ideas = ann.locator('section[aria-label="Ideas"] .face')
    await expect.poll(() => ideas.first().textContent()).toContain('A map')
  })

  test('a card, its comments and its picture come to the page of Bob, who sees that Ann has it open', async () => {
    const [ann, bob] = [await pageOf('Ann'), await pageOf('Bob')]
    const doing = ann.locator('section[aria-label="Doing"]')
    await doing.getByRole('button', { name: 'Add a card' }).click()
    await doing.getByLabel('Add a card').fill('Buy stamps')
    await doing.getByLabel('Add a card').press('Enter')
    await cardIn(ann, 'Doing', 'Buy stamps').getByRole('button').click()
    await cardIn(bob, 'Doing', 'Buy stamps').locator('.holder', { hasText: 'Ann' }).waitFor()
    const dialog = ann.getByRole('dialog')
    await dialog.getByLabel('Comment').fill('The ones with birds')
    await dialog.getByRole('button', { name: 'Send' }).click()
    await cardIn(bob, 'Doing', 'Buy stamps').locator('.count', { hasText: '1' }).waitFor()
    const buffer = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    )
    await dialog.locator('input[type=file]').setInputFiles({ name: 'dot.png', mimeType: 'image/png', buffer })
    await cardIn(bob, 'Doing', 'Buy stamps').locator('img[src^="blob:"]').waitFor()
    await dialog.getByRole('button', { name: 'Close' }).click()
    await expect.poll(() => bob.locator('.holder').count()).toBe(0)
  })

  test('on a phone, a card is moved in its dialog, and nothing is wider than the screen', async () => {
    const ann = await pageOf('Ann', { width: 390, height: 844 })
    expect(await ann.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
    await cardIn(ann, 'To do', 'Ask Dora').getByRole('button').click()
    await ann.getByRole('dialog').getByLabel('Column').selectOption('Done')
    await ann.getByRole('button', { name: 'Close' }).click()
    await cardIn(ann, 'Done', 'Ask Dora').waitFor()
  })

  test('somebody new sees no board of others, makes one, and adds a member', async () => {
    const page = await (await browser.newContext()).newPage()
    await page.goto(url)
    await page.getByRole('button', { name: 'I am new here' }).click()
    await page.getByLabel('Name').fill('Eve')
    await page.getByLabel('E-mail').fill('eve@example.com')
    await page.getByLabel('Password').fill('short')
    await page.getByRole('button', { name: 'Sign up' }).click()
    await page.getByRole('alert').waitFor()
    await page.getByLabel('Password').fill('long enough')
    await page.getByRole('button', { name: 'Sign up' }).click()
    await page.getByRole('button', { name: 'New board' }).click()
    expect(await page.getByText('Summer trip').count()).toBe(0)
    await page.getByLabel('New board').fill('Garden')
    await page.getByLabel('New board').press('Enter')
    await page.getByRole('heading', { name: 'Garden' }).waitFor()
    const bob = await pageOf('Bob')
    await page.getByLabel('Add a member').selectOption('Bob')
    await bob.getByRole('navigation').getByText('Garden').waitFor()
  })
})
