// Why somebody may not create a row or call an action, and why a file is not shown.
import { describe, expect, onTestFinished, test } from 'vitest'
import { action, all, any, api, resource, serve, t, type Api } from '../../src/index.ts'
import { hasBrowser, openBrowser } from '../describe/browser.ts'

const user = resource({ id: t.id(), email: t.email().unique(), password: t.password().nullable(), role: t.text() })
  .login('email', 'password')
  .public()
const doc = resource({ id: t.id(), title: t.text(), owner: t.one('user'), file: t.file() })
  .actions({
    close: action({ on: 'row', run: () => 'closed' }),
    sweep: action({ run: () => 'swept' }),
    lost: action({ run: () => 'lost' }),
  })
  .rules((me, row) => ({
    read: me.signedIn,
    create: all(me.signedIn, any(me['role'].is('admin'), row.owner.is(me))),
    write: me.signedIn,
    actions: { close: row.owner.is(me), sweep: me['role'].is('admin') },
  }))

async function opened(): Promise<Api> {
  const options = {
    auth: { secret: 'only this test uses it, so it may be known' },
    studio: { use: () => true, lookAs: () => true },
  }
  const app = api({ user, doc }, { ...options, report: () => {}, http: { log: () => {} } })
  await app.post('user', { email: 'ann@example.com', role: 'member' })
  await app.post('user', { email: 'eve@example.com', role: 'admin' })
  await app.post('doc', { title: 'a', owner: 1 })
  return app
}

async function whole(app: Api, who: number | null): Promise<any> {
  const body = JSON.stringify({ resource: 'doc', ids: [1], user: who })
  const headers = { 'content-type': 'application/json' }
  const answer = await app.fetch(new Request('http://localhost/studio/verdicts', { method: 'POST', headers, body }))
  return answer.json()
}

test('creating and actions of the resource are explained as far as they depend on the caller', async () => {
  const app = await opened()
  onTestFinished(() => app.close())
  expect((await whole(app, null)).whole.may).toEqual({ create: false, sweep: false, lost: false })
  const ann = await whole(app, 1)
  expect(ann.whole.may).toEqual({ create: null, sweep: false, lost: false })
  expect(ann.whole.why.create).toEqual([
    '? all of',
    '  ✓ me.signedIn',
    '  ? any of',
    '    ✗ me.role.is("admin") (me.role = "member")',
    '    ? row.owner.is(me) (me = 1)',
  ])
  expect(ann.whole.why.lost[0]).toContain('no rule for')
  expect((await whole(app, 2)).whole.may).toEqual({ create: true, sweep: true, lost: false })
  for (const id of [1, 2]) {
    const { may } = (await whole(app, id)).whole
    const { access_token: token } = await app.engine.auth!.begin(id)
    for (const name of ['sweep', 'lost']) {
      const headers = { authorization: `Bearer ${token}` }
      const { status } = await app.fetch(new Request(`http://localhost/doc/${name}`, { method: 'POST', headers }))
      expect(status, `${name} by ${id}`).toBe(may[name] ? 200 : 403)
    }
  }
})

test('actions of a row are explained with the row', async () => {
  const app = await opened()
  onTestFinished(() => app.close())
  expect((await whole(app, 1)).rows[0].may).toMatchObject({ read: true, close: true })
  const eve = (await whole(app, 2)).rows[0]
  expect(eve.may).toMatchObject({ read: true, close: false })
  expect(eve.why.close).toEqual(['✗ row.owner.is(me) (row.owner = 1, me = 2)'])
})

describe.runIf(hasBrowser)('in a browser', () => {
  test('the panel of a row says both, and why a PDF is not shown', async () => {
    const app = await opened()
    const { url, close } = await serve(app, { port: 0, signals: false, report: () => {} })
    const browser = await openBrowser()
    onTestFinished(async () => {
      await browser.close()
      await close()
    })
    const tokens = await app.engine.auth!.begin(2)
    const page = await browser.newPage()
    const complaints: string[] = []
    page.on('console', message => message.type() === 'error' && complaints.push(message.text()))
    await page.addInitScript(
      `localStorage.setItem('restuary-studio ${url}', ${JSON.stringify(JSON.stringify(tokens))})`,
    )
    const uploaded = await fetch(`${url}/doc/1/file`, {
      method: 'PUT',
      headers: { 'content-type': 'application/pdf', authorization: `Bearer ${tokens.access_token}` },
      body: '%PDF-1.4 <script>document.title="run"</script>',
    })
    expect(uploaded.status).toBeLessThan(300)
    await page.goto(`${url}/studio#/data/doc?row=1`)
    await page.waitForSelector('.no-preview >> text=A PDF may contain programs')
    await page.getByRole('button', { name: 'Download' }).waitFor()
    await page.getByRole('tab', { name: 'Who may' }).click()
    await page.waitForSelector('.verdict:has-text("close") >> text=refused')
    await page.waitForSelector('.verdict:has-text("sweep") >> text=allowed')
    expect(await page.title()).not.toBe('run')
    // Eve, an admin, may create any row. What is made up for Ann depends on what she writes, and nobody else may at all.
    await page.goto(`${url}/studio#/data/doc?row=new`)
    await page.getByRole('button', { name: 'Create' }).waitFor()
    expect(await page.locator('.verdict').count()).toBe(0)
    for (const [tokensOf, words] of [
      [await app.engine.auth!.begin(1), 'depends on what is written'],
      [null, 'refused'],
    ] as const) {
      const other = await browser.newPage()
      const kept = JSON.stringify(tokensOf)
      if (tokensOf) await other.addInitScript(`localStorage.setItem('restuary-studio ${url}', ${JSON.stringify(kept)})`)
      await other.goto(`${url}/studio#/data/doc?row=new`)
      await other.waitForSelector(`.verdict:has-text("create") >> text=${words}`)
      await other.waitForSelector('.verdict:has-text("me.signedIn")')
      await other.close()
    }
    expect(complaints).toEqual([])
  })
})
