// What happened to a row, and going back to one of its versions.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { hasBrowser } from '../describe/browser.ts'
import { openedStudio } from './open-studio.ts'

describe.runIf(hasBrowser)('the history of a row', () => {
  const studio = openedStudio()

  async function opened(title: string): Promise<{ page: Page; id: number }> {
    const { id } = (await studio.app.post('task', { title, owner: 1, rank: 1 })) as { id: number }
    await studio.app.patch('task', id, { title: `${title} changed` })
    await studio.app.patch('task', id, { rank: 9 })
    const page = await studio.open(`data/task?row=${id}`, 1)
    await page.click('[role=tab] >> text=History')
    await page.waitForSelector('.timeline li >> nth=2')
    return { page, id }
  }

  test('is a timeline of differences, the newest first, and each version can be restored', async () => {
    const { page, id } = await opened('first')
    const steps = page.locator('.timeline li')
    const words = async (): Promise<string[]> =>
      (await steps.locator('.difference').allInnerTexts()).map(text => text.replaceAll(/\s+/g, ' '))
    await expect.poll(() => steps.locator('.badge').allInnerTexts()).toEqual(['patch', 'patch', 'create'])
    expect((await words()).slice(0, 2)).toEqual(['rank 1 9', 'title first first changed'])
    expect((await words())[2]).toContain('title first')
    // What is now need not be restored.
    expect(await steps.nth(0).getByRole('button').count()).toBe(0)
    await steps.nth(2).getByRole('button', { name: 'Restore' }).click()
    await page.waitForSelector('.toast >> text=That version is restored')
    await expect.poll(() => studio.app.get('task', id)).toMatchObject({ title: 'first', rank: 1, owner: 1 })
    // That is a step of its own, from which one can go back as well.
    await page.waitForSelector('.timeline li >> nth=3')
    expect((await words())[0]).toBe('title first changed first rank 9 1')
    await steps.nth(1).getByRole('button', { name: 'Restore' }).click()
    await expect.poll(() => studio.app.get('task', id)).toMatchObject({ title: 'first changed', rank: 9 })
    await page.click('[role=tab] >> text=Edit')
    await expect.poll(() => page.getByRole('textbox', { name: 'title' }).inputValue()).toBe('first changed')
    await page.close()
  })

  test('is compared first if somebody has changed the row since it was shown', async () => {
    const { page, id } = await opened('second')
    const restoreFirst = (): Promise<void> =>
      page.locator('.timeline li').last().getByRole('button', { name: 'Restore' }).click()
    await studio.app.patch('task', id, { title: 'theirs' })
    await restoreFirst()
    const line = page.locator('.conflict tr:has(th:text-is("title")) td')
    await line.first().waitFor()
    await expect.poll(() => line.allInnerTexts()).toEqual(['second changed', 'theirs', 'second'])
    await expect.poll(() => studio.app.get('task', id)).toMatchObject({ title: 'theirs' })
    await page.click('text=Take theirs')
    await page.waitForSelector('.timeline li >> nth=3')
    await expect.poll(() => studio.app.get('task', id)).toMatchObject({ title: 'theirs', rank: 9 })
    await studio.app.patch('task', id, { title: 'theirs again' })
    await restoreFirst()
    await page.click('text=Write mine over it')
    await expect.poll(() => studio.app.get('task', id)).toMatchObject({ title: 'second', rank: 1 })
    await page.waitForSelector('.timeline li >> nth=5')
    await page.close()
  })

  test('cannot be gone back in by those who may not write the row', async () => {
    const { page, id } = await opened('third')
    await studio.app.patch('task', id, { done: true })
    await page.locator('.timeline li').last().getByRole('button', { name: 'Restore' }).click()
    await page.click('text=Write mine over it')
    await page.waitForSelector('.toast.bad')
    await expect.poll(() => studio.app.get('task', id)).toMatchObject({ title: 'third changed', done: true })
    await page.close()
  })
})
