// A request may visit only so many rows, whatever face and store it comes to.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { io, type Socket } from 'socket.io-client'
import { api, memory, resource, t, type Api, type Store } from '../src/index.ts'
import { sqlite } from '../src/store/sqlite/index.ts'
import { fillStore } from '../src/testing/fill.ts'
import { NativeClient } from '../src/testing/native-client.ts'
import { slow } from '../src/testing/slow-store.ts'
import { served } from './speakers.ts'

const note = resource(
  { id: t.id(), text: t.text(), rank: t.integer(), page: t.integer().index() },
  { bulk: true },
).public()
const limits = { visitedRows: 80, visitedInTurn: 40 }
/** More than may be visited. */
const ROWS = 100

const folder = mkdtempSync(join(tmpdir(), 'restuary-visits-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0

async function started(store: Store): Promise<Api<any>> {
  const app = api({ note }, { store, limits, report: () => {}, http: { log: () => {} } })
  await app.ready()
  const rows = Array.from({ length: ROWS }, (_, i) => ({ id: i + 1, text: `note ${i}`, rank: -i, page: i % 10 }))
  await fillStore(app, { note: rows })
  return app
}

describe.each<[string, () => Store]>([
  ['memory', () => memory()],
  ['a file', () => sqlite(join(folder, `${files++}.db`))],
  ['a store that has to be waited for', () => slow(memory())],
])('over %s', (_, make) => {
  test('a request that would visit too many rows is refused with the index that helps', async () => {
    const app = await started(make())
    onTestFinished(() => app.close())
    const get = async (query: string, init: RequestInit = {}): Promise<unknown[]> => {
      const answer = await app.fetch(new Request(`http://localhost/note?${query}`, init))
      const body = await answer.json().catch(() => null)
      return answer.status < 400 ? [answer.status] : [answer.status, body.error, body.visited, body.index]
    }
    const contains = `filter=${encodeURIComponent('{"text":{"$icontains":"nowhere"}}')}`
    expect(await get('limit=5')).toEqual([200])
    expect(await get('limit=5&page=3')).toEqual([200])
    expect(await get('limit=5&total=true')).toEqual([200])
    expect(await get('limit=5&sort=rank')).toEqual([400, 'too_complex', 80, ['rank']])
    // Memory has no indexes.
    if (app.store.name === 'sqlite') expect(await get('limit=5&sort=rank&page=3')).toEqual([200])
    expect(await get(contains)).toEqual([400, 'too_complex', 80, undefined])
    expect(await get(`limit=0&total=true&rank=1`)).toEqual([400, 'too_complex', 80, ['rank']])
    const json = { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: '{"rank":1}' }
    expect(await get('rank=5', json)).toEqual([400, 'too_complex', 40, ['rank']])
    if (app.store.name === 'sqlite') expect(await get('page=5', json)).toEqual([200])
  })
})

// The envelope has neither filters nor sorts.
test('the same on every face that has queries, for reads and for subscriptions', async () => {
  const app = await started(sqlite(join(folder, `${files++}.db`)))
  const port = await served(app)
  const native = await NativeClient.open(`ws://127.0.0.1:${port}/`)
  onTestFinished(() => native.cut())
  expect((await native.ask({ op: 'list', uri: 'note?sort=rank' })).error).toMatchObject({
    error: 'too_complex',
    index: ['rank'],
  })
  expect((await native.ask({ op: 'subscribe', uri: 'note?rank=1' })).error).toMatchObject({
    error: 'too_complex',
    visited: 40,
  })
  const stream = await fetch(`http://127.0.0.1:${port}/note?rank=1`, { headers: { accept: 'text/event-stream' } })
  expect([stream.status, (await stream.json()).error]).toEqual([400, 'too_complex'])
  const socket: Socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true })
  onTestFinished(() => void socket.disconnect())
  await new Promise<void>(resolve => socket.once('connect', resolve))
  const answer = new Promise(resolve => socket.once('api_error', resolve))
  socket.emit('subscribe', '/note?rank=1')
  expect(JSON.stringify(await answer)).toContain('rows of note')
})
