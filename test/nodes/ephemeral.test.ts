// Ephemeral rows of several nodes: those of one node are seen on all, and end with what held them.
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Api } from '../../src/api.ts'
import type { ApiOptions } from '../../src/api-options.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'
import { hasPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { runsWith } from '../system-programs.ts'
import { ask, nodesOf, sharedSchema, type Resources } from './nodes.ts'

const world = (): Resources => ({
  room: resource({ id: t.id(), name: t.text(), here: t.back('here', 'room', { ids: false }) }).public(),
  here: resource
    .ephemeral(
      { id: t.id(), room: t.one('room', { onDelete: 'cascade' }), name: t.text() },
      { ttl: 2_000, presence: true, max: 5, each: 3 },
    )
    .public(),
})

interface Person {
  readonly id: number
  readonly name: string
}

const namesAt = async (app: Api, path = '/here'): Promise<string[]> =>
  ((await ask(app, 'GET', path)).body as Person[]).map(({ name }) => name)

/** The names of those who are here, as somebody follows them. */
async function follow(app: Api): Promise<string[]> {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const seen: string[] = []
  const first = Promise.withResolvers<void>()
  const run = async (): Promise<void> => {
    for await (const { rows } of app.live('here', { signal: stop.signal })) {
      seen.splice(0, Infinity, ...rows.map(row => (row as Person).name))
      first.resolve()
    }
  }
  run().catch(() => undefined)
  await first.promise
  return seen
}

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('ephemeral rows of several nodes', () => {
  const clock = { now: 1_800_000_000_000 }

  async function nodes(count: number, options: ApiOptions = {}): Promise<Api[]> {
    const all = await nodesOf(count, await sharedSchema(), world, { clock: () => clock.now, ...options })
    await all[0]!.safe.create('room', { name: 'lobby' })
    return all
  }

  const enter = (app: Api, name: string, connection?: AbortSignal): Promise<Person> =>
    app.create('here', { room: 1, name }, connection && { connection }) as Promise<Person>

  test('are seen, followed, changed and deleted on any of them', async () => {
    const [one, other] = await nodes(2)
    const seen = await follow(other!)
    const { id } = await enter(one!, 'ann')
    await expect.poll(() => seen).toEqual(['ann'])
    expect(await namesAt(other!, '/room/1/here')).toEqual(['ann'])
    expect((await ask(other!, 'PATCH', `/here/${id}`, { body: { name: 'ada' } })).status).toBe(200)
    expect(await namesAt(one!)).toEqual(['ada'])
    expect((await ask(other!, 'DELETE', `/here/${id}`)).status).toBe(204)
    expect(await namesAt(one!)).toEqual([])
    await expect.poll(() => seen).toEqual([])
  })

  test('live for their time, on whichever node they are renewed', async () => {
    const [one, other] = await nodes(2)
    const { id } = await enter(one!, 'ann')
    for (let i = 0; i < 4; i++) {
      clock.now += 1_500
      expect((await ask(other!, 'PATCH', `/here/${id}`, { body: {} })).status).toBe(200)
      expect(await namesAt(one!)).toEqual(['ann'])
    }
    clock.now += 1_999
    expect(await namesAt(one!)).toEqual(['ann'])
    clock.now += 1
    expect(await namesAt(one!)).toEqual([])
    expect(await namesAt(other!)).toEqual([])
  })

  test('that a connection holds last as long as it, and go over to a connection of another node', async () => {
    const [one, other] = await nodes(2)
    const [first, second] = [new AbortController(), new AbortController()]
    const { id } = await enter(one!, 'ann', first.signal)
    const seen = await follow(other!)
    clock.now += 3_000
    expect(await namesAt(other!)).toEqual(['ann'])
    await other!.patch('here', id, {}, { connection: second.signal })
    first.abort()
    clock.now += 3_000
    expect(await namesAt(one!)).toEqual(['ann'])
    second.abort()
    await expect.poll(() => seen).toEqual([])
    expect(await namesAt(one!)).toEqual([])
  })

  test('end when the node dies that holds them', async () => {
    const [one, other] = await nodes(2)
    const seen = await follow(other!)
    await enter(one!, 'ann', new AbortController().signal)
    await expect.poll(() => seen).toEqual(['ann'])
    // Dead: it neither deletes its rows nor renews its lease.
    await one!.store.close()
    clock.now += 60_000
    await expect.poll(() => namesAt(other!)).toEqual([])
    await expect.poll(() => seen).toEqual([])
  })

  test('that were there before a node started end in time on it', async () => {
    const makeStore = await sharedSchema()
    const [one] = await nodesOf(1, makeStore, world, { clock: () => clock.now })
    await one!.safe.create('room', { name: 'lobby' })
    await enter(one!, 'ann')
    const [late] = await nodesOf(1, makeStore, world, { clock: () => clock.now })
    expect(await namesAt(late!)).toEqual(['ann'])
    await one!.store.close()
    clock.now += 2_000
    expect(await namesAt(late!)).toEqual([])
  })

  test('are limited together, all and those of a caller', async () => {
    const all = await nodes(2, { authenticate: credentials => ({ id: credentials.header('x-user') ?? 'nobody' }) })
    const post = async (i: number, user: string): Promise<number> =>
      (await ask(all[i % 2]!, 'POST', '/here', { 'x-user': user, body: { room: 1, name: `${user} ${i}` } })).status
    expect([await post(0, 'ann'), await post(1, 'ann'), await post(2, 'ann'), await post(3, 'ann')]).toEqual([
      201, 201, 201, 429,
    ])
    expect([await post(0, 'bob'), await post(1, 'bob'), await post(2, 'bob')]).toEqual([201, 201, 429])
    expect((await ask(all[0]!, 'DELETE', '/here/1', { 'x-user': 'ann' })).status).toBe(204)
    expect(await post(4, 'ann')).toBe(201)
  })

  test('are neither in the log nor in a history', async () => {
    const [one, other] = await nodes(2, { http: { log: () => {}, changes: () => true } })
    const { id } = await enter(one!, 'ann')
    await one!.create('room', { name: 'attic' })
    const { status, body } = await ask(other!, 'GET', '/changes')
    const changes = (body as { changes: { resource: string }[] }[]).flatMap(one => one.changes)
    expect([status, changes.map(change => change.resource)]).toEqual([200, ['room', 'room']])
    expect((await ask(other!, 'GET', `/here/${id}?history=true`)).status).toBeGreaterThanOrEqual(400)
  })
})
