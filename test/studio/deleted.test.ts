// The history of rows that are no more, and making them be again.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { api, memory, resource, t } from '../../src/index.ts'
import { hasBrowser } from '../describe/browser.ts'
import { openedStudio } from './open-studio.ts'

describe.runIf(hasBrowser)('a row that was deleted', () => {
  const studio = openedStudio(() =>
    api(
      {
        note: resource({ id: t.id({ client: true }), text: t.text(), n: t.integer() }).public(),
        item: resource({ id: t.id(), text: t.text() }).public(),
      },
      { studio: { use: () => true }, store: memory(), report: () => {}, http: { log: () => {}, overload: false } },
    ),
  )

  /** What the timeline in the open panel says, the newest first. */
  const steps = async (page: Page): Promise<string[]> => {
    await page.waitForSelector('.timeline li')
    return page.locator('.timeline .badge').allInnerTexts()
  }

  test('has its timeline among the last changes, and is restored with its id', async () => {
    await studio.app.post('note', { id: 70, text: 'first', n: 1 })
    await studio.app.patch('note', 70, { text: 'second' })
    await studio.app.delete('note', 70)
    const page = await studio.open()
    await page.locator('.recent a:has-text("delete")').first().click()
    await page.waitForSelector('text=There is no note 70 now.')
    await expect.poll(() => steps(page)).toEqual(['delete', 'patch', 'create'])
    const last = page.locator('.timeline li').nth(1)
    await last.getByRole('button', { name: 'Restore', exact: true }).click()
    await page.waitForSelector('.toast >> text=note 70 is there again')
    await expect.poll(() => studio.app.get('note', 70)).toMatchObject({ id: 70, text: 'second', n: 1 })
    await expect.poll(() => page.getByRole('textbox', { name: 'text' }).inputValue()).toBe('second')
    await page.getByRole('tab', { name: 'History' }).click()
    await expect.poll(() => steps(page)).toEqual(['create', 'delete', 'patch', 'create'])
    await page.close()
  })

  test('gets a new id where clients may choose none', async () => {
    const { id } = (await studio.app.post('item', { text: 'a thing' })) as { id: number }
    await studio.app.delete('item', id)
    const page = await studio.open(`data/item?row=${id}`)
    await page.getByRole('button', { name: 'Restore with a new id' }).click()
    const made = id + 1
    await page.waitForSelector(`.toast >> text=item ${made} is there again`)
    await page.waitForSelector(`dialog[aria-label="item ${made}"]`)
    await expect.poll(() => studio.app.get('item', made)).toMatchObject({ text: 'a thing' })
    await page.close()
  })

  test('is shown as it was while one travels in time, and says what became of it', async () => {
    await studio.app.post('note', { id: 80, text: 'then', n: 2 })
    const at = (await fetch(`${studio.served.url}/note/80`)).headers.get('etag')!.replaceAll('"', '')
    await studio.app.delete('note', 80)
    const page = await studio.open(`data/note?at=${at}`)
    // What was is only looked at.
    const row = page.locator('.grid-row:has-text("then")')
    await row.locator('[data-field=text]').focus()
    await page.keyboard.press('F2')
    await page.waitForSelector('dialog[aria-label="note 80 as it was"]')
    await page.keyboard.press('Escape')
    expect(await row.getByRole('checkbox').count()).toBe(0)
    await page.keyboard.press(' ')
    expect(await page.locator('.bulk').count()).toBe(0)
    await row.locator('[data-field=text]').click()
    await page.waitForSelector('dialog[aria-label="note 80 as it was"]')
    await expect.poll(() => page.locator('dialog output').allInnerTexts()).toEqual(['80', 'then', '2'])
    expect(
      await page
        .locator('dialog')
        .getByRole('button', { name: /Save|Delete/ })
        .count(),
    ).toBe(0)
    await page.getByRole('tab', { name: 'History' }).click()
    await expect.poll(() => steps(page)).toEqual(['delete', 'create'])
    await page.getByRole('button', { name: 'Restore', exact: true }).click()
    await expect.poll(() => studio.app.get('note', 80).catch(() => null)).toMatchObject({ text: 'then', n: 2 })
    await page.close()
    // The commit that deleted it leads to it as well.
    const { commits } = (await (await fetch(`${studio.served.url}/studio/commits`)).json()) as {
      commits: { position: string; changes: { op: string; id: unknown }[] }[]
    }
    const gone = commits.find(({ changes }) => changes.some(({ op, id }) => op === 'delete' && id === 80))!
    const other = await studio.open(`data/note?at=${gone.position}`)
    await other.locator('.time-bar a:has-text("delete note 80")').click()
    await other.waitForSelector('dialog[aria-label="note 80"]')
    await other.close()
  })

  test('that never was says so', async () => {
    const page = await studio.open('data/note?row=4711')
    await page.waitForSelector('text=There is no note 4711 now.')
    await page.waitForSelector('.empty >> text=No history')
    await page.close()
  })
})
