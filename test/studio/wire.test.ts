// The frames of the page's own connections: found, sent again, and taken along as commands that really run.
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { api, resource, t } from '../../src/index.ts'
import { hasBrowser } from '../describe/browser.ts'
import { areInPath } from '../system-programs.ts'
import { openedStudio } from './open-studio.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const tricky = `it's $HOME & \`date\` "quoted" 100% a+b #1`

/** Runs a program until it ends, or until its output has a text. Resolves to its output. */
function output(program: string, args: readonly string[], path: string, until?: string): Promise<string> {
  const child = spawn(program, args, { env: { ...process.env, PATH: path }, stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (data: Buffer) => {
    text += data.toString()
    if (until !== undefined && text.includes(until)) child.kill()
  })
  return new Promise(resolve => child.on('close', () => resolve(text)))
}

describe.runIf(hasBrowser)('the wire', () => {
  const studio = openedStudio(async () => {
    const item = resource({ id: t.id(), title: t.text(), n: t.integer().default(0) }).public()
    const app = api({ item }, { studio: true, report: () => {}, http: { log: () => {}, overload: false } })
    await app.post('item', [{ title: 'first' }, { title: 'second', n: 2 }, { title: tricky }])
    return app
  })

  let programs: string
  beforeAll(() => {
    programs = mkdtempSync(join(tmpdir(), 'studio-wire-'))
    writeFileSync(join(programs, 'wscat'), `#!/bin/sh\nexec '${process.execPath}' '${here('wscat.ts')}' "$@"\n`)
    chmodSync(join(programs, 'wscat'), 0o755)
  })
  afterAll(() => rmSync(programs, { recursive: true }))
  const path = (): string => `${programs}${delimiter}${process.env['PATH']}`
  const inShell = (command: string, until?: string): Promise<string> =>
    output('sh', ['-c', `exec ${command}`], path(), until)
  const inNode = (code: string, until?: string): Promise<string> => {
    const made = `import { client } from '${here('../../src/client/index.ts')}'\nconst api = client('${studio.served.url}')\n`
    return output(process.execPath, ['--input-type=module-typescript', '-e', `${made}${code}`], path(), until)
  }

  const goTo = (page: Page, hash: string): Promise<unknown> => page.goto(`${studio.served.url}/studio#/${hash}`)
  const frame = (page: Page, ...words: string[]): ReturnType<Page['locator']> =>
    words.reduce((found, word) => found.filter({ hasText: word }), page.locator('.frame.out')).first()

  const arrived = (page: Page, word: string): Promise<void> =>
    page.locator('.frame.in', { hasText: word }).first().waitFor()

  async function copied(page: Page, chosen: ReturnType<Page['locator']>, what: string): Promise<string> {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.evaluate(() => navigator.clipboard.writeText(''))
    await chosen.click()
    // Until then the buttons are those of the frame that was chosen before.
    await page.locator('.frame.here').and(chosen).waitFor()
    await page.click(`.frame-detail [aria-label="${what}"]`)
    const read = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText())
    await expect.poll(read).not.toBe('')
    return read()
  }

  async function opened(hash: string): Promise<Page> {
    const page = await studio.open(hash)
    await page.waitForSelector('.live-mark.live')
    return page
  }

  test('is held, filtered and searched', async () => {
    const page = await opened('data/item')
    await goTo(page, 'wire')
    await frame(page, 'subscribe').waitFor()
    const texts = (): Promise<string[]> => page.locator('.frame').allInnerTexts()
    await page.selectOption('[aria-label=Carrier]', 'http')
    await expect.poll(async () => (await texts()).some(one => one.includes('subscribe'))).toBe(false)
    expect((await texts()).some(one => one.includes('GET /item'))).toBe(true)
    await page.selectOption('[aria-label=Carrier]', 'ws')
    await page.fill('[aria-label="Search frames"]', 'SNAPSHOT')
    await expect.poll(async () => (await texts()).length).toBe(1)
    await page.selectOption('[aria-label=Carrier]', 'all')
    await page.fill('[aria-label="Search frames"]', '')
    await goTo(page, 'data/item')
    await page.waitForSelector('.live-mark.live')
    await goTo(page, 'wire')
    await page.click('text=Pause')
    const before = await texts()
    await page.fill('[aria-label="Message to send"]', '{"id":"mine","op":"get","uri":"/item/1"}')
    await page.click('.send >> text=Send')
    await page.waitForSelector('text=Disconnect')
    expect(await texts()).toEqual(before)
    await page.click('text=Go on')
    await arrived(page, '"id":"mine","status":200')
    await page.click('text=Clear')
    await page.waitForSelector('.frame', { state: 'detached' })
    await page.close()
  })

  test.runIf(areInPath('curl'))('is copied as curl and as code of the client, which do the same', async () => {
    const filter = encodeURIComponent(JSON.stringify([['title', 'eq', tricky]]))
    const page = await opened(`data/item?filter=${filter}&row=3`)
    const title = page.getByRole('textbox', { name: 'title' })
    await title.fill(`${tricky} changed`)
    await page.click('text=Save')
    await page.waitForSelector('.toast >> text=Saved')
    await goTo(page, 'wire')

    const patch = frame(page, 'PATCH /item/3')
    const curl = await copied(page, patch, 'Copy as curl')
    await studio.app.patch('item', 3, { title: 'other' })
    expect(JSON.parse(await inShell(`${curl} -s`))).toMatchObject({ id: 3, title: `${tricky} changed` })
    const code = await copied(page, patch, 'Copy as client')
    await studio.app.patch('item', 3, { title: tricky })
    await inNode(code)
    await expect.poll(() => studio.app.get('item', 3)).toMatchObject({ title: `${tricky} changed` })

    await studio.app.patch('item', 3, { title: tricky })
    const list = frame(page, 'GET /item?filter=', 'limit=100')
    const found = [expect.objectContaining({ id: 3, title: tricky })]
    expect(JSON.parse(await inShell(`${await copied(page, list, 'Copy as curl')} -s`))).toEqual(found)
    const listed = await copied(page, list, 'Copy as client')
    expect(JSON.parse(await inNode(`console.log(JSON.stringify(${listed}))`))).toEqual(found)
    // What was sent is sent again.
    await patch.click()
    await page.click('text=Send again')
    await expect.poll(() => studio.app.get('item', 3)).toMatchObject({ title: `${tricky} changed` })
    await studio.app.patch('item', 3, { title: tricky })
    await page.close()
  })

  test('is copied as wscat, and subscriptions as code of the client', async () => {
    const page = await opened('data/item?sort=-n')
    await goTo(page, 'wire')
    const subscribed = frame(page, 'subscribe', '"-n"')
    const wscat = await copied(page, subscribed, 'Copy as wscat')
    expect(await inShell(wscat, '"snapshot"')).toContain('"data":[{"id":2,"title":"second","n":2}')
    const code = await copied(page, subscribed, 'Copy as client')
    expect(await inNode(code, "title: 'first'")).toMatch(/^\[\s*\{ id: 2, title: 'second', n: 2 \}/)
    // Sent again, it is another subscription, and the one of the table goes on.
    await subscribed.click()
    await page.click('text=Send again')
    await arrived(page, '"sub":"again 1","op":"snapshot"')
    await goTo(page, 'data/item?sort=-n')
    await page.waitForSelector('.live-mark.live')
    await studio.app.patch('item', 1, { title: 'after' })
    await page.waitForSelector('[data-id="1"] >> text=after')
    await studio.app.patch('item', 1, { title: 'first' })
    await goTo(page, 'wire')
    await page.fill('[aria-label="Message to send"]', '{"id":7,"op":"subscribe","uri":"/item?limit=1&sort=-n"}')
    await page.click('.send >> text=Send')
    const limited = await copied(page, frame(page, 'subscribe', 'limit=1'), 'Copy as client')
    expect(limited).toContain('.live({"limit":1,"sort":["-n"]})')
    await page.fill('[aria-label="Message to send"]', '{"id":8,"op":"subscribe","uri":"/item/2"}')
    await page.click('.send >> text=Send')
    const row = await copied(page, frame(page, 'subscribe', '/item/2'), 'Copy as client')
    expect(await inNode(row, 'second')).toContain("{ id: 2, title: 'second', n: 2 }")
    await page.close()
  })

  test('speaks each dialect, and each answers', async () => {
    const page = await studio.open('wire')
    const say = async (text: string): Promise<void> => {
      await page.fill('[aria-label="Message to send"]', text)
      await page.click('.send >> text=Send')
    }
    await say('{"id":1,"op":"patch","uri":"/item/2","data":{"n":21}}')
    await expect.poll(() => studio.app.get('item', 2)).toMatchObject({ n: 21 })
    await page.selectOption('[aria-label=Dialect]', 'envelope')
    await say('{"stream":"item","payload":{"action":"subscribe","data":{"action":"update"},"request_id":"3"}}')
    await arrived(page, '"request_id":"3"')
    await say('{"stream":"item","payload":{"action":"patch","pk":2,"data":{"n":22},"request_id":"4"}}')
    await arrived(page, '"request_id":"4"')
    await expect.poll(() => studio.app.get('item', 2)).toMatchObject({ n: 22 })
    const wscat = await copied(page, frame(page, '"request_id":"4"'), 'Copy as wscat')
    await studio.app.patch('item', 2, { n: 2 })
    expect(await inShell(wscat, '"n":22')).toContain('"request_id":"4"')
    await page.selectOption('[aria-label=Dialect]', 'socketio')
    await say('42["subscribe","/item/2"]')
    await arrived(page, '42["state"')
    await say('42["patch",{"uri":"/item/2","patch":{"n":23}}]')
    await expect.poll(() => studio.app.get('item', 2)).toMatchObject({ n: 23 })
    await page.selectOption('[aria-label=Dialect]', 'sse')
    await say('/item/2')
    await page.waitForSelector('.frame.in:has-text("sse") b >> text=snapshot')
    // A dialect answers nonsense, and the page stays.
    await page.selectOption('[aria-label=Dialect]', 'restuary.1')
    await say('nonsense')
    await arrived(page, '"error"')
    await studio.app.patch('item', 2, { n: 2 })
    await page.close()
  })

  test('shows that a connection that was cut goes on where it was', async () => {
    const page = await opened('data/item')
    // The three seconds begin to pass when the table is back, however long that takes, and its subscription waits for it.
    const passes = await page.evaluateHandle(() => {
      const [now, later] = [performance.now.bind(performance), setTimeout]
      const at = now()
      performance.now = () => at
      globalThis.setTimeout = ((act: () => void, ms = 0) => (ms < 10_000 ? later(act, ms) : 0)) as typeof setTimeout
      return () => void (performance.now = now)
    })
    await goTo(page, 'wire')
    await page.click('text=Clear')
    await page.click('text=Cut for 3 s')
    await page.waitForSelector('.frame >> text=close')
    await studio.app.patch('item', 1, { title: 'meanwhile' })
    await goTo(page, 'data/item')
    await page.waitForSelector('.live-mark.stale')
    await passes.evaluate(pass => pass())
    await page.waitForSelector('[data-id="1"] >> text=meanwhile')
    await page.waitForSelector('.live-mark.live')
    await goTo(page, 'wire')
    await frame(page, 'subscribe', '"since":').waitFor()
    await page.waitForSelector('.frame.in:has-text("commit") >> text=meanwhile')
    expect(await page.locator('.frame.in b', { hasText: /^(?:snapshot|reset)$/ }).count()).toBe(0)
    await studio.app.patch('item', 1, { title: 'first' })
    await page.close()
  })
})
