// Many rows are changed and deleted together, and the studio says how many before.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { always, api, resource, t } from '../../src/index.ts'
import { hasBrowser } from '../describe/browser.ts'
import { openedStudio } from './open-studio.ts'

describe.runIf(hasBrowser)('many rows', () => {
  const studio = openedStudio(async () => {
    const fields = { id: t.id(), title: t.text(), n: t.integer().default(0), locked: t.bool().default(false) }
    const app = api(
      {
        row: resource(fields, { bulk: true }).public(),
        single: resource(fields).rules((_, one) => ({ read: always, write: one.locked.is(false) })),
        guarded: resource(fields, { bulk: true }).rules((_, one) => ({ read: always, write: one.locked.is(false) })),
      },
      { studio: true, report: () => {}, http: { log: () => {}, overload: false } },
    )
    await app.post('row', [
      ...Array.from({ length: 130 }, () => ({ title: 'many' })),
      ...Array.from({ length: 5 }, () => ({ title: 'other' })),
    ])
    for (const name of ['single', 'guarded'] as const)
      await app.post(name, [{ title: 'a' }, { title: 'b', locked: true }, { title: 'c' }])
    return app
  })

  async function select(page: Page, ...ids: number[]): Promise<void> {
    for (const id of ids) await page.check(`[aria-label="Select ${id}"]`)
    await page.waitForSelector(`.bulk >> text=${ids.length} row`)
  }

  async function set(page: Page, words: string, field: string, value: string): Promise<void> {
    await page.click('.bulk >> text=Edit')
    await page.waitForSelector(`dialog h2 >> text=Edit ${words}`)
    await page.selectOption('dialog select >> nth=0', field)
    await page.fill('#bulk-value', value)
    await page.click(`dialog footer >> text=Set ${field} of ${words}`)
  }

  const having = async (name: string, n: number): Promise<number[]> =>
    ((await studio.app.list(name, { limit: 1_000 })) as { id: number; n: number }[])
      .filter(one => one.n === n)
      .map(({ id }) => id)

  test('a selection, all that a filter selects, or all', async () => {
    const page = await studio.open(`data/row?filter=${encodeURIComponent('[["title","eq","many"]]')}`)
    await select(page, 2, 4)
    await set(page, '2 rows', 'n', 'seven')
    await page.waitForSelector('.toast.bad >> text=n must be a number')
    await page.click('dialog [aria-label=Close]')
    await set(page, '2 rows', 'n', '7')
    await page.waitForSelector('.toast >> text=2 rows changed')
    await expect.poll(() => having('row', 7)).toEqual([2, 4])

    await select(page, 1)
    await page.check('.bulk >> text=all 130 that match')
    await set(page, '130 rows', 'n', '8')
    await page.waitForSelector('.toast >> text=130 rows changed')
    await expect.poll(() => having('row', 8)).toHaveLength(130)

    await select(page, 1)
    await page.check('.bulk >> text=all 130 that match')
    await page.click('.bulk >> text=Delete')
    await page.waitForSelector('dialog h2 >> text=Delete 130 rows?')
    await page.keyboard.press('Escape')
    await expect.poll(() => having('row', 8)).toHaveLength(130)
    await page.click('.bulk >> text=Delete')
    await page.click('dialog footer >> text=Delete 130 rows')
    await page.waitForSelector('.toast >> text=130 rows deleted')
    expect(await having('row', 8)).toEqual([])

    // Without a filter, all are all.
    await page.click('[aria-label="Remove the condition on title"]')
    await page.waitForSelector('.total >> text=5 rows')
    await select(page, 131)
    await page.check('.bulk >> text=all 5 that match')
    await page.click('.bulk >> text=Delete')
    await page.click('dialog footer >> text=Delete 5 rows')
    await page.waitForSelector('text=No rows yet')
    await page.close()
  })

  test('all of them or none, where the resource allows that, and otherwise it says how many', async () => {
    for (const [name, message, changed] of [
      ['guarded', '', 0],
      ['single', 'Done for 2 of 3 rows: ', 2],
    ] as const) {
      const page = await studio.open(`data/${name}`)
      await select(page, 1, 2, 3)
      await set(page, '3 rows', 'n', '9')
      await page.waitForSelector(`.toast.bad >> text=${message}`)
      await expect.poll(() => having(name, 9)).toHaveLength(changed)
      await page.close()
    }
  })
})
