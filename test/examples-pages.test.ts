// The pages of the examples `chat` and `sensor`, in a browser: what is done in one is seen in another.
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createApp as createChat } from '../examples/chat/app.ts'
import { createApp as createSensor } from '../examples/sensor/app.ts'
import { Device } from '../examples/sensor/device.ts'
import { memory, serve, type Api } from '../src/index.ts'
import { hasBrowser, openBrowser } from './describe/browser.ts'

describe.skipIf(!hasBrowser)('the pages of the examples', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser.close())

  /** Opens a page in a browser of its own. What its scripts throw fails the test. */
  async function open(url: string, width = 1_400): Promise<Page> {
    const context = await browser.newContext({ viewport: { width, height: 900 } })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    const faults: Error[] = []
    page.on('pageerror', fault => faults.push(fault))
    onTestFinished(() => expect(faults).toEqual([]))
    await page.goto(url)
    return page
  }

  async function start(name: string, app: Api<any>): Promise<string> {
    const page = fileURLToPath(new URL(`../examples/${name}/public`, import.meta.url))
    const { url, close } = await serve(app, { port: 0, signals: false, report: () => {}, static: page })
    onTestFinished(close)
    return url
  }

  /** A page that fits is no wider than its window. */
  const overflow = (page: Page): Promise<number> =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

  test('chat: a message and who types are seen by others', async () => {
    const url = await start('chat', createChat(memory(), 'only for tests: 0123456789 abcdefghij'))
    const enter = async (name: string, width: number): Promise<Page> => {
      const page = await open(url, width)
      await page.getByLabel('Name').fill(name)
      await page.getByLabel('Password').fill('correct horse')
      await page.getByRole('button', { name: 'Sign up' }).click()
      await page.getByRole('heading', { name: 'Lobby' }).waitFor()
      return page
    }
    const ann = await enter('Ann', 1_400)
    const bob = await enter('Bob', 390)
    await ann.getByLabel('Who is here').getByText('Bob').waitFor()
    await bob.getByRole('textbox', { name: 'Message' }).pressSequentially('Good morning')
    await ann.getByText('Bob is typing').waitFor()
    await bob.getByRole('button', { name: 'Send' }).click()
    await ann.getByRole('listitem').filter({ hasText: 'Good morning' }).waitFor()
    await ann.getByText('Bob is typing').waitFor({ state: 'detached' })
    await ann.getByRole('button', { name: 'Kitchen' }).click()
    await ann.getByRole('listitem').filter({ hasText: 'Good morning' }).waitFor({ state: 'detached' })
    await bob.getByLabel('Who is here').getByText('Ann').waitFor({ state: 'detached' })
    expect(await Promise.all([ann, bob].map(overflow))).toEqual([0, 0])
    expect(await ann.locator('#write + .problem').textContent()).toBe('')
    await bob.getByRole('button', { name: 'Log out' }).click()
    await bob.getByLabel('Name').waitFor()
  })

  test('sensor: the chart moves, and a target that is set is seen by others', async () => {
    const device = new Device(50)
    onTestFinished(() => device.stop())
    const url = await start('sensor', createSensor(device))
    const one = await open(url)
    const two = await open(url, 390)
    const points = (page: Page): Promise<number> =>
      page.evaluate(() => document.querySelector('.celsius')?.getAttribute('points')?.split(' ').length ?? 0)
    await expect.poll(() => points(one)).toBeGreaterThan(5)
    await one.getByLabel('Target').fill('25')
    await expect.poll(() => two.locator('#wanted').textContent()).toBe('25.0')
    expect(device.state.target).toBe(25)
    expect(await Promise.all([one, two].map(overflow))).toEqual([0, 0])
  })

  test('sensor: a target out of bounds is refused', async () => {
    const device = new Device(50)
    onTestFinished(() => device.stop())
    const url = await start('sensor', createSensor(device))
    const answer = await fetch(`${url}/thermostat`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: '{"target":99}',
    })
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { errors: [{ pointer: '#/target', code: 'range' }] },
    ])
    expect(device.state.target).toBe(21)
  })
})
