// Resources that functions serve: on HTTP, in the log, all or nothing, followed and resumed.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, expectTypeOf, test } from 'vitest'
import { api, ApiError, handled, memory, ModelError, resource, sqlite, t, type Store } from '../src/index.ts'
import type { FollowedUri, ValuesKind } from '../src/live/subscriptions/published.ts'
import type { Listener, Subscription } from '../src/live/subscriptions/subscription.ts'
import { slow } from '../src/testing/slow-store.ts'

const directory = mkdtempSync(join(tmpdir(), 'handled-'))
afterAll(() => rmSync(directory, { recursive: true }))
let files = 0
const stores: [string, () => Store][] = [
  ['memory', () => memory()],
  ['a slow store', () => slow(memory())],
  ['sqlite', () => sqlite(join(directory, `${++files}.db`))],
]

interface Apple {
  id: number
  kind: string
  weight: number | null
}

const note = resource({ id: t.id(), text: t.text() }).public()

/** Follows as an anonymous caller. */
const anyone = { principal: null, owner: {}, mustExist: false } satisfies Partial<FollowedUri>

function orchard(store: Store) {
  const apples = new Map<number, Apple>()
  const faults: string[] = []
  const app = api(
    {
      note,
      apples: handled({
        '/apples/': {
          get: () => [...apples.values()],
          create: async ({ db, undo }, { kind, weight = null }: { kind: string; weight?: number | null }) => {
            const apple = { id: apples.size + 1, kind, weight }
            apples.set(apple.id, apple)
            undo(() => apples.delete(apple.id))
            await db.post('note', { text: kind })
            if (kind === 'rotten') throw new ApiError('conflict', { detail: 'it is rotten' })
            return apple
          },
        },
        '/apples/<int:key>': {
          get: ({ params }) => apples.get(params.key),
          patch: [
            ({ params, undo }, patch: Partial<Apple>) => {
              const before = apples.get(params.key)
              if (!before) throw new ApiError('not_found', { detail: `there is no apple ${params.key}` })
              undo(() => apples.set(before.id, before))
              apples.set(params.key, { ...before, ...patch })
            },
            (_, patch: Partial<Apple> & { secret?: string }) => {
              if (patch.weight === -1) throw new RangeError('no weight')
              delete patch.secret
            },
          ],
          delete: ({ params }) => void apples.delete(params.key),
        },
        '/zero': { get: () => 0 },
      }),
    },
    { store, report: () => {}, onFault: error => faults.push(String(error.cause)), http: { log: () => {} } },
  )
  const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    app.fetch(
      new Request(`http://x${path}`, {
        method,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    )
  return { app, apples, ask, faults }
}

const orchards = stores.map(([name, make]) => [name, () => orchard(make())] as const)

describe.each(orchards)('handled resources over %s', (_, plant) => {
  test('are served at their patterns over HTTP', async () => {
    const { app, ask } = plant()
    const made = await ask('POST', '/apples/', { kind: 'cox', weight: 3 })
    expect(made.status).toBe(201)
    expect(made.headers.get('location')).toBe('/apples/1')
    expect(await made.json()).toEqual({ id: 1, kind: 'cox', weight: 3 })
    const read = await ask('GET', '/apples/1')
    expect(await read.json()).toEqual({ id: 1, kind: 'cox', weight: 3 })
    const patched = await ask('PATCH', '/apples/1', { weight: 4 })
    expect([patched.status, await patched.json()]).toEqual([200, { id: 1, kind: 'cox', weight: 4 }])
    expect((await ask('GET', '/apples')).status).toBe(200)
    expect((await ask('GET', '/zero')).status).toBe(200)
    expect(await (await ask('GET', '/zero')).text()).toBe('0')
    expect((await ask('DELETE', '/apples/1')).status).toBe(204)
    expect((await ask('GET', '/apples/1')).status).toBe(404)
    expect((await ask('GET', '/apples/x')).status).toBe(404)
    const refused = await ask('PUT', '/apples/1', {})
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD, PATCH, DELETE, OPTIONS'])
    await app.close()
  })

  test('have entity tags that change with the value, whether subscribers are told or not', async () => {
    const { app, apples, ask } = plant()
    apples.set(1, { id: 1, kind: 'cox', weight: 1 })
    const tag = (await ask('GET', '/apples/1')).headers.get('etag')!
    expect((await ask('GET', '/apples/1', undefined, { 'if-none-match': tag })).status).toBe(304)
    apples.set(1, { id: 1, kind: 'cox', weight: 2 })
    expect((await ask('GET', '/apples/1', undefined, { 'if-none-match': tag })).status).toBe(200)
    expect((await ask('PATCH', '/apples/1', { weight: 3 }, { 'if-match': tag })).status).toBe(412)
    expect(apples.get(1)!.weight).toBe(2)
    await app.close()
  })

  test('lists of objects with ids are filtered, sorted and cut in memory; other values take no query', async () => {
    const { app, apples, ask } = plant()
    for (const [i, kind] of ['cox', 'gala', 'boskoop'].entries()) apples.set(i, { id: i, kind, weight: i || null })
    const kinds = async (query: string): Promise<string[]> =>
      ((await (await ask('GET', `/apples/?${query}`)).json()) as Apple[]).map(({ kind }) => kind)
    expect(await kinds('sort=-kind')).toEqual(['gala', 'cox', 'boskoop'])
    expect(await kinds('weight[gte]=1&sort=kind')).toEqual(['boskoop', 'gala'])
    expect(await kinds(`filter=${encodeURIComponent('{"kind":{"$icontains":"O"}}')}&limit=1&offset=1`)).toEqual([
      'boskoop',
    ])
    const total = await ask('GET', '/apples/?total=true&limit=1')
    expect([total.headers.get('x-total-count'), ((await total.json()) as unknown[]).length]).toEqual(['3', 1])
    for (const path of ['/apples/?colour=red', '/apples/?fields=kind', '/zero?limit=1', '/apples/1?kind=cox'])
      expect((await ask('GET', path)).status, path).toBe(400)
    await app.close()
  })

  test('the steps of a failing function are undone, also writes to rows, and nothing is sent', async () => {
    const { app, apples, ask, faults } = plant()
    const start = (await ask('POST', '/apples/', { kind: 'cox' })).headers.get('position')!
    expect((await ask('POST', '/apples/', { kind: 'rotten' })).status).toBe(409)
    expect((await ask('PATCH', '/apples/1', { weight: -1 })).status).toBe(500)
    expect([...apples.values()]).toEqual([{ id: 1, kind: 'cox', weight: null }])
    expect(await app.list('note')).toHaveLength(1)
    expect(await app.store.commits(Number(start.split('.')[1]), 10)).toEqual([])
    expect(faults).toEqual([])
    const [commit] = (await app.store.commits(0, 10))!
    expect([commit!.changes.length, commit!.published[0]]).toEqual([
      1,
      expect.objectContaining({ uri: '/apples/', op: 'create', body: '{"id":1,"kind":"cox","weight":null}' }),
    ])
    await app.close()
  })

  test('a value that JSON cannot represent is undone as well', async () => {
    let made = 0
    const app = api({
      odd: handled({
        '/odd/': {
          create: ({ undo }) => {
            made++
            undo(() => made--)
            return { n: 1n }
          },
        },
      }),
    })
    await expect(app.handled.create({ uri: '/odd/', principal: null }, {})).rejects.toThrow(TypeError)
    expect(made).toBe(0)
    expect(await app.store.commits(0, 10)).toEqual([])
    await app.close()
  })

  test('subscribers have the state, then every record about it, and continue where they were', async () => {
    const { app, apples, ask } = plant()
    apples.set(1, { id: 1, kind: 'cox', weight: 1 })
    const heard: string[] = []
    const recorder = (name: string): Listener<ValuesKind> => ({
      snapshot: (body, _, reset) => heard.push(`${name} ${reset ? 'reset' : 'state'} ${body}`),
      resumed: () => heard.push(`${name} resumed`),
      batch: ({ uri, op, body }) => heard.push(`${name} ${op} ${uri} ${body}`) > 0,
      isBusy: () => false,
      end: error => heard.push(`${name} ended ${error.code}`),
    })
    const follow = (
      name: string,
      uri: string,
      owner: object,
      since: string | null = null,
    ): Promise<Subscription<ValuesKind>> => {
      return app.published.subscribe({ ...anyone, uri, owner }, recorder(name), since)
    }
    const both = {}
    await follow('list', '/apples/', {})
    await follow('item', '/apples/1', both)
    const also = await follow('also', '/apples/', both)
    expect(heard.splice(0).map(line => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'list state',
      'item state',
      'also state',
    ])
    const patched = await ask('PATCH', '/apples/1', { weight: 2, secret: 'x' })
    await app.publish('apples/1', { patch: { weight: 3 } })
    await app.publish('/apples/', { create: { id: 9 } })
    await app.publish('/pears/1', { patch: {} })
    await ask('DELETE', '/apples/1')
    await app.published.advance()
    expect(heard.splice(0)).toEqual([
      'item patch /apples/1 {"weight":2}',
      'list patch /apples/1 {"weight":2}',
      'item patch /apples/1 {"weight":3}',
      'list patch /apples/1 {"weight":3}',
      'list create /apples/ {"id":9}',
      'also create /apples/ {"id":9}',
      'item delete /apples/1 null',
      'list delete /apples/1 null',
    ])
    also.close()
    await follow('again', '/apples/', {}, patched.headers.get('position'))
    await follow('lost', '/apples/', {}, 'zzzzzz.1')
    await app.publish('/apples/9', { delete: true })
    await app.published.advance()
    expect(heard).toEqual([
      'again resumed',
      'again patch /apples/1 {"weight":3}',
      'again create /apples/ {"id":9}',
      'again delete /apples/1 null',
      'lost reset []',
      'list delete /apples/9 null',
      'again delete /apples/9 null',
      'lost delete /apples/9 null',
    ])
    await app.close()
  })

  test('a write that comes while the state is read is sent after it, once', async () => {
    const gate = Promise.withResolvers<void>()
    const reading = Promise.withResolvers<void>()
    const values = [1]
    const app = api({
      n: handled({
        '/n/': {
          get: async () => {
            const now = [...values]
            reading.resolve()
            await gate.promise
            return now
          },
          create: (_, { n }) => {
            values.push(n)
            return n
          },
        },
      }),
    })
    const heard: string[] = []
    const listener: Listener<ValuesKind> = {
      snapshot: body => heard.push(`state ${body}`),
      resumed: () => {},
      batch: ({ body }) => heard.push(`create ${body}`) > 0,
      isBusy: () => false,
      end: () => {},
    }
    const subscribing = app.published.subscribe({ ...anyone, uri: '/n/' }, listener)
    await reading.promise
    const writing = app.handled.create({ uri: '/n/', principal: null }, { n: 2 })
    gate.resolve()
    await Promise.all([subscribing, writing])
    await app.published.advance()
    expect(heard).toEqual(['state [1]', 'create 2'])
    await app.close()
  })
})

test('callers that may not are refused before any function runs', async () => {
  let ran = 0
  const app = api(
    {
      lamps: handled(
        { '/lamps/<int:id>': { get: () => ++ran, patch: () => ++ran } },
        {
          permissions: [
            (me, operation, params) => me?.['role'] === 'admin' || (operation === 'get' && params['id'] === 1),
          ],
        },
      ),
      open: handled({ '/open': { get: () => 1, delete: () => ++ran } }, { public: true }),
    },
    {
      authenticate: credentials => {
        const role = credentials.header('x-role')
        return role === undefined ? null : { id: 1, role }
      },
      report: () => {},
    },
  )
  const status = async (method: string, path: string, role?: string): Promise<number> => {
    const headers = { 'content-type': 'application/json', ...(role && { 'x-role': role }) }
    const body = method === 'PATCH' ? { body: '{}' } : {}
    return (await app.fetch(new Request(`http://x${path}`, { method, headers, ...body }))).status
  }
  expect(await status('GET', '/lamps/2')).toBe(401)
  expect(await status('GET', '/lamps/2', 'guest')).toBe(403)
  expect(await status('PATCH', '/lamps/1', 'guest')).toBe(403)
  expect(await status('DELETE', '/open')).toBe(401)
  expect(ran).toBe(0)
  expect(await status('GET', '/lamps/1', 'guest')).toBe(200)
  expect(await status('PATCH', '/lamps/2', 'admin')).toBe(200)
  expect(await status('GET', '/open')).toBe(200)
  await app.close()
})

test('a function at the wrong place stops the start, with all faults', () => {
  const run = (): null => null
  const declare = (): unknown =>
    api({
      note,
      bad: handled({
        '/0': { create: run },
        '/bad/': { patch: run, delete: run },
        '/note/<int:id>/photo': { get: run },
        '/x/<integer:y>': { get: run },
        '/y': { get: 7 as never, remove: run } as never,
      } as never),
    })
  expect(declare).toThrow(ModelError)
  try {
    declare()
  } catch (error) {
    expect((error as ModelError).faults.map(({ place, problem }) => `${place}: ${problem}`)).toEqual([
      'bad /0: resource creators should be registered on list uri',
      'bad /bad/: cannot register resource patchers on a list uri',
      'bad /bad/: cannot register resource deleters on a list uri',
      'bad /note/<int:id>/photo: lies in /note, which note serves',
      'bad /x/<integer:y>: has the converter "integer"; there are string, int, float, path, any, uuid',
      'bad /y: has a get that is not a function',
      'bad /y: has "remove"',
    ])
  }
})

test('functions know their parameters, and only rows have operations', async () => {
  const pets = handled({
    '/owners/<int:owner>/pets/<name>': {
      get: ({ params }) => {
        expectTypeOf(params).toEqualTypeOf<{ readonly owner: number; readonly name: string }>()
        return params
      },
    },
  })
  // @ts-expect-error -- items are not created
  handled({ '/pets/:id': { create: () => 1 } })
  const app = api({ note, pets })
  // @ts-expect-error -- it has no rows
  await expect(app.list('pets')).rejects.toThrow('no resource')
  await app.close()
})

test('over HTTP, reading and writing need the permissions', async () => {
  const said: unknown[] = []
  const box = handled(
    { '/box': { get: () => said, patch: (_, patch: { text: string }) => void said.push(patch.text) } },
    { permissions: [(_, operation) => operation !== 'get'] },
  )
  const app = api({ box }, { report: () => {}, http: { log: () => {} } })
  const body = JSON.stringify({ text: 'a' })
  const headers = { 'content-type': 'application/json' }
  const written = await app.fetch(new Request('http://x/box', { method: 'PATCH', headers, body }))
  expect([written.status, written.headers.get('position')]).toEqual([204, `${app.engine.epoch}.1`])
  expect((await app.fetch(new Request('http://x/box'))).status).toBe(403)
  expect(said).toEqual(['a'])
})
