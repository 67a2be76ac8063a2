// The adapter for React in a browser, in strict mode, with pages that are drawn on the server or not.
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { bundlePage, hasBrowser, openBrowser } from '../describe/browser.ts'
import { urlOf } from './served.ts'
import { declare, drawn } from './todos.server.ts'

let browser: Browser
let script: string
beforeAll(async () => {
  if (!hasBrowser) return
  browser = await openBrowser()
  script = await bundlePage(join(import.meta.dirname, 'todos.page.ts'), { 'process.env.NODE_ENV': '"development"' })
})
afterAll(() => browser?.close())

/** Opens a page, and records what it asks of the API. What React complains of in the console is a fault. */
async function openPage(url: string, body: string, hash = ''): Promise<{ page: Page; asked: string[] }> {
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()))
  onTestFinished(() => expect(complaints.filter(text => text.includes('react.dev'))).toEqual([]))
  const asked: string[] = []
  page.on('request', request => {
    const { pathname } = new URL(request.url())
    if (pathname !== '/page') asked.push(`${request.method()} ${pathname}`)
  })
  page.on('websocket', socket =>
    socket.on('framesent', ({ payload }) => {
      const { op, uri, since } = JSON.parse(String(payload))
      asked.push([op, uri, since].filter(Boolean).join(' '))
    }),
  )
  await page.route(`${url}/page`, route =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><link rel="icon" href="data:,"><body>${body}<script type="module">${script.replaceAll('</script', '<\\/script')}</script>`,
    }),
  )
  await page.goto(`${url}/page${hash}`)
  return { page, asked }
}

describe.skipIf(!hasBrowser)('React in a browser', () => {
  test('takes over what the server has drawn, and asks only for what happened since', async () => {
    const app = declare()
    const url = await urlOf(app)
    await app.create('todo', { text: '</script><b>pack</b>' })
    const { markup, state } = await drawn(url)
    expect(markup).toContain('<ul data-status="live"><li>&lt;/script')
    await app.create('todo', { text: 'fly' })
    const { position } = Object.values(JSON.parse(state) as Record<string, { position: string }>)[0]!
    const { page, asked } = await openPage(
      url,
      `<div id="root">${markup}</div><script id="state" type="application/json">${state}</script>`,
    )
    await page.locator('li', { hasText: 'fly' }).waitFor()
    await app.create('todo', { text: 'sleep' })
    await page.locator('li', { hasText: 'sleep' }).waitFor()
    expect(await page.locator('li').allTextContents()).toEqual(['</script><b>pack</b>', 'fly', 'sleep'])
    expect(asked).toEqual([`subscribe /todo ${position}`])
    expect(await page.evaluate(() => (globalThis as any).faults)).toEqual([])
  })

  test('subscribes once in strict mode, and ends it with the component', async () => {
    const app = declare()
    const url = await urlOf(app)
    await app.create('todo', { text: 'pack' })
    const { page, asked } = await openPage(url, '<div id="root"></div>')
    await page.locator('ul[data-status=live] li', { hasText: 'pack' }).waitFor()
    expect(asked).toEqual(['subscribe /todo'])
    expect(app.http.live!.subscriptions).toBe(1)
    await page.evaluate(() => (globalThis as any).unmount())
    await expect.poll(() => app.http.live!.subscriptions).toBe(0)
  })

  test('waits for the rows of the next user, and hides those of the former one', async () => {
    const app = declare()
    const url = await urlOf(app)
    await app.create('todo', { text: 'pack' })
    const { page } = await openPage(url, '<div id="root"></div>')
    await page.locator('li', { hasText: 'pack' }).waitFor()
    await page.evaluate(async () => {
      const { c, WebSocket: Working } = globalThis as any
      // Nobody listens on the port for discarded bytes.
      globalThis.WebSocket = class extends WebSocket {
        constructor() {
          super('ws://127.0.0.1:9')
        }
      }
      Object.assign(globalThis, { connect: () => (globalThis.WebSocket = Working) })
      await c.$auth.logout().catch(() => {})
    })
    await page.getByText('loading').waitFor()
    expect(await page.locator('li').isVisible()).toBe(false)
    await page.evaluate(() => (globalThis as any).connect())
    await page.locator('ul[data-status=live] li', { hasText: 'pack' }).waitFor()
  })

  test('shows a refusal in the next error boundary, and tries again when told to', async () => {
    const url = await urlOf(declare())
    const { page, asked } = await openPage(url, '<div id="root"></div>', '#secret')
    await page.getByRole('button', { name: 'unauthenticated' }).waitFor()
    const before = asked.length
    expect(before).toBeLessThanOrEqual(2)
    await page.getByRole('button').click()
    await expect.poll(() => asked.length).toBe(before + 1)
    await page.getByRole('button', { name: 'unauthenticated' }).waitFor()
  })
})
