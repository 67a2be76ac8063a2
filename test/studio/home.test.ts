// What the first page of the studio warns of.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { action, api, resource, sqlite, t } from '../../src/index.ts'
import { hasBrowser } from '../describe/browser.ts'
import { openedStudio } from './open-studio.ts'

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

  const warnings = (page: Page): Promise<string[]> => page.locator('.warnings li').allInnerTexts()

  test('warns of open resources, of indexes that queries asked for, and of requests that were refused', async () => {
    const { url } = studio.served
    const page = await studio.open()
    const open = 'open: It has no rules: anybody may read and write it.'
    await expect.poll(() => warnings(page)).toContain(open)
    expect((await warnings(page)).join()).not.toMatch(/reading|refused/)
    expect((await fetch(`${url}/reading?place=place+7`)).status).toBe(200)
    const missing = 'reading: Queries for place read the whole table. An index would help: .index()'
    await expect.poll(() => warnings(page)).toContain(missing)
    await page.close()

    const waiting = Array.from({ length: 20 }, () => fetch(`${url}/reading/wait`, { method: 'POST' }))
    // Those that are refused are answered at once; those that are let in wait.
    await Promise.race(waiting)
    release()
    const statuses = (await Promise.all(waiting)).map(({ status }) => status)
    const refused = statuses.filter(status => status === 503).length
    expect(refused).toBeGreaterThan(0)
    const after = await studio.open()
    await expect
      .poll(() => warnings(after))
      .toContainEqual(expect.stringMatching(new RegExp(`^${refused} requests? refused because of overload`)))
    expect(await warnings(after)).toEqual(expect.arrayContaining([open, missing]))
    await after.close()
  })
})
