// Ephemeral resources: the verbs, rules and subscriptions of others, on every face; when their rows go; what they leave.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { always, api, ApiError, memory, ModelError, resource, sqlite, t, type Api, type Store } from '../src/index.ts'
import { slow } from '../src/testing/slow-store.ts'
import { faces, served, speak } from './speakers.ts'

const room = resource({
  id: t.id(),
  name: t.text(),
  open: t.bool().default(true),
  here: t.back('here', 'room', { ids: false }),
  typing: t.back('typing', 'room', { ids: false }),
}).public()

const here = resource
  .ephemeral(
    {
      id: t.id(),
      room: t.one('room', { inverse: 'here', onDelete: 'cascade' }),
      name: t.text({ max: 20 }).unique(),
      away: t.bool().default(false),
    },
    { ttl: '30 s', presence: true, max: 3 },
  )
  .rules((_, here) => ({ read: here.room['open']!.is(true), create: always, write: here.away.is(false) }))

const typing = resource
  .ephemeral(
    { id: t.id(), room: t.one('room', { inverse: 'typing', onDelete: 'cascade' }), name: t.text() },
    { ttl: 5_000 },
  )
  .public()

const declared = { room, here, typing }
type World = Api<typeof declared>

const clock = { now: 1_800_000_000_000 }

function world(store: Store = memory()): World {
  return api(declared, { store, clock: () => clock.now, report: () => {}, http: { log: () => {} } })
}

const folder = mkdtempSync(join(tmpdir(), 'restuary-ephemeral-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0

const stores: [string, () => Store][] = [
  ['memory', () => memory()],
  ['a slow store', () => slow(memory())],
  ['sqlite', () => sqlite(join(folder, `${++files}.db`))],
]

describe.each(stores)('over %s', (_, make) => {
  test('one caller cannot fill a resource for the others', async () => {
    const cursor = resource.ephemeral({ id: t.id(), at: t.integer() }, { ttl: 5_000, max: 10, each: 2 }).public()
    const app = api(
      { cursor },
      {
        store: make(),
        clock: () => clock.now,
        report: () => {},
        authenticate: credentials => ({ id: credentials.header('authorization') ?? 'ann' }),
        http: { log: () => {} },
      },
    )
    onTestFinished(() => app.close())
    const ask = async (method: string, path: string, as: string, body?: unknown): Promise<number> => {
      const headers = { authorization: as, 'content-type': 'application/json' }
      const given = body === undefined ? {} : { body: JSON.stringify(body) }
      return (await app.fetch(new Request(`http://localhost${path}`, { method, headers, ...given }))).status
    }
    const post = (as: string, body: unknown = { at: 1 }): Promise<number> => ask('POST', '/cursor', as, body)
    expect(await post('ann', [{ at: 1 }, { at: 2 }, { at: 3 }])).toBe(429)
    expect(await post('ann', { at: 'x' })).toBe(400)
    const together = await Promise.all([post('ann'), post('ann'), post('ann')])
    expect(together.toSorted()).toEqual([201, 201, 429])
    expect(await post('bob')).toBe(201)
    const [first] = await app.list('cursor', { sort: 'id' })
    expect(await ask('DELETE', `/cursor/${first!.id}`, 'bob')).toBe(204)
    expect(await post('ann')).toBe(201)
    expect(await post('ann')).toBe(429)
    clock.now += 5_000
    expect(await post('ann')).toBe(201)
    // The application itself has no share.
    for (let i = 0; i < 5; i++) await app.post('cursor', { at: i })
  })

  test('rows within a row, and in a batch, take of the same share', async () => {
    const room = resource({ id: t.id(), cursors: t.back('cursor', 'room', { ids: false }) }).public()
    const fields = { id: t.id(), room: t.one('room').nullable() }
    const cursor = resource.ephemeral(fields, { ttl: 5_000, max: 10, each: 2 }).public()
    const app = api(
      { room, cursor },
      { store: make(), clock: () => clock.now, report: () => {}, http: { log: () => {} } },
    )
    onTestFinished(() => app.close())
    const post = async (path: string, body: unknown): Promise<number> => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
      return (await app.fetch(new Request(`http://localhost${path}`, init))).status
    }
    const call = { method: 'POST', uri: '/cursor', body: {} }
    expect(await post('/room', { cursors: [{}, {}, {}] })).toBe(429)
    expect(await post('/batch', [call, call, call])).toBe(429)
    expect(await post('/room', { cursors: [{}] })).toBe(201)
    expect(await post('/batch', [call, call])).toBe(429)
    const remove = { method: 'DELETE', uri: `/cursor/${(await app.list('cursor'))[0]!.id}` }
    expect(await post('/batch', [remove, call, call, call])).toBe(429)
    expect(await post('/batch', [remove, call, call])).toBe(200)
    expect(await post('/cursor', {})).toBe(429)
  })
})

describe.each(faces)('over %s', face => {
  test('rows are made, changed, listed, followed and deleted as others are', async () => {
    const app = world()
    const port = await served(app)
    await app.post('room', { name: 'a' })
    const ann = await speak(face, port)
    const bob = await speak(face, port)
    await bob.follow('here')
    const row = { id: 1, room: 1, name: 'ann', away: false }
    expect(await ann.create('here', { room: 1, name: 'ann' })).toEqual({ status: 201, code: null, row })
    expect(await bob.next()).toEqual(['enter', 1])
    // The envelope answers like channels-api.
    expect((await ann.create('here', { room: 1, name: 'ann' })).status).toBe(face === 'envelope' ? 400 : 409)
    expect((await ann.create('here', { room: 9, name: 'x' })).status).toBe(400)
    expect((await ann.patch('here', 1, { name: 'anna' })).row).toEqual({ ...row, name: 'anna' })
    expect(await bob.next()).toEqual(['change', 1])
    expect(await bob.list('here')).toEqual([{ ...row, name: 'anna' }])
    expect((await ann.remove('here', 1)).status).toBe(204)
    expect(await bob.next()).toEqual(['leave', 1])
    expect((await ann.patch('here', 1, {})).status).toBe(404)
    expect(await bob.list('here')).toEqual([])
    // None of it is in the log, unless several nodes share the rows.
    if (app.store.hasNodes === true) return
    expect((await app.store.commits(0, 100))!.flatMap(one => one.changes.map(change => change.resource.name))).toEqual([
      'room',
    ])
  })

  test('rows go when their time is over, and a write that changes nothing renews them', async () => {
    const app = world()
    const port = await served(app)
    await app.post('room', { name: 'a' })
    const ann = await speak(face, port)
    await ann.follow('typing')
    for (const name of ['ann', 'bob']) await ann.create('typing', { room: 1, name })
    expect([await ann.next(), await ann.next()]).toEqual([
      ['enter', 1],
      ['enter', 2],
    ])
    clock.now += 4_999
    expect((await ann.patch('typing', 2, { name: 'bob' })).status).toBe(200)
    clock.now += 1
    expect((await ann.list('typing')).map(one => one.name)).toEqual(['bob'])
    expect(await ann.next()).toEqual(['leave', 1])
    clock.now += 4_998
    expect(await ann.list('typing')).toHaveLength(1)
    clock.now += 1
    expect((await ann.patch('typing', 2, { name: 'bob' })).status).toBe(404)
    expect(await ann.next()).toEqual(['leave', 2])
  })

  test('there are at most as many rows as declared', async () => {
    const app = world()
    const port = await served(app)
    await app.post('room', { name: 'a' })
    const ann = await speak(face, port)
    for (const name of ['a', 'b', 'c']) expect((await ann.create('here', { room: 1, name })).status).toBe(201)
    const refused = await ann.create('here', { room: 1, name: 'd' })
    expect(refused.status).toBe(429)
    if (face !== 'envelope') expect(refused.code).toBe('too_many_rows')
    expect((await ann.patch('here', 1, { name: 'e' })).status).toBe(200)
    await ann.remove('here', 1)
    expect((await ann.create('here', { room: 1, name: 'd' })).status).toBe(201)
  })
})

describe.each(faces.filter(face => face !== 'http'))('presence over %s', face => {
  test('lasts exactly as long as the connection', async () => {
    const app = world()
    const port = await served(app)
    await app.post('room', { name: 'a' })
    const bob = await speak('http', port)
    await bob.follow('here')
    const ann = await speak(face, port)
    await ann.create('here', { room: 1, name: 'ann' })
    await bob.create('here', { room: 1, name: 'bob' })
    expect([await bob.next(), await bob.next()]).toEqual([
      ['enter', 1],
      ['enter', 2],
    ])
    clock.now += 30_000
    expect((await bob.list('here')).map(one => one.name)).toEqual(['ann'])
    expect(await bob.next()).toEqual(['leave', 2])
    ann.cut()
    expect(await bob.next()).toEqual(['leave', 1])
    expect(await bob.list('here')).toEqual([])
  })

  test('goes over to the connection that wrote it last', async () => {
    const app = world()
    const port = await served(app)
    await app.post('room', { name: 'a' })
    const [first, second, bob] = [await speak(face, port), await speak(face, port), await speak('http', port)]
    await bob.follow('here')
    await first.create('here', { room: 1, name: 'ann' })
    await second.patch('here', 1, {})
    await first.create('here', { room: 1, name: 'other' })
    first.cut()
    expect([await bob.next(), await bob.next(), await bob.next()]).toEqual([
      ['enter', 1],
      ['enter', 2],
      ['leave', 2],
    ])
    second.cut()
    expect(await bob.next()).toEqual(['leave', 1])
  })
})

describe.each(stores)('next to %s', (_, store) => {
  test('rules and filters go to rows that last, and back', async () => {
    const app = world(store())
    const port = await served(app)
    const bob = await speak('http', port)
    await app.post('room', [{ name: 'a' }, { name: 'b' }, { name: 'c' }])
    await app.post('here', [
      { room: 1, name: 'ann' },
      { room: 2, name: 'bob' },
    ])
    await bob.follow('here')
    await app.patch('room', 2, { open: false })
    expect(await bob.next()).toEqual(['leave', 2])
    expect((await bob.list('here')).map(one => one.name)).toEqual(['ann'])
    expect((await bob.list('here?room.name=a&name=ann')).map(one => one.name)).toEqual(['ann'])
    expect(await bob.list('here?room.name=b')).toEqual([])
    expect((await bob.list('room/1/here')).map(one => one.name)).toEqual(['ann'])
    const rooms = async (filter: object): Promise<number[]> =>
      (await app.list('room', { filter, sort: 'id' } as never)).map(one => (one as { id: number }).id)
    expect(await rooms({ here: { $some: { name: 'bob' } } })).toEqual([2])
    expect(await rooms({ here: { $none: { name: 'bob' } } })).toEqual([1, 3])
    expect(await rooms({ here: { $every: { name: 'bob' } } })).toEqual([2, 3])
    expect(await rooms({ here: { $size: 0 } })).toEqual([3])
    expect(await rooms({ here: { $size: 1 }, $not: { name: 'a' } })).toEqual([2])
    const sorted = await app.list('here', { sort: ['-room.name'] as never })
    expect(sorted.map(one => one.name)).toEqual(['bob', 'ann'])
    await app.patch('room', 2, { open: true })
    expect(await bob.next()).toEqual(['enter', 2])
    await app.delete('room', 2)
    expect(await bob.next()).toEqual(['leave', 2])
    expect((await app.list('here')).map(one => one.name)).toEqual(['ann'])
  })

  test('rows that show them follow them', async () => {
    const app = world(store())
    await app.post('room', { name: 'a' })
    const rows = app.live('room', { include: ['here'] })
    const shown = async (): Promise<unknown> => {
      const [first] = (await rows.next()).value!.rows as unknown as { here: { name: string }[] }[]
      return first!.here.map(one => one.name)
    }
    expect(await shown()).toEqual([])
    await app.post('here', { room: 1, name: 'ann' })
    expect(await shown()).toEqual(['ann'])
    await app.delete('here', 1)
    expect(await shown()).toEqual([])
    await app.close()
  })

  test('a failed unit leaves nothing, neither stored nor ephemeral rows', async () => {
    const app = world(store())
    await app.post('room', { name: 'a' })
    const failing = app.transaction(async tx => {
      await tx.post('here', { room: 1, name: 'ann' })
      await tx.post('room', { name: 'b' })
      expect(await tx.list('here')).toHaveLength(1)
      expect(await app.list('here')).toEqual([])
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect([await app.list('here'), (await app.list('room')).length]).toEqual([[], 1])
    // In one commit with others that do not fail.
    const done = await Promise.allSettled([
      app.post('here', { room: 1, name: 'x' }),
      app.post('here', [
        { room: 1, name: 'y' },
        { room: 1, name: 'x' },
      ]),
      app.post('here', { room: 1, name: 'z' }),
    ])
    expect(done.map(one => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect((await app.list('here', { sort: 'name' })).map(one => one.name)).toEqual(['x', 'z'])
    await app.close()
  })

  test('versions after a restart differ from those before', async () => {
    const app = world(store())
    const port = await served(app)
    await app.post('room', { name: 'a' })
    const at = `http://127.0.0.1:${port}`
    const get = async (path: string, tag?: string): Promise<Response> =>
      fetch(at + path, { headers: tag ? { 'if-none-match': tag } : {} })
    await app.post('here', { room: 1, name: 'ann' })
    const tags = async (): Promise<string[]> =>
      Promise.all(
        ['/here', '/here/1', '/room/1?include=here', '/here?include=room'].map(async path =>
          (await get(path)).headers.get('etag')!,
        ),
      )
    const before = await tags()
    expect((await get('/here/1', before[1])).status).toBe(304)
    expect((await get('/here', before[0])).status).toBe(304)
    await app.patch('here', 1, { name: 'anna' })
    const after = await tags()
    for (const [i, tag] of after.entries()) expect(tag).not.toBe(before[i])
    await app.patch('room', 1, { name: 'b' })
    const last = await tags()
    expect(last[3]).not.toBe(after[3])
    // The room decides who may see the list. The row itself has not changed.
    expect(last[1]).toBe(after[1])
    const stale = await fetch(`${at}/here/1`, {
      method: 'PATCH',
      body: '{"name":"x"}',
      headers: { 'content-type': 'application/json', 'if-match': before[1]! },
    })
    expect(stale.status).toBe(412)
  })
})

test('a client that resumes is reset, because the log has no record of the changes', async () => {
  const app = world()
  const port = await served(app)
  await app.post('room', { name: 'a' })
  await app.post('here', { room: 1, name: 'ann' })
  const read = async (since: string): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${port}/here?since=${since}`, {
      headers: { accept: 'text/event-stream' },
    })
    let text = ''
    for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += piece
      if (text.includes('event: snapshot') && text.includes('ann')) return text
    }
    return text
  }
  const { position } = await app.safe.list('here')
  expect(await read(position!)).toMatch(/event: reset[^]*event: snapshot/)
})

test('time passes by itself', async () => {
  const brief = resource.ephemeral({ id: t.id() }, { ttl: '20 ms' }).public()
  const app = api({ brief }, { report: () => {} })
  const rows = app.live('brief')
  await rows.next()
  await app.post('brief', {})
  expect((await rows.next()).value!.rows).toHaveLength(1)
  expect((await rows.next()).value!.rows).toHaveLength(0)
  await app.close()
})

test('the application may say how long, by a signal', async () => {
  const app = world()
  await app.post('room', { name: 'a' })
  const rows = app.live('here')
  await rows.next()
  const connection = new AbortController()
  await app.post('here', { room: 1, name: 'ann' }, { connection: connection.signal })
  clock.now += 1_000_000
  expect((await rows.next()).value!.rows).toHaveLength(1)
  connection.abort()
  expect((await rows.next()).value!.rows).toHaveLength(0)
  // A connection that has ended cannot write.
  await app.post('here', { room: 1, name: 'bob' }, { connection: connection.signal })
  await expect.poll(() => app.list('here')).toEqual([])
  await app.close()
})

test.each(stores)('a transaction may say so as well, over %s', async (_, store) => {
  const faults: unknown[] = []
  const app = api(declared, {
    store: store(),
    clock: () => clock.now,
    report: () => {},
    onFault: error => faults.push(error),
  })
  await app.ready()
  await app.post('room', { name: 'a' })
  const connection = new AbortController()
  const held = { connection: connection.signal }
  await app.transaction(tx => tx.post('here', { room: 1, name: 'ann' }, held))
  const undone = app.transaction(async tx => {
    await tx.post('here', { room: 1, name: 'bob' }, held)
    throw new Error('undone')
  })
  await expect(undone).rejects.toThrow('undone')
  clock.now += 1_000_000
  expect(await app.list('here')).toMatchObject([{ name: 'ann' }])
  connection.abort()
  await expect.poll(() => app.list('here')).toEqual([])
  await app.close()
  expect(faults).toEqual([])
})

test('they have no past', async () => {
  const app = world()
  await app.post('room', { name: 'a' })
  await app.post('here', { room: 1, name: 'ann' })
  await expect(app.history('here', 1)).rejects.toThrow(ApiError)
  await expect(app.list('here', { at: `${app.engine.epoch}.1` })).rejects.toThrow(/no past/)
  await app.close()
})

test('invalid declarations are refused at start, all at once', () => {
  const faulty = (): unknown =>
    api({
      a: resource({ id: t.id(), b: t.one('b'), bs: t.back('b', 'a'), n: t.count('bs') }).public(),
      b: resource.ephemeral({ id: t.id(), a: t.one('a', { inverse: 'bs' }) }, { ttl: 0, max: 0 }).public(),
      c: resource({ id: t.id(), b: t.many('b') }).public(),
      d: resource.ephemeral({ id: t.id(), f: t.file() }, { ttl: 'soon' as never }).onCommit('x', () => {}),
    })
  expect(faulty).toThrow(ModelError)
  try {
    faulty()
  } catch (error) {
    expect((error as ModelError).faults.map(({ place }) => place).toSorted()).toEqual([
      'a.b',
      'a.bs',
      'a.n',
      'b',
      'b',
      'c.b',
      'd',
      'd',
      'd.f',
    ])
  }
})
