// Rate limits in the studio: who has spent how much, on all nodes.
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { api, resource, serve, t, type Api, type ApiOptions } from '../../src/index.ts'
import { postgres } from '../../src/store/postgres/index.ts'
import { newDatabase } from '../../src/testing/postgres/new-database.ts'
import { hasPostgres, startPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { hasBrowser, openBrowser } from '../describe/browser.ts'
import { runsWith } from '../system-programs.ts'

const people = { ann: { id: 1 }, bob: { id: 'b' } } as const
const note = resource({ id: t.id(), text: t.text() }, { rateLimit: { name: 'notes', quota: 10, window: 100 } }).public()
const free = resource({ id: t.id() }).public()

function opened(options: ApiOptions = {}): Api {
  const app = api(
    { note, free },
    {
      authenticate: ({ header }) => people[header('x-user') as keyof typeof people] ?? null,
      studio: { use: () => true },
      report: () => {},
      http: { log: () => {} },
      ...options,
    },
  )
  onTestFinished(() => app.close())
  return app
}

const ask = async (app: Api, path: string, user?: string): Promise<any> => {
  const headers = user === undefined ? {} : { 'x-user': user }
  const answer = await app.fetch(new Request(`http://localhost${path}`, { headers }))
  return answer.json()
}

test('each limit is listed with what is spent of it and when it is full again', async () => {
  const now = Date.UTC(2030, 0)
  const app = opened({ rateLimit: { quota: 100, window: 60, by: 'everyone' }, clock: () => now })
  for (let i = 0; i < 3; i++) await ask(app, '/note', 'ann')
  await ask(app, '/note', 'bob')
  const { policies, budgets, isListed } = await ask(app, '/studio/budgets')
  expect(isListed).toBe(true)
  expect(policies).toEqual([
    { name: 'default', quota: 100, window: 60_000, by: 'everyone', resources: [] },
    { name: 'notes', quota: 10, window: 100_000, by: 'caller', resources: ['note'] },
  ])
  expect(budgets).toEqual([
    { policy: 'notes', kind: 'number', account: '1', remaining: 7, more: 10, whole: now + 30_000 },
    { policy: 'notes', kind: 'string', account: 'b', remaining: 9, more: 10, whole: now + 10_000 },
    { policy: 'default', kind: '', account: '', remaining: 96, more: 1, whole: now + 2_400 },
  ])
})

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('with nodes', () => {
  test('what is spent on one node is seen on the other', async () => {
    const url = await newDatabase(await startPostgres(inject('postgresFolder')))
    const [one, two] = [opened({ store: postgres(url) }), opened({ store: postgres(url) })]
    await Promise.all([one.ready(), two.ready()])
    await ask(one, '/note', 'ann')
    await ask(two, '/note', 'ann')
    for (const node of [one, two])
      expect((await ask(node, '/studio/budgets')).budgets).toMatchObject([{ account: '1', remaining: 8 }])
  })
})

test('budgets that are kept elsewhere may not be listed, and only those see any whom the rule admits', async () => {
  const elsewhere = opened({ budgets: { spend: (_, cost) => ({ allowed: true, debt: cost }) } })
  await ask(elsewhere, '/note', 'ann')
  expect(await ask(elsewhere, '/studio/budgets')).toMatchObject({ isListed: false, budgets: [] })
  const closed = opened({ studio: { use: () => false } })
  expect(await ask(closed, '/studio/budgets')).toMatchObject({ status: 401 })
})

describe.runIf(hasBrowser)('in a browser', () => {
  test('the page of limits shows who has spent what', async () => {
    const app = opened()
    const { url, close } = await serve(app, { port: 0, signals: false, report: () => {} })
    const browser = await openBrowser()
    onTestFinished(async () => {
      await browser.close()
      await close()
    })
    for (let i = 0; i < 4; i++) await fetch(`${url}/note`, { headers: { 'x-user': 'ann' } })
    const page = await browser.newPage()
    await page.goto(`${url}/studio#/server/limits`)
    await page.waitForSelector('.budgets tr:has-text("user 1") >> text=/[1-4] of 10/')
    await fetch(`${url}/note`, { headers: { 'x-user': 'bob' } })
    await page.waitForSelector('.budgets tr:has-text("user b") >> text=1 of 10')
  })
})
