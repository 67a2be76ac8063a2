// Opens the studio of an API in a browser, for tests.
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { serve, type Api, type Served } from '../../src/index.ts'
import { openBrowser } from '../describe/browser.ts'
import { office } from './office.ts'

export interface Opened {
  readonly browser: Browser
  readonly app: Api
  readonly served: Served
  /** Collects what the console of a page complains about; after each test nothing may have been collected. */
  listen(page: Page): void
  /** A page at a place of the studio. In the office Eve is logged in, who may see everything, or another user. */
  open(hash?: string, user?: number, options?: Parameters<Browser['newPage']>[0]): Promise<Page>
}

const officeOfStudio = (): Promise<Api> =>
  office({
    studio: { use: () => true, lookAs: () => true },
    docs: '# Office',
    // A busy machine is no reason to refuse what a test asks.
    http: { log: () => {}, overload: false },
  })

/** Serves an API, the office if nothing else is given, and opens a browser, once for all tests of a file. */
export function openedStudio(make: () => Api | Promise<Api> = officeOfStudio): Opened {
  let browser: Browser
  let app: Api
  let served: Served
  const complaints: string[] = []
  beforeAll(async () => {
    browser = await openBrowser()
    app = await make()
    served = await serve(app, { port: 0, signals: false, report: () => {} })
  })
  afterAll(async () => {
    await browser.close()
    await served.close()
  })
  afterEach(() => expect(complaints.splice(0)).toEqual([]))
  const listen = (page: Page): void => {
    page.on('pageerror', error => complaints.push(error.message))
    page.on('console', message => {
      const expected = /status of 4\d\d|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|WebSocket connection/.test(
        message.text(),
      )
      if (message.type() === 'error' && !expected) complaints.push(`${message.text()} (${message.location().url})`)
    })
  }
  return {
    get browser() {
      return browser
    },
    get app() {
      return app
    },
    get served() {
      return served
    },
    listen,
    async open(hash = '', user = 3, options = {}) {
      const page = await browser.newPage(options)
      const tokens = await app.engine.auth?.begin(user)
      if (tokens)
        await page.addInitScript(
          `localStorage.setItem('restuary-studio ${served.url}', ${JSON.stringify(JSON.stringify(tokens))})`,
        )
      listen(page)
      await page.goto(`${served.url}/studio#/${hash}`)
      await page.waitForSelector('main h1')
      return page
    },
  }
}
