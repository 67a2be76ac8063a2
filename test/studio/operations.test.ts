// Every operation is tried in a form, told in four languages, and the model is a drawing that one can move.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, test } from 'vitest'
import { action, always, api, folder, resource, t } from '../../src/index.ts'
import { hasBrowser } from '../describe/browser.ts'
import { areInPath } from '../system-programs.ts'
import { openedStudio } from './open-studio.ts'

const run = promisify(execFile)

describe.runIf(hasBrowser)('the operations', () => {
  const kept = mkdtempSync(join(tmpdir(), 'studio-operations-'))
  afterAll(() => rmSync(kept, { recursive: true }))
  const studio = openedStudio(async () => {
    const user = resource({
      id: t.id(),
      email: t.email().unique(),
      password: t.password(),
      notes: t.back('note', 'owner'),
    })
      .login('email', 'password')
      .rules((me, row) => ({ read: row.is(me), write: row.is(me) }))
    const note = resource({ id: t.id(), title: t.text({ max: 20 }), paper: t.file(), owner: t.one('user').nullable() })
      .rules(me => ({ read: always, create: me.signedIn, write: me.signedIn, actions: { shout: me.signedIn } }))
      .actions({ shout: action({ on: 'row', run: ({ row }) => `${row.title}!` }) })
    const app = api(
      { user, note },
      {
        studio: true,
        files: folder(kept),
        auth: { secret: 'only the tests of the studio use it, so it may be known' },
        report: () => {},
        http: { log: () => {}, overload: false },
      },
    )
    await app.post('user', { email: 'ann@example.com', password: 'correct horse' })
    await app.post('note', { title: 'first' })
    return app
  })

  const operation = (page: Page, method: string, path: string): ReturnType<Page['locator']> =>
    page.locator('.operation').filter({
      has: page.locator(`summary:has(.badge.method:text-is("${method}")):has(code:text-is("${path}"))`),
    })

  async function anonymous(hash: string): Promise<Page> {
    const page = await studio.browser.newPage()
    studio.listen(page)
    await page.goto(`${studio.served.url}/studio#/${hash}`)
    await page.waitForSelector('main h1')
    return page
  }

  test('are tried with what the forms say, and a login is kept when the page is loaded again', async () => {
    const page = await anonymous('operations/Note')
    const send = async (method: string, path: string, status: string): Promise<string> => {
      const form = operation(page, method, path)
      await form.getByRole('button', { name: `Send ${method}` }).click()
      await form.locator('.answer', { hasText: status }).waitFor()
      return form.locator('.answer pre').last().innerText()
    }
    const openAll = async (...all: [string, string][]): Promise<void> => {
      for (const [method, path] of all) await operation(page, method, path).locator('summary').first().click()
    }
    await openAll(['POST', '/note'])
    const body = operation(page, 'POST', '/note').locator('.cm-content')
    await body.fill('{"title":"second"}')
    await send('POST', '/note', '401')
    await page.click('text=Log in')
    await page.fill('dialog input >> nth=0', 'ann@example.com')
    await page.fill('dialog input >> nth=1', 'wrong')
    await page.click('dialog form button')
    await page.waitForSelector('dialog [role=alert]')
    await page.fill('dialog input >> nth=1', 'correct horse')
    await page.click('dialog form button')
    await page.waitForSelector('dialog', { state: 'detached' })
    await page.reload()
    await page.waitForSelector('text=Logged in')
    await openAll(['POST', '/note'], ['PATCH', '/note/{id}'], ['GET', '/note'], ['POST', '/note/{id}/shout'])
    await openAll(['PUT', '/note/{id}/paper'], ['GET', '/note/{id}/paper'], ['DELETE', '/note/{id}'])
    await body.fill('{"title":"second"}')
    expect(JSON.parse(await send('POST', '/note', '201'))).toMatchObject({ id: 2, title: 'second' })
    // The fault comes back as it is, and the answer can be looked at in the console.
    await body.fill(`{"title":"${'x'.repeat(21)}"}`)
    await send('POST', '/note', '400')
    expect(await page.evaluate('res.errors[0].pointer')).toBe('#/title')

    const patch = operation(page, 'PATCH', '/note/{id}')
    await patch.getByLabel('id *').fill('2')
    await patch.locator('.cm-content').fill('{"title":"changed"}')
    await send('PATCH', '/note/{id}', '200')
    await expect.poll(() => studio.app.get('note', 2)).toMatchObject({ title: 'changed' })
    const shout = operation(page, 'POST', '/note/{id}/shout')
    await shout.getByLabel('id *').fill('2')
    expect(await send('POST', '/note/{id}/shout', '200')).toContain('changed!')

    const put = operation(page, 'PUT', '/note/{id}/paper')
    await put.locator('input[type=file]').setInputFiles({
      name: 'Brief 信.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from('dear reader'),
    })
    await send('PUT', '/note/{id}/paper', '201')
    await expect
      .poll(() => studio.app.get('note', 1))
      .toMatchObject({
        paper: { name: 'Brief 信.txt', type: 'text/plain', size: 11 },
      })
    expect(await send('GET', '/note/{id}/paper', '200')).toContain('dear reader')

    const list = operation(page, 'GET', '/note')
    await list
      .locator('label', { hasText: /^limit/ })
      .locator('input')
      .fill('1')
    expect(JSON.parse(await send('GET', '/note', '200'))).toHaveLength(1)
    await operation(page, 'DELETE', '/note/{id}').getByLabel('id *').fill('2')
    await send('DELETE', '/note/{id}', '204')
    await expect.poll(() => studio.app.list('note')).toHaveLength(1)
    await page.close()
  })

  test('are told as commands and code, and the command does what the form does', async () => {
    const page = await anonymous('operations/Note')
    const list = operation(page, 'GET', '/note')
    await list.locator('summary').first().click()
    await list
      .locator('label', { hasText: /^limit/ })
      .locator('input')
      .fill('1')
    const example = async (title: string): Promise<string> => {
      await list.getByRole('tab', { name: title, exact: true }).click()
      return list.locator('.example pre').innerText()
    }
    const curl = await example('curl')
    expect(curl).toContain(`${studio.served.url}/note?limit=1`)
    if (areInPath('curl'))
      expect(JSON.parse((await run('sh', ['-c', `${curl} -s`])).stdout)).toMatchObject([{ id: 1, title: 'first' }])
    expect(await example('Client')).toBe(`await api.$request('GET', "/note?limit=1")`)
    expect(JSON.parse(await example('restuary.1'))).toEqual({ id: 1, op: 'list', uri: '/note?limit=1' })
    expect(await example('Socket.IO')).toContain(`socket.emit('subscribe', "/note?limit=1")`)
    expect(await example('Python')).toContain(`httpx.request("GET", "${studio.served.url}/note?limit=1")`)
    await page.close()
  })

  test('the boxes of the diagram are moved with the mouse and with the arrow keys', async () => {
    const page = await anonymous('model')
    const box = page.locator('.box-node[aria-label^="note,"]')
    const place = async (): Promise<{ x: number; y: number }> => {
      const { x, y } = (await box.boundingBox())!
      return { x: Math.round(x), y: Math.round(y) }
    }
    await box.waitFor()
    const before = await place()
    await box.focus()
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown']) await page.keyboard.press(key)
    await expect.poll(place).toEqual({ x: before.x + 24, y: before.y + 12 })
    const edge = page.locator('.edge path').first()
    const line = await edge.getAttribute('d')
    const { width, height } = (await box.boundingBox())!
    const at = await place()
    await page.mouse.move(at.x + width / 2, at.y + height - 8)
    await page.mouse.down()
    await page.mouse.move(at.x + width / 2 + 60, at.y + height + 32, { steps: 3 })
    await page.mouse.up()
    await expect.poll(place).toEqual({ x: at.x + 60, y: at.y + 40 })
    // Its relations go along.
    expect(await edge.getAttribute('d')).not.toBe(line)
    await page.mouse.move(5, 5)
    await expect.poll(place).toEqual({ x: at.x + 60, y: at.y + 40 })
    await page.click('text=Tidy up')
    await expect.poll(place).toEqual(before)
    await page.close()
  })
})
