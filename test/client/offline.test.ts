// What a page keeps in IndexedDB: it opens without a connection, and what is written meanwhile arrives once.
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { always, any, api, resource, t, type Api } from '../../src/index.ts'
import { bundlePage, hasBrowser, openBrowser } from '../describe/browser.ts'
import { urlOf } from './served.ts'

let browser: Browser
let script: string
beforeAll(async () => {
  if (!hasBrowser) return
  browser = await openBrowser()
  script = await bundlePage(join(import.meta.dirname, 'offline.page.ts'))
})
afterAll(() => browser?.close())

const list = resource({ id: t.id(), title: t.text({ min: 1 }) }).public()
const todo = resource({ id: t.id(), text: t.text({ min: 1 }), list: t.one('list').nullable() }).public()

async function openPage(url: string, beside?: Page): Promise<Page> {
  const context = beside?.context() ?? (await browser.newContext())
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.route(`${url}/page`, route =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><body><script type="module">${script.replaceAll('</script', '<\\/script')}</script>`,
    }),
  )
  await page.goto(`${url}/page`)
  return page
}

const inPage = async <T>(page: Page, work: string): Promise<T> =>
  (await page.evaluate(`(async () => { ${work} })()`)) as T

/** The rows of a live query, and its status. */
const shown = (page: Page, name: string): Promise<unknown[]> =>
  inPage(
    page,
    `const live = api.${name}.live(); live.subscribe(() => {}); await live.ready; return [live.status, ...live.rows]`,
  )

/** How many entries IndexedDB has. */
const stored = (page: Page, name: 'writes' | 'rows'): Promise<number> =>
  inPage(
    page,
    `const opening = indexedDB.open('restuary')
    await new Promise(resolve => opening.addEventListener('success', resolve))
    const counting = opening.result.transaction('${name}').objectStore('${name}').count()
    await new Promise(resolve => counting.addEventListener('success', resolve))
    opening.result.close()
    return counting.result`,
  )

/** The rows that IndexedDB has, as text. */
const keptRows = (page: Page): Promise<string> =>
  inPage(
    page,
    `const opening = indexedDB.open('restuary')
    await new Promise(resolve => opening.addEventListener('success', resolve))
    const reading = opening.result.transaction('rows').objectStore('rows').getAll()
    await new Promise(resolve => reading.addEventListener('success', resolve))
    opening.result.close()
    return JSON.stringify(reading.result)`,
  )

const reload = async (page: Page, setUp = ''): Promise<void> => {
  await inPage(page, setUp)
  await page.reload()
}

describe.skipIf(!hasBrowser)('a page', () => {
  test('opens without a connection with the rows of before, and goes on from there', async () => {
    const app = api({ list, todo })
    await app.create('todo', [{ text: 'a' }, { text: 'b' }])
    const page = await openPage(await urlOf(app))
    expect(await shown(page, 'todo')).toMatchObject(['live', { text: 'a' }, { text: 'b' }])
    await expect.poll(() => stored(page, 'rows')).toBe(1)
    await reload(page, 'down()')
    expect(await shown(page, 'todo')).toMatchObject(['stale', { text: 'a' }, { text: 'b' }])
    await app.patch('todo', 1, { text: 'c' })
    await inPage(page, 'up()')
    await expect.poll(() => shown(page, 'todo')).toMatchObject(['live', { text: 'c' }, { text: 'b' }])
  })

  test('makes rows whose ids the server chooses later, and writes that name them', async () => {
    const app = api({ list, todo })
    const page = await openPage(await urlOf(app))
    expect(await shown(page, 'list')).toEqual(['live'])
    expect(await shown(page, 'todo')).toEqual(['live'])
    await expect.poll(() => stored(page, 'rows')).toBe(2)
    await inPage(
      page,
      `down()
      void api.list.create({ title: 'a' })
      void api.list.create({ title: 'b' })
      const [a, b] = api.list.live().rows
      void api.list.patch(b.id, { title: 'c' })
      void api.todo.create({ text: 'x', list: b.id })`,
    )
    await expect.poll(() => stored(page, 'writes')).toBe(4)
    expect(await shown(page, 'list')).toMatchObject(['stale', { title: 'a' }, { title: 'c' }])
    await page.reload()
    await expect.poll(() => shown(page, 'list')).toMatchObject(['stale', { title: 'a' }, { title: 'c' }])
    await inPage(page, 'up()')
    await expect.poll(() => stored(page, 'writes')).toBe(0)
    expect(await app.list('list')).toEqual([
      { id: 1, title: 'a' },
      { id: 2, title: 'c' },
    ])
    expect(await app.list('todo')).toMatchObject([{ text: 'x', list: 2 }])
    await expect.poll(() => shown(page, 'todo')).toMatchObject(['live', { id: 1, list: 2 }])
  })

  test('lists what was refused, with all that depends on it, and sends it again or forgets it', async () => {
    const app = api({ list, todo })
    const page = await openPage(await urlOf(app))
    await shown(page, 'list')
    await inPage(
      page,
      `down()
      void api.list.create({ title: '' }).catch(() => {})
      void api.todo.create({ text: 'x', list: api.list.live().rows[0].id }).catch(() => {})`,
    )
    await expect.poll(() => stored(page, 'writes')).toBe(2)
    await reload(page, 'up()')
    const failed = (): Promise<unknown[]> => inPage(page, 'return offline.failed()')
    await expect.poll(failed).toMatchObject([
      { uri: '/list', data: { title: '' }, problem: { error: 'validation' } },
      { uri: '/todo', problem: { error: 'validation' } },
    ])
    await inPage(page, 'await offline.retry((await offline.failed())[0].key)')
    await expect.poll(failed).toMatchObject([{ uri: '/todo' }, { uri: '/list', problem: { error: 'validation' } }])
    await inPage(page, 'for (const { key } of await offline.failed()) await offline.discard(key)')
    expect([await failed(), await stored(page, 'writes')]).toEqual([[], 0])
  })

  test('merges what somebody else has changed meanwhile, also after a reload', async () => {
    const app = api({ list, todo })
    await app.create('todo', { text: 'a' })
    const url = await urlOf(app)
    const page = await openPage(url)
    await shown(page, 'todo')
    const tag = (await fetch(`${url}/todo/1`)).headers.get('etag')!.slice(1, -1)
    await inPage(page, `down(); void api.todo.patch(1, { text: 'mine' }, { ifMatch: '${tag}' })`)
    await expect.poll(() => stored(page, 'writes')).toBe(1)
    await app.patch('todo', 1, { text: 'theirs' })
    // Only the page after the reload sends it.
    await reload(page)
    await inPage(page, 'up()')
    await expect.poll(() => stored(page, 'writes')).toBe(0)
    expect(await app.get('todo', 1)).toMatchObject({ text: '["a","theirs"]' })
  })

  test('merges once, also if the page ends before the merged write is answered', async () => {
    const app = api({ list, todo })
    await app.create('todo', { text: 'a' })
    const url = await urlOf(app)
    const page = await openPage(url)
    const tag = (await fetch(`${url}/todo/1`)).headers.get('etag')!.slice(1, -1)
    await app.patch('todo', 1, { text: 'theirs' })
    let isLost = true
    await page.routeWebSocket(/.*/, socket => {
      const server = socket.connectToServer()
      server.onMessage(message => {
        // The answer to the merged write is lost.
        if (!isLost || !String(message).includes('theirs\\"]')) socket.send(message)
      })
    })
    await reload(page)
    await inPage(page, `void api.todo.patch(1, { text: 'mine' }, { ifMatch: '${tag}' })`)
    await expect.poll(async () => (await app.get('todo', 1)).text).toBe('[null,"theirs"]')
    expect(await stored(page, 'writes')).toBe(1)
    isLost = false
    await reload(page)
    await expect.poll(() => stored(page, 'writes')).toBe(0)
    expect(await app.get('todo', 1)).toMatchObject({ text: '[null,"theirs"]' })
  })

  /** A page on which Ann follows the memos that are her own, and the tokens of Ben and of her. */
  async function twoUsers(): Promise<{ app: Api<any>; page: Page; ben: string; ann: string }> {
    const user = resource({ id: t.id(), email: t.email().unique(), password: t.password() })
      .login('email', 'password')
      .rules((me, row) => ({ create: always, read: row.is(me), write: row.is(me) }))
    const memo = resource
      .for(user)({ id: t.id(), text: t.text(), owner: t.one('user').default(({ me }) => me?.id) })
      .rules((me, row) => ({ create: me.signedIn, read: any(row.owner.is(me)), write: row.owner.is(me) }))
    const app = api({ user, memo }, { auth: { secret: 'a secret of more than thirty-two bytes' } })
    const page = await openPage(await urlOf(app))
    const logIn = (name: string): Promise<string> =>
      inPage(
        page,
        `const who = { email: '${name}@example.com', password: 'correct horse' }
        await api.user.create(who)
        await api.$auth.login(who)
        return localStorage.getItem('tokens')`,
      )
    const ben = await logIn('ben')
    const ann = await logIn('ann')
    expect(await shown(page, 'memo')).toEqual(['live'])
    await inPage(page, `await api.memo.create({ text: 'known' }); down(); void api.memo.create({ text: 'secret' })`)
    await expect.poll(() => stored(page, 'writes')).toBe(1)
    return { app, page, ben, ann }
  }

  test('sends and shows nothing of another user', async () => {
    const { app, page, ben, ann } = await twoUsers()
    await reload(page, `localStorage.setItem('tokens', '${ben}'); up()`)
    expect(await shown(page, 'memo')).toEqual(['live'])
    await inPage(page, `await api.memo.create({ text: 'of Ben' })`)
    expect((await app.list('memo')).map(row => row.text)).toEqual(['known', 'of Ben'])
    await reload(page, `localStorage.setItem('tokens', '${ann}')`)
    await expect.poll(() => stored(page, 'writes')).toBe(0)
    expect(await app.list('memo')).toMatchObject([{ text: 'known' }, { text: 'of Ben' }, { text: 'secret', owner: 2 }])
  })

  test('follows a login in another tab at once', async () => {
    const { app, page, ann, ben } = await twoUsers()
    await inPage(page, `up(); localStorage.setItem('tokens', '${ann}')`)
    await app.create('memo', [{ text: 'of Ben', owner: 1 }])
    const other = await openPage(page.url().replace('/page', ''), page)
    const texts = (): Promise<string[]> => inPage(other, 'return api.memo.live().rows.map(row => row.text)')
    await shown(other, 'memo')
    await expect.poll(texts).toContain('known')
    await inPage(page, `localStorage.setItem('tokens', '${ben}')`)
    await expect.poll(texts).toEqual(['of Ben'])
  })

  test('shows nothing of the former user when another tab has logged in while nothing was connected', async () => {
    const { app, page, ann, ben } = await twoUsers()
    await inPage(page, `up(); localStorage.setItem('tokens', '${ann}')`)
    await app.create('memo', [{ text: 'of Ben', owner: 1 }])
    await expect.poll(() => keptRows(page)).toContain('known')
    const other = await openPage(page.url().replace('/page', ''), page)
    const texts = (): Promise<string[]> => inPage(other, 'return api.memo.live().rows.map(row => row.text)')
    await reload(other, 'down()')
    expect((await shown(other, 'memo')).slice(0, 2)).toMatchObject(['stale', { text: 'known' }])
    await inPage(other, `globalThis.heard = new Promise(resolve => addEventListener('storage', resolve))`)
    await inPage(page, `localStorage.setItem('tokens', '${ben}')`)
    await inPage(other, 'await heard')
    await expect.poll(() => inPage(other, 'return api.memo.live().status')).toBe('loading')
    expect(await texts()).toEqual([])
    await inPage(other, 'up()')
    await expect.poll(texts).toEqual(['of Ben'])
  })

  test('sends nothing with the tokens of another user, who has logged in elsewhere', async () => {
    const { app, page, ben, ann } = await twoUsers()
    await inPage(page, `localStorage.setItem('tokens', '${ben}'); up()`)
    await expect.poll(() => inPage(page, 'return api.$status.pending')).toBe(0)
    expect(await stored(page, 'writes')).toBe(1)
    expect(await inPage(page, `return (await api.memo.create({ text: 'of Ben' })).owner`)).toBe(1)
    expect((await app.list('memo')).map(row => row.text)).toEqual(['known', 'of Ben'])
    await inPage(page, `localStorage.setItem('tokens', '${ann}'); down(); up()`)
    await expect.poll(() => stored(page, 'writes')).toBe(0)
    expect(await app.list('memo')).toMatchObject([{ text: 'known' }, { text: 'of Ben' }, { text: 'secret', owner: 2 }])
  })
})
