// What was typed into the form of a row is kept until it is saved or given up.
import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { hasBrowser } from '../describe/browser.ts'
import { openedStudio } from './open-studio.ts'

describe.runIf(hasBrowser)('what was typed into the form of a row', () => {
  const studio = openedStudio()

  async function opened(title: string): Promise<{ page: Page; id: number; input: Locator }> {
    const { id } = (await studio.app.post('task', { title, owner: 1 })) as { id: number }
    const page = await studio.open(`data/task?row=${id}`, 1)
    const input = page.getByRole('textbox', { name: 'title' })
    await input.fill(`${title} typed`)
    return { page, id, input }
  }

  test('is still there after a look at other tabs, and can be saved then', async () => {
    const { page, id, input } = await opened('a')
    for (const tab of ['JSON', 'History', 'Who may']) {
      await page.getByRole('tab', { name: tab }).click()
      expect(await input.isVisible()).toBe(false)
    }
    await page.waitForSelector('.verdict')
    await page.getByRole('tab', { name: 'Edit' }).click()
    await expect.poll(() => input.inputValue()).toBe('a typed')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => studio.app.get('task', id)).toMatchObject({ title: 'a typed' })
    await page.close()
  })

  test('is kept beside what others have changed, and compared if they changed the same', async () => {
    const { page, id, input } = await opened('b')
    const looked = async (): Promise<void> => {
      await page.getByRole('tab', { name: 'History' }).click()
      await page.locator('.timeline').getByRole('button', { name: 'Restore' }).last().click()
      await page.waitForSelector('.toast >> text=restored')
      await page.getByRole('tab', { name: 'Edit' }).click()
    }
    await studio.app.patch('task', id, { rank: 5 })
    await looked()
    const rank = page.getByRole('textbox', { name: 'rank' })
    await expect.poll(() => rank.inputValue()).toBe('0')
    await expect.poll(() => input.inputValue()).toBe('b typed')
    await studio.app.patch('task', id, { title: 'theirs' })
    await page.getByRole('button', { name: 'Save' }).click()
    const line = page.locator('.conflict tr:has(th:text-is("title")) td')
    await line.first().waitFor()
    await expect.poll(() => line.allInnerTexts()).toEqual(['b', 'theirs', 'b typed'])
    await page.click('text=Write mine over it')
    await expect.poll(() => studio.app.get('task', id)).toMatchObject({ title: 'b typed', rank: 0 })
    await page.close()
  })

  test('is asked about before the panel closes', async () => {
    const { page, id, input } = await opened('c')
    await page.keyboard.press('Escape')
    await page.waitForSelector('text=What you have typed is not saved.')
    await page.getByRole('button', { name: 'Go on editing' }).click()
    expect(await page.locator('text=is not saved').count()).toBe(0)
    for (let i = 0; i < 3; i++) await page.keyboard.press('Escape')
    await page.waitForSelector('text=What you have typed is not saved.')
    await expect.poll(() => input.inputValue()).toBe('c typed')
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    await page.getByRole('button', { name: 'Discard it' }).click()
    await page.waitForSelector('dialog', { state: 'detached' })
    await expect.poll(() => studio.app.get('task', id)).toMatchObject({ title: 'c' })
    // What is as it was needs no question.
    await page.goto(`${studio.served.url}/studio#/data/task?row=${id}`)
    await input.fill('other')
    await input.fill('c')
    await page.keyboard.press('Escape')
    await page.waitForSelector('dialog', { state: 'detached' })
    await page.close()
  })
})
