// Files of rows from end to end: over both stores of rows and two of files.
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { api, type Api } from '../src/api.ts'
import type { ApiOptions } from '../src/api-options.ts'
import { action } from '../src/model/declare/action.ts'
import { resource } from '../src/model/declare/resource.ts'
import { t } from '../src/schema/builder.ts'
import { folder, type FileStore } from '../src/store/files.ts'
import { memory } from '../src/store/memory.ts'
import { sqlite } from '../src/store/sqlite/index.ts'
import type { Store } from '../src/store/store.ts'
import { madeS3 } from './fixtures/s3.ts'

const list = resource({ id: t.id(), name: t.text(), todos: t.back('todo', 'list') }).public()
const todo = resource(
  {
    id: t.id(),
    text: t.text({ max: 20 }).unique(),
    rank: t.integer().default(0),
    tags: t.list(t.text()).default([]),
    list: t.one('list', { onDelete: 'cascade' }).nullable(),
    photo: t.file({ max: 1_000, types: ['image/*', 'text/plain'] }),
    paper: t.file({ max: 100 }),
    scan: t.file().readonly(),
    secret: t.file().hidden(),
  },
  { bulk: true },
).public()
const model = { list, todo }

/** A place of files, with the keys that are in it. */
interface Place {
  readonly files: FileStore
  readonly keys: () => readonly string[]
}

function inFolder(): Place {
  const path = temporary()
  const keys = (): string[] =>
    readdirSync(path, { recursive: true, withFileTypes: true }).flatMap(one => (one.isFile() ? [one.name] : []))
  return { files: folder(path), keys }
}

async function inS3(): Promise<Place> {
  const { files, close, fake } = await madeS3()
  onTestFinished(close)
  return { files, keys: fake.objects }
}

function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), 'restuary-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const clock = { now: Date.UTC(2026, 0, 1) }

interface Begun {
  readonly app: Api<typeof model>
  readonly faults: unknown[]
  readonly ask: (method: string, path: string, asked?: Asked) => Promise<Response>
  /** The stored keys, after due ones have been deleted. */
  readonly kept: () => Promise<readonly string[]>
}
interface Asked {
  readonly body?: BodyInit | null
  readonly json?: unknown
  readonly headers?: Record<string, string>
}

async function begin(place: Place, store: Store = memory(), options: Partial<ApiOptions> = {}): Promise<Begun> {
  const faults: unknown[] = []
  const app = api(model, {
    store,
    files: place.files,
    clock: () => clock.now,
    report: () => {},
    onFault: error => faults.push(error.cause ?? error),
    http: { log: () => {} },
    ...options,
  })
  onTestFinished(() => app.close())
  await app.ready()
  return { app, faults, ask: asking(app), kept: async () => (await app.engine.files!.clear(), place.keys()) }
}

function asking(app: Pick<Api, 'fetch'>): Begun['ask'] {
  return (method, path, { body, json, headers = {} } = {}) =>
    app.fetch(
      new Request(`http://host${path}`, {
        method,
        headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
        body: json === undefined ? (body ?? null) : JSON.stringify(json),
        duplex: 'half',
      } as RequestInit),
    )
}

const png = (text: string, headers: Record<string, string> = {}): Asked => ({
  body: text,
  headers: { 'content-type': 'image/png', ...headers },
})

function form(fields: Readonly<Record<string, string | Blob>>): Asked {
  const body = new FormData()
  for (const [name, value] of Object.entries(fields)) body.append(name, value)
  return { body }
}

const tagOf = (answer: Response): string => answer.headers.get('etag')!.replaceAll('"', '')

describe.each([
  ['memory, folder', () => memory(), inFolder],
  ['SQLite, folder', () => sqlite(join(temporary(), 'todo.db')), inFolder],
  ['SQLite, S3', () => sqlite(join(temporary(), 'todo.db')), inS3],
] as const)('%s:', (_, store, place) => {
  test('a file comes, is replaced and goes, and its bytes with it', async () => {
    const { ask, kept } = await begin(await place(), store())
    await ask('POST', '/todo', { json: { text: 'a' } })
    expect((await ask('GET', '/todo/1/photo')).status).toBe(404)
    const made = await ask(
      'PUT',
      '/todo/1/photo',
      png('one', { 'content-disposition': 'attachment; filename="a b.png"' }),
    )
    expect([made.status, made.headers.get('location')]).toEqual([201, '/todo/1/photo'])
    const shown = (await made.json()) as { version: string }
    expect(shown).toEqual({
      name: 'a b.png',
      type: 'image/png',
      size: 3,
      digest: `sha-256=:${createHash('sha256').update('one').digest('base64')}:`,
      modified: '2026-01-01T00:00:00.000Z',
      version: tagOf(made),
      url: '/todo/1/photo',
    })
    expect(await (await ask('GET', '/todo/1')).json()).toMatchObject({ id: 1, photo: shown, paper: null })
    const read = await ask('GET', '/todo/1/photo')
    expect([read.status, await read.text(), tagOf(read)]).toEqual([200, 'one', tagOf(made)])
    expect(await kept()).toHaveLength(1)

    const again = await ask('PUT', '/todo/1/photo', png('two!'))
    expect([again.status, tagOf(again) === tagOf(made)]).toEqual([200, false])
    expect(await (await ask('GET', '/todo/1/photo')).text()).toBe('two!')
    expect(await kept()).toEqual([expect.stringContaining(tagOf(again)) as string])

    const gone = await ask('DELETE', '/todo/1/photo')
    expect([gone.status, await gone.text()]).toEqual([204, ''])
    expect((await ask('DELETE', '/todo/1/photo')).status).toBe(404)
    expect((await ask('GET', '/todo/1/photo')).status).toBe(404)
    expect(await kept()).toEqual([])
  })

  test('a form makes a row with its files, and changes one', async () => {
    const { ask, kept } = await begin(await place(), store())
    const photo = new File(['abc'], 'ä.png', { type: 'image/png' })
    const made = await ask(
      'POST',
      '/todo',
      form({ text: 'a', rank: '7', tags: '["x"]', photo, paper: new Blob(['p']) }),
    )
    expect(made.status).toBe(201)
    const row = (await made.json()) as Record<string, unknown>
    expect(row).toMatchObject({ id: 1, text: 'a', rank: 7, tags: ['x'] })
    expect(row['photo']).toMatchObject({ name: 'ä.png', type: 'image/png', size: 3, url: '/todo/1/photo' })
    expect(row['paper']).toMatchObject({ name: 'blob', type: 'application/octet-stream', size: 1 })
    const changed = await ask('PATCH', '/todo/1', form({ rank: '8', paper: new File(['q'], 'q.pdf') }))
    expect(await changed.json()).toMatchObject({ text: 'a', rank: 8, photo: row['photo'], paper: { name: 'q.pdf' } })
    expect(await (await ask('GET', '/todo/1/paper')).text()).toBe('q')
    expect(await kept()).toHaveLength(2)
  })

  test('a form goes to the list of a row as well, if that row is there', async () => {
    const { ask, kept } = await begin(await place(), store())
    await ask('POST', '/list', { json: { name: 'l' } })
    const made = await ask('POST', '/list/1/todos', form({ text: 'a', paper: new Blob(['p']) }))
    expect([made.status, await made.json()]).toMatchObject([201, { list: 1, paper: { size: 1, url: '/todo/1/paper' } }])
    expect((await ask('PATCH', '/list/1/todos/1', form({ paper: new Blob(['pq']) }))).status).toBe(200)
    let pulled = false
    const body = new ReadableStream({ pull: () => void (pulled = true) }, { highWaterMark: 0 })
    const headers = { 'content-type': 'multipart/form-data; boundary=b' }
    expect((await ask('POST', '/list/2/todos', { body, headers })).status).toBe(404)
    expect([pulled, await kept()]).toMatchObject([false, [expect.any(String) as string]])
  })

  test('bytes go with their row: deleted, cascaded, in bulk; not with one that stays after all', async () => {
    const { app, ask, kept } = await begin(await place(), store())
    await ask('POST', '/list', { json: { name: 'l', todos: [{ text: 'a' }, { text: 'b' }] } })
    await ask('POST', '/todo', { json: { text: 'c' } })
    await ask('POST', '/todo', { json: { text: 'd' } })
    for (const id of [1, 2, 3, 4]) await ask('PUT', `/todo/${id}/photo`, png(`file ${id}`))
    await expect(
      app.transaction(async tx => {
        await tx.delete('list', 1)
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(await kept()).toHaveLength(4)
    expect(await (await ask('GET', '/todo/2/photo')).text()).toBe('file 2')
    await ask('DELETE', '/list/1')
    expect(await kept()).toHaveLength(2)
    await ask('DELETE', '/todo/4')
    expect(await kept()).toHaveLength(1)
    expect((await ask('DELETE', '/todo?text=c')).status).toBe(204)
    expect(await kept()).toEqual([])
  })

  test('a failed write keeps neither row nor bytes', async () => {
    const { ask, kept, faults } = await begin(await place(), store())
    const photo = new File(['abc'], 'a.png', { type: 'image/png' })
    await ask('POST', '/todo', { json: { text: 'a' } })
    expect((await ask('POST', '/todo', form({ text: 'a', photo }))).status).toBe(409)
    expect((await ask('POST', '/todo', form({ photo, text: 'b'.repeat(21) }))).status).toBe(400)
    expect((await ask('POST', '/todo', form({ photo, paper: new Blob(['x'.repeat(101)]), text: 'b' }))).status).toBe(
      413,
    )
    expect((await ask('PATCH', '/todo/1', form({ photo, rank: 'x' }))).status).toBe(400)
    expect(await (await ask('GET', '/todo')).json()).toMatchObject([{ id: 1, photo: null }])
    expect([await kept(), faults]).toEqual([[], []])
  })

  test('with a key an upload takes effect once', async () => {
    const { ask, kept } = await begin(await place(), store())
    await ask('POST', '/todo', { json: { text: 'a' } })
    const first = await ask('PUT', '/todo/1/photo', png('one', { 'idempotency-key': 'k', 'if-none-match': '*' }))
    const again = await ask('PUT', '/todo/1/photo', png('one', { 'idempotency-key': 'k', 'if-none-match': '*' }))
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true'])
    expect(await again.json()).toEqual(await first.json())
    expect(
      (await ask('PUT', '/todo/1/photo', png('two', { 'idempotency-key': 'k', 'if-none-match': '*' }))).status,
    ).toBe(422)
    expect(await (await ask('GET', '/todo/1/photo')).text()).toBe('one')
    const made = await ask('POST', '/todo', {
      ...form({ text: 'b', paper: new Blob(['p']) }),
      headers: { 'idempotency-key': 'p' },
    })
    const same = await ask('POST', '/todo', {
      ...form({ text: 'b', paper: new Blob(['p']) }),
      headers: { 'idempotency-key': 'p' },
    })
    expect(await same.json()).toEqual(await made.json())
    expect(await kept()).toHaveLength(2)
  })
})

describe('leftovers', () => {
  test('an upload that died with its process is cleared away after its lease, and cannot be taken up any more', async () => {
    const place = inFolder()
    const file = join(temporary(), 'todo.db')
    const first = await begin(place, sqlite(file))
    await first.ask('POST', '/todo', { json: { text: 'a' } })
    let feed!: ReadableStreamDefaultController<Uint8Array>
    const body = new ReadableStream<Uint8Array>({ start: controller => void (feed = controller) })
    const asked = first.ask('PUT', '/todo/1/photo', { body, headers: { 'content-type': 'image/png' } })
    feed.enqueue(Buffer.from('half'))
    await expect.poll(() => place.keys()).toHaveLength(1)

    const second = await begin(place, sqlite(file))
    expect(await second.kept()).toHaveLength(1) // it may be under way
    clock.now += 3_600_000
    expect(await second.kept()).toEqual([])
    feed.enqueue(Buffer.from('late'))
    feed.close()
    expect((await asked).status).toBeGreaterThanOrEqual(500)
    expect(await (await second.ask('GET', '/todo/1')).json()).toMatchObject({ photo: null })
    expect(await first.kept()).toEqual([])
  })

  test('bytes that could not be removed are removed by the next start', async () => {
    const place = inFolder()
    const file = join(temporary(), 'todo.db')
    const broken = { ...place.files, remove: async () => Promise.reject(new Error('down')) }
    const first = await begin({ ...place, files: broken }, sqlite(file))
    await first.ask('POST', '/todo', form({ text: 'a', paper: new Blob(['p']) }))
    expect((await first.ask('DELETE', '/todo/1')).status).toBe(204)
    expect(await first.kept()).toHaveLength(1)
    expect(first.faults).toContainEqual(new Error('down'))
    await first.app.close()
    const second = await begin(place, sqlite(file))
    expect(await second.kept()).toEqual([])
  })

  test('a file that cannot be removed does not keep others from being removed', async () => {
    const place = inFolder()
    let stuck = ''
    const remove = async (key: string): Promise<void> => {
      if (key === stuck) throw new Error('stuck')
      await place.files.remove(key)
    }
    const { app, kept } = await begin({ ...place, files: { ...place.files, remove } })
    const keys: string[] = []
    for (let id = 1; id <= 3; id++) {
      await app.post('todo', { text: `${id}` })
      keys.push((await app.files.put('todo', id, 'paper', new Blob(['p']))).version)
    }
    stuck = keys.toSorted()[0]!
    await app.transaction(async tx => {
      for (let id = 1; id <= 3; id++) await tx.delete('todo', id)
    })
    expect(await kept()).toEqual([stuck])
    stuck = ''
    expect(await kept()).toEqual([])
  })

  test('of a read-only database, files are read and none is removed', async () => {
    const path = join(temporary(), 'todo.db')
    const own = (options = {}): Promise<Begun> =>
      begin(inFolder(), sqlite(path, options), { files: undefined as never })
    const kept = (): string[] =>
      readdirSync(`${path}-files`, { recursive: true, withFileTypes: true }).flatMap(one =>
        one.isFile() ? [one.name] : [],
      )
    const first = await own()
    await first.ask('POST', '/todo', form({ text: 'a', paper: new Blob(['p']) }))
    await first.app.close()
    const left = kept()
    const second = await own({ readOnly: true })
    expect(await (await second.ask('GET', '/todo/1/paper')).text()).toBe('p')
    expect((await second.ask('PUT', '/todo/1/paper', { body: 'x' })).status).toBe(403)
    expect([kept(), second.faults]).toEqual([left, []])
  })

  test('files work next to ephemeral rows, too', async () => {
    const path = join(temporary(), 'todo.db')
    const here = resource.ephemeral({ id: t.id(), name: t.text() }, { ttl: '30 s' }).public()
    const app = api({ ...model, here }, { store: sqlite(path), report: () => {} })
    onTestFinished(() => app.close())
    await app.post('todo', { text: 'a' })
    const { version } = await app.files.put('todo', 1, 'paper', new Blob(['p']))
    expect(readdirSync(join(`${path}-files`, version.slice(0, 2)))).toEqual([version])
  })

  test('ephemeral rows have no files', () => {
    const here = resource.ephemeral({ id: t.id(), face: t.file() }, { ttl: '30 s' }).public()
    expect(() => api({ here }, { report: () => {} })).toThrow('here.face: is a file of a row that passes')
  })

  test('an action on a row cannot have the URI of a file', () => {
    const one = resource({ id: t.id(), face: t.file() }).actions({ put_face: action({ on: 'row', run: () => 1 }) })
    expect(() => api({ one }, { report: () => {} })).toThrow('has the URI of the file one.face')
  })

  test('files that cannot be kept are refused for now, and the row stays as it was', async () => {
    const place = inFolder()
    const write = async (): Promise<never> => Promise.reject(new Error('no space'))
    const { ask, faults } = await begin({ ...place, files: { ...place.files, write } })
    await ask('POST', '/todo', { json: { text: 'a' } })
    expect((await ask('PUT', '/todo/1/photo', png('x'))).status).toBe(500)
    expect(faults).toEqual([new Error('no space')])
    expect(await (await ask('GET', '/todo/1')).json()).toMatchObject({ photo: null })
  })
})
