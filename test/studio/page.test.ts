// The studio in a browser.
import type { Page, Request } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { api, resource, serve, t } from '../../src/index.ts'
import { hasBrowser } from '../describe/browser.ts'
import { openedStudio } from './open-studio.ts'

describe.runIf(hasBrowser)('the studio in a browser', () => {
  const studio = openedStudio()
  const { open } = studio

  const cell = (page: Page, id: number, field: string): ReturnType<Page['locator']> =>
    page.locator(`[data-id="${id}"] [data-field=${field}]`)

  test('shows what there is', async () => {
    const page = await open()
    await expect.poll(() => page.title()).toBe('Office – Studio')
    await page.waitForSelector('.card:has-text("task") .card-count >> text=6')
    await expect.poll(() => page.locator('.card:has-text("task") .rules').innerText()).toContain('row.owner.is(me)')
    await page.close()
  })

  test('shows a change by others at once, and marks it', async () => {
    const page = await open('data/task')
    await cell(page, 1, 'title').waitFor()
    await page.waitForSelector('.live-mark:not(.stale)')
    const response = await fetch(`${studio.served.url}/task/1`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', 'x-user': 'bob' },
      body: '{"title":"from elsewhere"}',
    })
    expect(response.status).toBe(200)
    await page.waitForSelector('.cell.changed[data-field=title] >> text=from elsewhere')
    await page.close()
  })

  test('edits a row, and compares when somebody else was faster', async () => {
    const page = await open('data/task?row=2', 1)
    const title = page.getByRole('textbox', { name: 'title' })
    await title.fill('mine')
    await studio.app.patch('task', 2, { title: 'theirs', rank: 5 })
    await page.click('text=Save')
    await page.waitForSelector('.conflict >> text=theirs')
    await expect.poll(() => page.locator('.conflict tbody tr').count()).toBe(2)
    await expect.poll(() => studio.app.get('task', 2)).toMatchObject({ title: 'theirs' })
    await page.click('text=Write mine over it')
    await expect.poll(() => studio.app.get('task', 2)).toMatchObject({ title: 'mine', rank: 5 })
    await page.close()
  })

  test('says before an open panel, and not behind it, why something was refused', async () => {
    const page = await open('data/task?row=5', 3)
    await page.getByRole('textbox', { name: 'title' }).fill('of somebody else')
    await page.click('text=Save')
    await page.waitForSelector('dialog .toast.bad >> text=you may not write this task')
    await page.keyboard.press('Escape')
    await page.click('text=Discard')
    await page.waitForSelector('.shell > .toasts .toast.bad')
    await page.close()
  })

  test('says at the field what is wrong with it', async () => {
    const page = await open('data/task?row=new')
    await page.click('text=Create')
    await page.waitForSelector('.field:has-text("title") [role=alert] >> text=is required')
    await page.close()
  })

  test('goes through many rows by what lies between two of them', async () => {
    const many = api(
      { row: resource({ id: t.id(), n: t.integer().index() }).public() },
      { studio: true, report: () => {} },
    )
    const own = await serve(many, { port: 0, signals: false, report: () => {} })
    for (let at = 0; at < 12_000; at += 1_000)
      await many.post(
        'row',
        Array.from({ length: 1_000 }, (_, i) => ({ n: 12_000 - at - i })),
      )
    const page = await studio.browser.newPage()
    const asked: string[] = []
    page.on('request', request => void asked.push(decodeURIComponent(request.url())))
    page.on('websocket', socket => socket.on('framesent', ({ payload }) => void asked.push(String(payload))))
    await page.goto(`${own.url}/studio#/data/row?sort=n`)
    await page.waitForSelector('[aria-rowindex="2"] [data-field=n] >> text=1')
    await page.locator('.grid').evaluate(grid => grid.scrollTo(0, 11_000 * 36))
    await page.waitForSelector('[aria-rowindex="11002"] [data-field=n] >> text=11001')
    await page.keyboard.press('Tab')
    await page.locator('[aria-rowindex="11002"] [data-field=n]').focus()
    await page.keyboard.press('Control+End')
    await page.waitForSelector('[aria-rowindex="12001"] [data-field=n] >> text=12000')
    // Nobody asked for a page behind an offset of eleven thousand, and what is followed are ranges.
    const offsets = asked.flatMap(text => /"?offset"?[=:](\d+)/.exec(text)?.[1] ?? []).map(Number)
    expect(Math.max(...offsets)).toBeLessThan(10_000)
    expect(asked.filter(text => text.includes('"subscribe"')).every(text => text.includes('filter'))).toBe(true)
    await page.close()
    await own.close()
  })

  test('greys what another user may not see, and says why', async () => {
    const page = await open('data/task?as=1')
    await page.waitForSelector('[data-id="1"].unseen')
    await expect.poll(() => page.getAttribute('[data-id="1"]', 'title')).toContain('✗ row.owner.is(me)')
    expect(await page.getAttribute('[data-id="2"]', 'class')).not.toContain('unseen')
    await page.close()
  })

  test('tries an operation', async () => {
    const page = await open('operations/Task')
    await page.click('summary:has-text("POST"):has-text("/task")')
    await page.fill('.request .cm-content', '{"title":"tried","owner":1}')
    await page.click('text=Send POST')
    await page.waitForSelector('.answer >> text=201 Created')
    await expect.poll(() => studio.app.get('task', 7)).toMatchObject({ title: 'tried', owner: 1 })
    await page.close()
  })

  test('shows the SQL of a table, and the table as it was', async () => {
    const page = await open('data/task')
    await page.click('[aria-label="The query as code"]')
    await page.click('[role=tab] >> text=SQL')
    await page.waitForSelector('dialog pre >> text=This store has no SQL')
    await page.keyboard.press('Escape')
    await studio.app.patch('task', 3, { rank: 77 })
    await cell(page, 3, 'rank').and(page.locator(':has-text("77")')).waitFor()
    await page.click('[aria-label="Time travel"]')
    await page.waitForSelector('.live-mark.past')
    await page.click('[aria-label="One commit earlier"]')
    await cell(page, 3, 'rank').and(page.locator(':has-text("0")')).waitFor()
    await page.click('text=Back to now')
    await cell(page, 3, 'rank').and(page.locator(':has-text("77")')).waitFor()
    await page.close()
  })

  test('says on how many rows users may do what, and why one of them may not', async () => {
    const page = await open('access/task')
    const ann = page.locator('.matrix tr:has-text("ann@example.com")')
    await ann.waitFor()
    const seen = await fetch(`${studio.served.url}/task?total=true&limit=1`, { headers: { 'x-user': 'ann' } })
    const [read, create, , deleted] = await ann.locator('td').allInnerTexts()
    expect(read).toMatch(new RegExp(`^${seen.headers.get('x-total-count')} of \\d+$`))
    expect([create, deleted]).toEqual(['all', 'none'])
    await page.fill('[aria-label="Id of a task"]', '1')
    await page.click('text=Explain')
    await page.fill('.access input', '1')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.verdict:has-text("read"):has-text("refused") >> text=✗ row.owner.is(me)')
    await page.close()
  })

  /** Holds back the questions of a page about what some user may do, until it is told to let them go and have them answered. */
  async function heldVerdicts(page: Page, user: number | undefined): Promise<() => Promise<void>> {
    const held = Promise.withResolvers<void>()
    const isHeld = (request: Request): boolean =>
      request.url().includes('verdicts') && request.postDataJSON()?.user === user
    await page.route(/verdicts/, async route => {
      if (isHeld(route.request())) await held.promise
      await route.continue()
    })
    return async () => {
      const late = page.waitForResponse(response => isHeld(response.request()))
      held.resolve()
      await (await late).finished()
      await page.evaluate(() => new Promise(resolve => setTimeout(() => requestAnimationFrame(resolve))))
    }
  }

  test('shows the answer to the last question, also if an earlier one is answered later', async () => {
    const page = await open('access/task')
    const answerLate = await heldVerdicts(page, undefined)
    await page.fill('[aria-label="Id of a task"]', '1')
    await page.click('text=Explain')
    await page.fill('.access input', '1')
    await page.keyboard.press('Enter')
    const refused = page.locator('.verdict:has-text("read"):has-text("refused")')
    await refused.waitFor()
    await answerLate()
    await expect.poll(() => refused.count()).toBe(1)
    await page.close()
  })

  test('greys the rows for the user who was chosen last, also if an earlier choice is answered later', async () => {
    const page = await open('data/task')
    const unseen = (): Promise<(string | null)[]> =>
      page.locator('.unseen').evaluateAll(all => all.map(one => one.getAttribute('data-id')))
    await cell(page, 1, 'title').waitFor()
    const answerLate = await heldVerdicts(page, 1)
    const asked = page.waitForRequest(/verdicts/)
    const user = page.getByLabel('Show what a user may see')
    await user.fill('1')
    await user.press('Enter')
    await asked
    await user.fill('2')
    await user.press('Enter')
    await page.waitForSelector('[data-id="2"].unseen')
    const ofTwo = await unseen()
    await answerLate()
    expect(await unseen()).toEqual(ofTwo)
    await user.fill('1')
    await user.press('Enter')
    await page.waitForSelector('[data-id="1"].unseen')
    expect(await unseen()).not.toContain('2')
    await page.close()
  })

  test('ends a session, and tells of limits', async () => {
    const page = await open('data/task')
    await page.waitForSelector('.live-mark.live')
    await page.click('text=Server')
    await page.waitForSelector('tr:has-text("eve@example.com, admin"):has-text("websocket 127.0.0.1")')
    await page.waitForSelector('header >> text=eve@example.com, admin')
    await studio.app.engine.auth!.begin(2)
    const bob = page.locator('tr:has-text("bob@example.com, member")')
    await bob.filter({ hasText: '–' }).getByRole('button').click()
    await page.waitForSelector('text=The session of bob@example.com, member is over')
    await expect.poll(() => bob.count()).toBe(0)
    await page.click('[role=tab] >> text=Limits')
    await page.waitForSelector('th:has-text("maxPage")')
    await page.click('[role=tab] >> text=Metrics')
    await page.waitForSelector('text=Serve them with')
    await page.close()
  })

  test('changes and deletes what a filter selects, and says how many before', async () => {
    for (let n = 0; n < 3; n++) await studio.app.post('task', { title: 'many', owner: 1 })
    const page = await open(`data/task?filter=${encodeURIComponent('[["title","eq","many"]]')}`)
    await page.waitForSelector('.total >> text=3 rows')
    await page.waitForSelector('[data-id] >> text=many')
    await page.click('[aria-label="Select all rows in view"]')
    await page.click('.bulk >> text=Delete')
    await page.click('dialog >> text=Delete 3 rows >> nth=-1')
    await page.waitForSelector('text=No row matches')
    await page.close()
  })
})
