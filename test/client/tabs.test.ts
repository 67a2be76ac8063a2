// Tabs of one browser share a connection.
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { always, any, api, resource, t } from '../../src/index.ts'
import { bundlePage, hasBrowser, openBrowser } from '../describe/browser.ts'
import { urlOf } from './served.ts'

let browser: Browser
let script: string
beforeAll(async () => {
  if (!hasBrowser) return
  browser = await openBrowser()
  script = await bundlePage(join(import.meta.dirname, 'tabs.page.ts'))
})
afterAll(() => browser?.close())

const inPage = async <T>(page: Page, work: string): Promise<T> => (await page.evaluate(`(async () => ${work})()`)) as T
const texts = (page: Page): Promise<string> => inPage(page, 'texts()')
const sockets = (page: Page): Promise<number> => inPage(page, 'sockets()')

/** A server, and what opens tabs of one browser that follow its notes. */
async function tabsOf(): Promise<{ readonly app: Notes; readonly openTab: () => Promise<Page> }> {
  const app = declare()
  return { app, openTab: await tabsAt(await urlOf(app)) }
}

/** Opens tabs of one browser. */
async function tabsAt(url: string): Promise<() => Promise<Page>> {
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  await context.route(`${url}/page`, route =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><body><script type="module">${script.replaceAll('</script', '<\\/script')}</script>`,
    }),
  )
  const openTab = async (): Promise<Page> => {
    const page = await context.newPage()
    await page.clock.install()
    await page.goto(`${url}/page`)
    await expect.poll(() => inPage(page, 'api.$status.connection')).toBe('open')
    return page
  }
  return openTab
}

const declare = () => api({ note: resource({ id: t.id(), text: t.text({ min: 1 }) }).public() })
type Notes = ReturnType<typeof declare>

describe.skipIf(!hasBrowser)('two tabs', () => {
  test('have one connection, and when one is closed the other goes on without loss', async () => {
    const { app, openTab } = await tabsOf()
    const first = await openTab()
    const second = await openTab()
    await inPage(first, `api.note.create({ text: 'a' })`)
    // The answer comes after what the write did to the live queries of the tab, as without other tabs.
    expect(await inPage(second, `api.note.create({ text: 'b' }).then(() => texts())`)).toBe('a,b')
    await expect.poll(() => texts(first)).toBe('a,b')
    expect(await inPage(second, `api.note.create({ text: '' }).catch(problem => problem.code)`)).toBe('validation')
    expect([await sockets(first), await sockets(second)]).toEqual([1, 0])

    await first.close()
    await app.create('note', { text: 'c' })
    await inPage(second, `api.note.create({ text: 'd' })`)
    await expect.poll(() => texts(second)).toBe('a,b,c,d')
    expect(await sockets(second)).toBe(1)
    const third = await openTab()
    await expect.poll(() => texts(third)).toBe('a,b,c,d')
    expect(await sockets(third)).toBe(0)
    await third.close()
    await app.create('note', { text: 'e' })
    await expect.poll(() => texts(second)).toBe('a,b,c,d,e')
  })

  test('go on when the browser freezes the one that leads, which follows when it wakes up', async () => {
    const { app, openTab } = await tabsOf()
    const first = await openTab()
    const second = await openTab()
    await inPage(first, `document.dispatchEvent(new Event('freeze'))`)
    await expect.poll(() => sockets(second)).toBe(1)
    await app.create('note', { text: 'a' })
    await expect.poll(() => texts(second)).toBe('a')
    await inPage(second, `api.note.create({ text: 'b' })`)
    await expect.poll(() => texts(first)).toBe('a,b')
    expect([await sockets(first), await sockets(second)]).toEqual([1, 1])
    await second.close()
    await inPage(first, `api.note.create({ text: 'c' })`)
    expect(await texts(first)).toBe('a,b,c')
  })

  test('go on when the one that leads hangs, which follows when it hears them again', async () => {
    const { app, openTab } = await tabsOf()
    const first = await openTab()
    const second = await openTab()
    await inPage(first, 'silence(true)')
    const work = inPage(second, `api.note.create({ text: 'a' }).then(row => row.text)`)
    await second.clock.fastForward(5_000)
    await second.clock.fastForward(5_000)
    expect(await work).toBe('a')
    await app.create('note', { text: 'b' })
    await expect.poll(() => texts(second)).toBe('a,b')
    await inPage(first, 'silence(false)')
    await first.clock.fastForward(5_000)
    await expect.poll(() => texts(first)).toBe('a,b')
    await inPage(first, `api.note.create({ text: 'c' })`)
    await expect.poll(() => texts(second)).toBe('a,b,c')
    expect([await sockets(first), await sockets(second)]).toEqual([1, 1])
  })

  test('show nothing of the former user when somebody else has logged in in one of them', async () => {
    const user = resource({ id: t.id(), email: t.email().unique(), password: t.password() })
      .login('email', 'password')
      .rules((me, row) => ({ create: always, read: row.is(me), write: row.is(me) }))
    const note = resource
      .for(user)({ id: t.id(), text: t.text(), owner: t.one('user').default(({ me }) => me?.id) })
      .rules((me, row) => ({ create: me.signedIn, read: any(row.owner.is(me)), write: row.owner.is(me) }))
    const app = api({ user, note }, { auth: { secret: 'a secret of more than thirty-two bytes' } })
    const openTab = await tabsAt(await urlOf(app))
    const first = await openTab()
    const logIn = (name: string): string => {
      const who = `{ email: '${name}@example.com', password: 'correct horse' }`
      return `api.user.create(${who}).then(() => api.$auth.login(${who}))`
    }
    await inPage(first, logIn('ann'))
    await first.reload()
    const second = await openTab()
    await inPage(first, `api.note.create({ text: 'of Ann' })`)
    await expect.poll(() => texts(second)).toBe('of Ann')
    expect(await inPage(second, `${logIn('ben')}.then(() => texts())`)).toBe('')
    await expect.poll(() => texts(first)).toBe('')
    await inPage(first, `api.note.create({ text: 'of Ben' })`)
    await expect.poll(() => texts(second)).toBe('of Ben')
    expect(await texts(first)).toBe('of Ben')
    expect(await app.list('note')).toMatchObject([
      { text: 'of Ann', owner: 1 },
      { text: 'of Ben', owner: 2 },
    ])
  })
})
