import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { connectText, texts } from '../../scripts/browser.ts'
import { always, api, memory, resource, serve, t, type Served } from '../../src/index.ts'
import { connect } from '../../src/describe/client/connect.ts'
import { runtime } from '../../src/describe/client/runtime.ts'
import { resRuntime } from '../../src/dialects/restaction/res-runtime.ts'
import { script, style } from '../../src/describe/page/assets.ts'
import { hasBrowser, openBrowser } from './browser.ts'
import { office } from './office.ts'

test('the served text matches its sources (npm run browser makes it anew)', async () => {
  const served: Record<string, string> = { runtime, resRuntime, script, style }
  expect(texts().map(({ name, text }) => [name, text === served[name]])).toEqual(
    Object.keys(served).map(name => [name, true]),
  )
  expect((await connectText()) === connect).toBe(true)
})

test('only its own script and style may run, and no page may frame it', async () => {
  const app = office()
  const response = await app.fetch(new Request('http://localhost/api/docs'))
  const policy = new Map(
    response.headers
      .get('content-security-policy')!
      .split('; ')
      .map(one => [one.split(' ', 1)[0]!, one.split(' ').slice(1)]),
  )
  expect(policy.get('default-src')).toEqual(["'none'"])
  expect(policy.get('script-src')).toEqual([expect.stringMatching(/^'sha256-[\w+/]{43}='$/)])
  expect(policy.get('style-src')).toEqual([expect.stringMatching(/^'sha256-[\w+/]{43}='$/)])
  expect(policy.get('connect-src')).toEqual(["'self'"])
  for (const word of ['base-uri', 'form-action', 'frame-ancestors']) expect(policy.get(word)).toEqual(["'none'"])
  const text = await response.text()
  // Nothing comes from elsewhere.
  expect(text).not.toMatch(/\b(src|href)="(?!data:|#)/)
  expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/)
  await app.close()
})

describe.runIf(hasBrowser)('the documentation page in a browser', () => {
  let browser: Browser
  let served: Served
  let token: string
  beforeAll(async () => {
    browser = await openBrowser()
    served = await serve(office(), { port: 0, signals: false, report: () => {} })
    const response = await fetch(`${served.url}/api/auth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'ann@example.com', password: 'correct horse battery' }),
    })
    token = ((await response.json()) as { access_token: string }).access_token
  })
  afterAll(async () => {
    await browser.close()
    await served.close()
  })

  const complaints: string[] = []
  afterEach(() => expect(complaints.splice(0)).toEqual([]))

  /** A page whose errors are complaints, answers of 4xx aside: forms show them. */
  async function open(url: string, options: Parameters<Browser['newPage']>[0] = {}): Promise<Page> {
    const page = await browser.newPage(options)
    page.on('pageerror', error => complaints.push(error.message))
    page.on('console', message => {
      const expected = /status of 4\d\d/.test(message.text())
      if (message.type() === 'error' && !expected) complaints.push(message.text())
    })
    await page.goto(url)
    await page.waitForSelector('#sections a')
    return page
  }

  const docs = (hash = ''): string => `${served.url}/api/docs${hash}`

  test('lists all resources, and finds them', async () => {
    const page = await open(docs())
    const names = (): Promise<string[]> =>
      page.locator('#sections a').evaluateAll(links => links.map(link => link.firstChild!.textContent ?? ''))
    expect(await page.title()).toBe('Office')
    expect(await names()).toEqual(['Overview', 'User', 'Task', 'Notice', 'Invoice', 'Hello', 'Auth', 'API'])
    await page.fill('#search', 'close')
    expect(await names()).toEqual(['Overview', 'Task'])
    await page.click('#sections a >> text=Task')
    expect(await page.locator('h1').last().textContent()).toBe('Task')
    expect(await page.locator('tbody').first().innerText()).toContain('What there is to do')
    await page.close()
  })

  test('sends requests, and shows answers and refusals', async () => {
    const page = await open(docs('#Task'))
    await page.click('#createTask > summary')
    await page.click('#createTask .send')
    await page.waitForSelector('#createTask .status >> text=401')
    await page.fill('#token', token)
    await page.click('#createTask .send')
    await page.waitForSelector('#createTask .status >> text=201 Created')
    expect(await page.locator('#createTask .result .json').innerText()).toContain('"title": "Write a letter"')
    // The token is not part of the text that can be copied.
    expect(await page.locator('#createTask .curl').innerText()).not.toContain(token.slice(0, 20))
    await page.click('#listTask > summary')
    await page.click('#listTask details >> text=Conditions')
    await page.fill('#listTask [aria-label="title[contains]"]', 'letter & more')
    expect(await page.locator('#listTask .curl').innerText()).toContain('title[contains]=letter%20%26%20more')
    await page.click('#listTask .send')
    await page.waitForSelector('#listTask .status >> text=200 OK')
    expect(await page.locator('#listTask .result .json').innerText()).toBe('[]')
    await page.close()
  })

  test.each([
    ['sse', ['created', 'snapshot']],
    ['ws', ['commit', 'snapshot', 'answer', 'hello']],
  ])('follows a list by %s', async (carrier, frames) => {
    const page = await open(docs('#Notice'))
    // Following opens the panel that it writes into, and the example is a list of this API.
    expect(await page.getAttribute('#live', 'class')).not.toBe('open')
    expect(await page.getAttribute('#live-uri', 'placeholder')).toMatch(/^\/(notice|task|user|api)/i)
    await page.selectOption('#live-carrier', carrier)
    await page.fill('#live-uri', '/notice?text=hello')
    await page.click('#live-go')
    await page.waitForSelector('.frame.snapshot')
    await fetch(`${served.url}/api/notice`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify([{ text: 'hello' }, { text: 'other' }]),
    })
    await page.waitForSelector(`.frame.${frames[0]!}`)
    expect(await page.locator('.frame-head b').allTextContents()).toEqual(frames)
    await page.click('#live-go')
    expect(await page.locator('#live-state').textContent()).toBe('stopped')
    await page.close()
  })

  test('sends a file, and shows the answer', async () => {
    const picture = resource({ id: t.id(), title: t.text(), image: t.file({ types: ['image/*'] }) }).public()
    const app = api({ picture }, { report: () => {}, http: { log: () => {} } })
    const own = await serve(app, { port: 0, signals: false, report: () => {} })
    await app.post('picture', { title: 'a' })
    const page = await open(`${own.url}/docs#Picture`)
    await page.click('#uploadImageOfPicture > summary')
    const buffer = Buffer.from('not really')
    await page.setInputFiles('#uploadImageOfPicture [type=file]', { name: 'ä.png', mimeType: 'image/png', buffer })
    expect(await page.locator('#uploadImageOfPicture .curl').innerText()).toContain("-T 'ä.png'")
    await page.click('#uploadImageOfPicture .send')
    await page.waitForSelector('#uploadImageOfPicture .status >> text=201 Created')
    expect(await app.get('picture', 1)).toMatchObject({ image: { name: 'ä.png', type: 'image/png', size: 10 } })
    await page.click('#downloadImageOfPicture > summary')
    await page.click('#downloadImageOfPicture .send')
    await page.waitForSelector('#downloadImageOfPicture .result >> text=10 bytes of image/png')
    await page.close()
    await own.close()
  })

  test('follows the list that it proposes, if nothing else is written', async () => {
    const app = api({ picture: resource({ id: t.id(), title: t.text() }).public() }, { report: () => {} })
    const own = await serve(app, { port: 0, signals: false, report: () => {} })
    const page = await open(`${own.url}/docs`)
    await page.click('#live-go')
    await page.waitForSelector('.frame.snapshot')
    expect(await page.inputValue('#live-uri')).toBe('/picture')
    await page.close()
    await own.close()
  })

  test('says why a stream is refused', async () => {
    const page = await open(docs())
    await page.click('#live-toggle')
    await page.fill('#live-uri', '/nothing')
    await page.click('#live-go')
    await page.waitForSelector('#live-state >> text=refused: 404')
    await page.close()
  })

  test('is light or dark as the reader has it, and fits a phone', async () => {
    const colour = async (colorScheme: 'light' | 'dark'): Promise<string> => {
      const page = await open(docs('#Task'), { colorScheme, viewport: { width: 390, height: 800 } })
      const wide = await page.evaluate(() => document.documentElement.scrollWidth)
      expect(wide).toBeLessThanOrEqual(390)
      const found = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
      await page.close()
      return found
    }
    expect(await colour('light')).not.toBe(await colour('dark'))
  })

  test('shows hostile words as words', async () => {
    const evil = `</script><script>globalThis.pwned=1</script><img src=x onerror="globalThis.pwned=1">"'&lt;`
    const app = api(
      {
        thing: resource(
          { id: t.id(), name: t.text().title(evil).describe(evil).example(evil) },
          { title: `Evil ${evil}` },
        )
          .docs(evil)
          .public(),
      },
      { store: memory(), docs: `# ${evil}\n\n${evil}`, version: evil, report: () => {}, http: { log: () => {} } },
    )
    await app.post('thing', { name: evil } as never)
    const hostile = await serve(app, { port: 0, signals: false, report: () => {} })
    try {
      const page = await open(`${hostile.url}/docs`)
      await page.locator('#sections a').nth(1).click()
      await page.waitForSelector('.operation')
      for (const one of await page.locator('.operation > summary').all()) await one.click()
      await page.locator('.send').first().click()
      await page.waitForSelector('.result .json')
      expect(await page.evaluate(() => (globalThis as { pwned?: number }).pwned)).toBeUndefined()
      expect(await page.locator('img, script:not([type=module])').count()).toBe(0)
      expect(await page.locator('h1').last().textContent()).toContain(evil)
      expect(await page.title()).toContain('</script>')
      await page.close()
    } finally {
      await hostile.close()
    }
  })

  test('has the client in the console as res, with the token of the page', async () => {
    const page = await open(docs())
    const said = page.waitForEvent('console', message => message.text().includes('await res.user.list()'))
    await page.reload()
    await said
    const refused = await page.evaluate('res.task.create({ title: "a", user: 1 }).catch(error => error.status)')
    expect(refused).toBe(401)
    await page.evaluate('res.auth.login({ email: "ann@example.com", password: "correct horse battery" })')
    expect(await page.evaluate('res.task.create({ title: "from the console", user: 1 })')).toMatchObject({ user: 1 })
    expect(await page.inputValue('#token')).not.toBe('')
    await page.close()
  })

  test('client.js logs in for longer than the page, sends files, and follows rows', async () => {
    const picture = resource({ id: t.id(), title: t.text(), image: t.file() }).public()
    const user = resource({ id: t.id(), email: t.email().unique(), password: t.password() })
      .login('email', 'password')
      .rules((me, row) => ({ create: always, read: row.is(me) }))
    const app = api(
      { picture, user },
      { store: memory(), auth: { secret: 'only the tests of pages in a browser use it' }, report: () => {} },
    )
    const gallery = await serve(app, { port: 0, signals: false, report: () => {} })
    const page = await browser.newPage()
    await page.goto(`${gallery.url}/health`)
    // As text, so that it is the browser's own import.
    const run = (text: string): Promise<unknown> =>
      page.evaluate(`import('/client.js').then(async ({ default: client }) => { ${text} })`)
    await run(`
      const ann = { email: 'ann@example.com', password: 'correct horse battery' }
      await client.user.create(ann)
      await client.auth.login(ann)`)
    await page.reload()
    const seen = await run(`
      const live = client.picture.live({ sort: '-title' })
      await live.ready
      const seen = new Promise(resolve => live.subscribe(({ rows }) => rows[1]?.image && resolve(rows)))
      const { id } = await client.picture.create({ title: 'a' })
      await client.picture.create({ title: 'b' })
      await client.picture.upload(id, 'image', new File(['bytes'], 'dör.txt', { type: 'text/plain' }))
      const rows = await seen
      live.close()
      const { length } = await client.user.list()
      return [length, rows.map(({ title, image }) => [title, image?.name, image?.size])]`)
    const rows = [
      ['b', null, null],
      ['a', 'dör.txt', 5],
    ]
    expect(JSON.parse(JSON.stringify(seen))).toEqual([1, rows])
    await page.close()
    await gallery.close()
  })
})
