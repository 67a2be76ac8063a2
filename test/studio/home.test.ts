// What the first page of the studio warns of.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { action, api, resource, sqlite, t } from '../../src/index.ts'
import { hasBrowser } from '../describe/browser.ts'
import { openedStudio } from './open-studio.ts'

const overloaded = 'The server is overloaded, and refuses requests at this moment.'

const warnings = (page: Page): Promise<string[]> => page.locator('.warnings li').allInnerTexts()

describe.runIf(hasBrowser)('the home page', () => {
  let release = (): void => {}
  const studio = openedStudio(async () => {
    const held = new Promise<void>(resolve => (release = resolve))
    const fields = { id: t.id(), place: t.text(), value: t.integer().index() }
    const app = api(
      {
        open: resource({ id: t.id() }),
        reading: resource(fields)
          .public()
          .actions({ wait: action({ run: () => held }) }),
      },
      {
        studio: { use: () => true },
        store: sqlite(':memory:'),
        report: () => {},
        http: { log: () => {}, overload: { inFlight: 8 } },
      },
    )
    for (let n = 0; n < 2; n++)
      await app.post(
        'reading',
        Array.from({ length: 900 }, (_, value) => ({ place: `place ${value}`, value })),
      )
    return app
  })

  test('warns of open resources, of indexes that queries asked for, and of requests that were refused', async () => {
    const { url } = studio.served
    const page = await studio.open()
    const open = 'open: No rules: anybody may read and write.'
    await expect.poll(() => warnings(page)).toContain(open)
    expect((await warnings(page)).join()).not.toMatch(/reading|refused/)
    expect((await fetch(`${url}/reading?place=place+7`)).status).toBe(200)
    const missing = 'reading: Queries for place read the whole table. An index would help: .index()'
    await expect.poll(() => warnings(page)).toContain(missing)

    // The page is there already: what it loads might be refused as well, and be counted.
    const waiting = Array.from({ length: 20 }, () => fetch(`${url}/reading/wait`, { method: 'POST' }))
    // Those that are refused are answered at once; those that are let in wait.
    await Promise.race(waiting)
    await expect.poll(() => warnings(page)).toContain(overloaded)
    release()
    const statuses = (await Promise.all(waiting)).map(({ status }) => status)
    const refused = statuses.filter(status => status === 503).length
    expect(refused).toBeGreaterThan(0)
    await expect.poll(() => warnings(page)).not.toContain(overloaded)
    await expect
      .poll(() => warnings(page))
      .toContainEqual(expect.stringMatching(new RegExp(`^${refused} requests? refused because of overload`)))
    await expect.poll(() => warnings(page)).toEqual(expect.arrayContaining([open, missing]))
    await page.close()
  })
})

describe.runIf(hasBrowser)('the home page of a server that is asked too much', () => {
  /** Keeps the processor busy, longer than all other requests may wait. */
  const work = (): string => {
    for (const end = performance.now() + 60; performance.now() < end;);
    return 'done'
  }
  const studio = openedStudio(() =>
    api(
      {
        reading: resource({ id: t.id() })
          .public()
          .actions({ work: action({ run: work }) }),
      },
      {
        studio: { use: () => true },
        store: sqlite(':memory:'),
        report: () => {},
        http: { log: () => {}, overload: { delay: 100, patience: 100 } },
      },
    ),
  )

  test('says that it is overloaded as long as it is', async () => {
    const page = await studio.open()
    await page.waitForSelector('.number-card')
    expect(await warnings(page)).not.toContain(overloaded)
    const asking = new AbortController()
    const ask = async (): Promise<void> => {
      while (!asking.signal.aborted)
        await (await fetch(`${studio.served.url}/reading/work`, { method: 'POST' })).arrayBuffer()
    }
    const all = Array.from({ length: 6 }, ask)
    await expect.poll(() => warnings(page)).toContain(overloaded)
    asking.abort()
    await Promise.all(all)
    await expect.poll(() => warnings(page)).not.toContain(overloaded)
    await page.close()
  })
})
