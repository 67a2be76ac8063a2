// What the studio shows of the subscriptions of the server, and of what waits for them.
import { describe, expect, onTestFinished, test } from 'vitest'
import { NativeClient } from '../../src/testing/native-client.ts'
import { hasBrowser } from '../describe/browser.ts'
import { openedStudio } from './open-studio.ts'

describe.runIf(hasBrowser)('the subscriptions of the server', () => {
  const studio = openedStudio()

  const asked = async (path: string): Promise<any> =>
    (await fetch(`${studio.served.url}/studio/${path}`, { headers: { 'x-user': 'eve' } })).json()

  test('are listed with who follows, what waits for them, and up to where all was told', async () => {
    const client = await NativeClient.open(studio.served.url.replace('http', 'ws') + '/', { 'x-user': 'bob' })
    onTestFinished(() => client.cut())
    await client.ask({ op: 'subscribe', uri: '/task?rank=7' })
    const aborted = new AbortController()
    onTestFinished(() => aborted.abort())
    const headers = { accept: 'text/event-stream', 'x-user': 'ann' }
    const stream = await fetch(`${studio.served.url}/task?rank=8`, { headers, signal: aborted.signal })
    expect(stream.status).toBe(200)
    const { queries, told, position } = await asked('subscriptions')
    const of = (rank: number): any =>
      queries.find(({ query }: { query: string }) => new RegExp(`\\b${rank}\\b`).test(query))
    expect(of(7).followers).toEqual([
      { phase: 'following', position, steps: 0, reader: { who: 2, waiting: expect.any(Number) } },
    ])
    expect(of(8).followers).toEqual([
      { phase: 'following', position, steps: 0, reader: { who: 1, waiting: expect.any(Number) } },
    ])
    expect(told).toBe(position)
  })

  test('say up to where each was told, and what a commit costs that concerns them', async () => {
    const client = await NativeClient.open(studio.served.url.replace('http', 'ws') + '/', { 'x-user': 'eve' })
    onTestFinished(() => client.cut())
    await client.ask({ op: 'subscribe', uri: '/task?rank=20' })
    await client.ask({ op: 'subscribe', uri: '/task?rank=21' })
    await client.ask({ op: 'subscribe', uri: '/task?owner.role=member&rank[gte]=20' })
    const of = async (text: string): Promise<any> => {
      const { queries } = await asked('subscriptions')
      return queries.find(({ query }: { query: string }) => query.includes(text))
    }
    const before = await of('"rank":20')
    expect([before.upkeep, before.cost]).toEqual(['rows', null])
    const { id } = (await studio.app.post('task', { title: 'a', owner: 1, rank: 20 })) as { id: number }
    const told = await client.hear(({ events }) => events)
    const after = await of('"rank":20')
    expect(after.cost).toBeGreaterThan(0)
    expect(after.followers[0].position).toBe(told.position)
    expect(after.followers[0].position).not.toBe(before.followers[0].position)
    // What does not concern a query tells nothing, and costs it nothing.
    const other = await of('"rank":21')
    expect([other.cost, other.followers[0].position]).toEqual([null, before.followers[0].position])
    const maintained = await of('role')
    expect([maintained.upkeep, maintained.followers[0].position]).toEqual(['maintained', told.position])
    expect(maintained.cost).toBeGreaterThan(0)
    await studio.app.delete('task', id)
  })

  test('say how many bytes a client has not taken, and that it is behind', async () => {
    // The client reads nothing from now on, and more is told than the connection and the mailbox hold.
    const client = await NativeClient.open(studio.served.url.replace('http', 'ws') + '/', { 'x-user': 'eve' })
    onTestFinished(() => client.cut())
    await client.ask({ op: 'subscribe', uri: '/task?rank[gte]=1000' })
    client.socket.pause()
    const { id } = (await studio.app.post('task', { title: 'large', owner: 1, rank: 1_000 })) as { id: number }
    const late = async (): Promise<any> => {
      for (let i = 0; i < 100; i++)
        await studio.app.patch('task', id, { secret: `${i} ${Math.random()}`.padEnd(9_000, 'x') })
      const { queries } = await asked('subscriptions')
      return queries.find(({ query }: { query: string }) => query.includes('1000')).followers[0]
    }
    await expect.poll(late).toMatchObject({ phase: 'behind', reader: { who: 3 } })
    expect((await late()).reader.waiting).toBeGreaterThan(1_000_000)
  })

  test('are on the page, with their followers, and the lag of commits is drawn', async () => {
    const page = await studio.open('data/task')
    await page.waitForSelector('.live-mark:not(.stale)')
    const other = await studio.open('wire')
    await other.getByRole('tab', { name: 'Queries of the server' }).click()
    await other
      .getByRole('button', { name: /followers? of task/ })
      .first()
      .click()
    await other.waitForSelector('.followers >> text=user 3')
    await other.waitForSelector('.followers >> text=following')
    await other.waitForSelector('.followers >> text=Incremental:')
    const lineOf = async (name: string): Promise<string> => (await other.textContent(`.queries ${name}`)) ?? ''
    const before = await lineOf('.followers')
    await studio.app.patch('task', 1, { rank: 4 })
    await expect.poll(() => lineOf('.followers')).not.toBe(before)
    await expect.poll(() => lineOf('.followers')).toMatch(/told up to \S+\.\d+; 0 steps/)
    await expect.poll(() => lineOf('tr:has(+ .followers) td:last-child')).toMatch(/ (µs|ms)$/)
    await other.getByRole('tab', { name: 'Load' }).click()
    await other.waitForSelector('.chart >> text=Commit lag, ms')
    const { commits, lag } = await asked('server')
    await studio.app.patch('task', 1, { rank: 5 })
    await expect.poll(async () => (await asked('server')).commits).toBeGreaterThan(commits)
    expect(lag).toBeGreaterThanOrEqual(0)
    await page.close()
    await other.close()
  })
})
