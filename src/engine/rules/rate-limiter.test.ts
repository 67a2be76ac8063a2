import { describe, expect, onTestFinished, test } from 'vitest'
import { api, type Api } from '../../api.ts'
import type { ApiOptions } from '../../api-options.ts'
import { ModelError } from '../../model/link/faults.ts'
import type { RateLimit } from '../../model/declare/rate-limit.ts'
import { resource } from '../../model/declare/resource.ts'
import { t } from '../../schema/builder.ts'
import { MemoryBudgets, type Budgets } from './rate-limiter.ts'

const clock = { now: 0 }
const second = 1_000

const noteOf = (rateLimit?: RateLimit | readonly RateLimit[]) =>
  resource(
    { id: t.id(), text: t.text(), of: t.one('note').nullable() },
    rateLimit === undefined ? {} : { rateLimit },
  ).public()

function open(rateLimit: RateLimit | readonly RateLimit[] | undefined, options: ApiOptions = {}): Api {
  clock.now = Date.UTC(2026, 0, 1)
  const app = api(
    { note: noteOf(rateLimit), free: resource({ id: t.id() }).public() },
    {
      clock: () => clock.now,
      random: bytes => new Uint8Array(bytes),
      report: () => {},
      authenticate: credentials => {
        const id = credentials.header('authorization')
        if (id === 'wrong') throw new Error('wrong')
        return id === undefined ? null : { id }
      },
      ...options,
      http: { log: () => {}, trustedProxies: ['10.0.0.1'], ...options.http },
    },
  )
  onTestFinished(() => app.close())
  return app
}

interface Asked {
  readonly as?: string
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** An answer as `status r=… t=…`. */
async function ask(app: Api, { as = 'ann', method = 'GET', path = '/note', headers = {}, body }: Asked = {}) {
  const answer = await app.fetch(
    new Request(`http://host${path}`, {
      method,
      headers: { ...(as === '' ? {} : { authorization: as }), ...headers },
      ...(body === undefined ? {} : { body }),
    }),
  )
  return answer
}

const told = (answer: Response): string =>
  `${answer.status} ${/r=\d+(;t=\d+)?/.exec(answer.headers.get('ratelimit') ?? '')?.[0] ?? ''}`

describe('rate limits', () => {
  test('a spent budget comes back evenly', async () => {
    const app = open('5/15s')
    const seen: string[] = []
    for (let i = 0; i < 6; i++) seen.push(told(await ask(app)))
    expect(seen).toEqual(['200 r=4;t=3', '200 r=3;t=3', '200 r=2;t=3', '200 r=1;t=3', '200 r=0;t=3', '429 r=0;t=3'])
    clock.now += 2 * second
    expect(told(await ask(app))).toBe('429 r=0;t=1')
    clock.now += second
    expect(told(await ask(app))).toBe('200 r=0;t=3')
    clock.now += 15 * second
    expect(told(await ask(app))).toBe('200 r=4;t=3')
  })

  test('a refusal says when to come back, by which policy, and as a problem that is registered', async () => {
    const app = open({ name: 'notes', quota: 1, window: 60 })
    const first = await ask(app)
    expect(first.headers.get('ratelimit-policy')).toBe('"notes";q=1;w=60')
    const refused = await ask(app)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('60')
    expect(refused.headers.get('cache-control')).toBe('no-store')
    expect(await refused.json()).toMatchObject({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      status: 429,
      error: 'rate_limited',
      retryAfter: 60,
      'violated-policies': ['notes'],
    })
  })

  test('a body with several rows costs one for every ten', async () => {
    const app = open('10/60s')
    const post = (rows: number): Promise<Response> =>
      ask(app, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(Array.from({ length: rows }, () => ({ text: 'a' }))),
      })
    expect(told(await post(1))).toMatch('201 r=9')
    expect(told(await post(10))).toMatch('201 r=8')
    expect(told(await post(25))).toMatch('201 r=5')
    expect(told(await post(60))).toMatch('429 r=5')
  })

  test.each<[string, string, (rows: object[]) => unknown, string?]>([
    ['POST', '/team', rows => ({ notes: rows })],
    ['PATCH', '/team/1', rows => ({ notes: rows })],
    ['PATCH', '/team/1', rows => [{ op: 'add', path: '/notes', value: rows }], 'application/json-patch+json'],
  ])('rows within a row cost as much: %s %s', async (method, path, body, type = 'application/json') => {
    const team = resource({ id: t.id(), notes: t.back('note', 'team') }, { rateLimit: '10/60s' }).public()
    const note = resource({ id: t.id(), text: t.text(), team: t.one('team').nullable() }).public()
    const app = api({ team, note }, { clock: () => 0, report: () => {}, http: { log: () => {} } })
    onTestFinished(() => app.close())
    await app.post('team', {})
    const rows = Array.from({ length: 24 }, () => ({ text: 'a' }))
    const headers = { 'content-type': type }
    const answer = await ask(app, { method, path, headers, body: JSON.stringify(body(rows)) })
    expect([answer.ok, answer.headers.get('ratelimit')]).toEqual([true, '"team";r=7;t=6'])
  })

  test('chance adds to the time, and never takes from it', async () => {
    const app = open('1/60s', { random: bytes => new Uint8Array(bytes).fill(255) })
    await ask(app)
    expect(Number((await ask(app)).headers.get('retry-after'))).toBe(66)
  })

  test('each caller has a budget, and anonymous callers share that of their address', async () => {
    const app = open('1/60s')
    const from = (address: string): Asked => ({ as: '', headers: { 'x-forwarded-for': address } })
    expect((await ask(app, { as: 'ann' })).status).toBe(200)
    expect((await ask(app, { as: 'bob' })).status).toBe(200)
    expect((await ask(app, { as: 'ann' })).status).toBe(429)
    expect((await ask(app, from('203.0.113.1'))).status).toBe(200)
    // Nobody vouches for this header field, because the peer is no trusted proxy.
    expect((await ask(app, from('203.0.113.2'))).status).toBe(429)
  })

  test('policies hold together, and those of one name are one budget', async () => {
    const app = open([
      { name: 'burst', quota: 2, window: 1 },
      { name: 'long', quota: 3, window: 3_600 },
    ])
    const answer = await ask(app)
    expect(answer.headers.get('ratelimit-policy')).toBe('"burst";q=2;w=1, "long";q=3;w=3600')
    await ask(app)
    expect(await (await ask(app)).json()).toMatchObject({ 'violated-policies': ['burst'] })
    clock.now += second
    expect((await ask(app)).status).toBe(200)
    clock.now += second
    expect(await (await ask(app)).json()).toMatchObject({ 'violated-policies': ['long'] })
  })

  test('a limit of the API is one budget for all its resources', async () => {
    const app = open(undefined, { rateLimit: '2/60s' })
    expect((await ask(app, { path: '/note' })).status).toBe(200)
    expect((await ask(app, { path: '/free' })).headers.get('ratelimit')).toBe('"default";r=0;t=30')
    expect((await ask(app, { path: '/note' })).status).toBe(429)
  })

  test.each<[string, Asked, string]>([
    ['a request of price 1', {}, '200 r=9;t=6'],
    ['two levels of related rows', { path: '/note?depth=2' }, '200 r=8;t=6'],
    [
      'an operation with a price',
      { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"text":"a"}' },
      '201 r=5;t=6',
    ],
    ['an operation that is free', { path: '/note/1' }, '404 r=10'],
    ['a request that cannot be understood', { path: '/note?nonsense=1' }, '400 '],
    ['a question of a browser', { method: 'OPTIONS' }, '204 '],
  ])('%s', async (_, asked, expected) => {
    const app = open({ quota: 10, window: 60, cost: { create: 5, get: 0 } })
    expect(told(await ask(app, asked))).toBe(expected)
  })

  test('requests that are refused before they are read are charged as well, preflights are not', async () => {
    const app = open('3/60s')
    expect((await ask(app, { path: '/note?nonsense=1' })).status).toBe(400)
    expect((await ask(app, { method: 'BREW' })).status).toBe(501)
    expect((await ask(app, { method: 'OPTIONS' })).status).toBe(204)
    expect(told(await ask(app))).toBe('200 r=0;t=20')
  })

  test('a price above the quota can be paid from a whole budget', async () => {
    const app = open({ quota: 2, window: 60, cost: { list: 100 } })
    expect(told(await ask(app))).toBe('200 r=0;t=30')
  })

  test('resources without a limit send no fields, and the application is not limited', async () => {
    const app = open('1/60s')
    expect((await ask(app, { path: '/free' })).headers.get('ratelimit')).toBeNull()
    for (let i = 0; i < 3; i++) await app.list('note')
    expect((await ask(app)).status).toBe(200)
  })

  test('budgets may be kept elsewhere', async () => {
    const memory = new MemoryBudgets()
    const budgets: Budgets = { spend: async (...asked) => memory.spend(...asked) }
    const one = open('1/60s', { budgets })
    const two = open('1/60s', { budgets })
    expect((await ask(one)).status).toBe(200)
    expect((await ask(two)).status).toBe(429)
  })

  test('budgets of callers who left are forgotten', () => {
    const budgets = new MemoryBudgets()
    for (let i = 0; i < 250_000; i++) budgets.spend(`${i}`, 10, 1_000, i)
    expect(budgets.size).toBeLessThanOrEqual(100_000)
    expect(budgets.spend('249999', 995, 1_000, 249_999)).toEqual({ allowed: false, debt: 10 })
  })

  test.each<[RateLimit, string]>([
    ['5/0s', 'no quota or no window'],
    [{ quota: 0, window: 1 }, 'no quota or no window'],
    [{ quota: 1, window: 1, name: 'a b' }, 'cannot be called'],
    [{ quota: 1, window: 1, cost: { list: -1 } }, 'lets list cost -1'],
  ])('%j is refused at start', (limit, problem) => {
    expect(() => open(limit)).toThrow(ModelError)
    expect(() => open(limit)).toThrow(problem)
    expect(() => open(undefined, { rateLimit: limit })).toThrow(problem)
  })
})

test('subscriptions and requests are one budget', async () => {
  const app = open('3/60s')
  const follow = (): Promise<Response> => ask(app, { headers: { accept: 'text/event-stream' } })
  const stream = await follow()
  expect(stream.status).toBe(200)
  expect(told(await ask(app))).toBe('200 r=1;t=20')
  expect((await follow()).status).toBe(200)
  const refused = await follow()
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('20')
})
