// A store that was put back to an earlier state in several ways, and what positions and tags of the lost state are worth then.
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { api, memory, resource, sqlite, t, type Api, type Store } from '../src/index.ts'
import { EventStream } from '../src/testing/event-stream.ts'
import { slow } from '../src/testing/slow-store.ts'
import { served, speak } from './speakers.ts'

const folder = mkdtempSync(join(tmpdir(), 'restuary-terms-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const newFile = (): string => join(folder, `${files++}.db`)

const list = resource({ id: t.id(), title: t.text(), todos: t.back('todo', 'list') }).public()
const todo = resource({ id: t.id(), text: t.text(), list: t.one('list').nullable() }).public()
const start = (store: Store): Api<{ list: typeof list; todo: typeof todo }> =>
  api({ list, todo }, { store, report: () => {} })

const ask = async (
  app: Api<any>,
  path: string,
  headers: Record<string, string> = {},
  body?: object,
): Promise<Response> =>
  app.fetch(
    new Request(`http://x${path}`, {
      method: body ? 'PATCH' : 'GET',
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    }),
  )
const tag = async (app: Api<any>, path: string): Promise<string> => (await ask(app, path)).headers.get('etag')!
const unquoted = (text: string): string => text.slice(1, -1)

/** The first events of a stream that begins after a position. */
async function resumed(
  app: Api<any>,
  path: string,
  since: string,
  count: number,
): Promise<{ event: string; ids: unknown }[]> {
  const answer = await ask(app, path, { accept: 'text/event-stream', 'last-event-id': since })
  const stream = new EventStream()
  const reader = answer.body!.getReader()
  const decoder = new TextDecoder()
  void (async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read())
      stream.feed(decoder.decode(part.value, { stream: true }))
    stream.end()
  })()
  const events = await stream.take(count)
  await reader.cancel()
  return events.map(({ event, data }) => ({
    event,
    ids: Array.isArray(data) ? data.map((row: any) => row.id) : data?.id,
  }))
}

/** Copies the file as it is, together with its log. */
function copy(from: string, to: string): void {
  for (const end of ['', '-wal', '-shm']) {
    rmSync(to + end, { force: true })
    if (existsSync(from + end)) cpSync(from + end, to + end)
  }
}

describe('a file', () => {
  const open = (file: string, synchronous: 'full' | 'normal' = 'full'): ReturnType<typeof start> => {
    const app = start(sqlite(file, { synchronous }))
    onTestFinished(() => app.close())
    return app
  }

  test.each(['full', 'normal'] as const)(
    'what was told of a state that was lost is not valid in the state that was put back (synchronous = %s)',
    async synchronous => {
      const file = newFile()
      const first = open(file, synchronous)
      for (let id = 1; id <= 5; id++) await first.post('todo', { text: `${id}` })
      const kept = { row: await tag(first, '/todo/1'), list: await tag(first, '/todo') }
      copy(file, `${file}.copy`)
      await first.patch('todo', 2, { text: 'lost' })
      for (let id = 6; id <= 9; id++) await first.post('todo', { text: 'lost' })
      const lost = {
        row: await tag(first, '/todo/2'),
        list: await tag(first, '/todo'),
        deep: await tag(first, '/list?depth=2'),
      }
      await first.close()

      copy(`${file}.copy`, file)
      const second = open(file, synchronous)
      expect(await tag(second, '/todo/1')).toBe(kept.row)
      expect(await tag(second, '/todo')).toBe(kept.list)
      await second.patch('todo', 2, { text: 'other' })
      for (let id = 0; id < 7; id++) await second.post('todo', { text: 'other' })

      // Resuming after what was lost is a reset. Resuming before it gives exactly what happened since.
      expect(await resumed(second, '/todo', unquoted(lost.list), 2)).toEqual([
        { event: 'reset', ids: undefined },
        { event: 'snapshot', ids: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] },
      ])
      expect((await resumed(second, '/todo', unquoted(kept.list), 2)).map(one => one.ids)).toEqual([2, 6])
      // The seq of the row is the same again, its tag is not.
      expect(unquoted(await tag(second, '/todo/2')).split('.')[1]).toBe(unquoted(lost.row).split('.')[1])
      expect((await ask(second, '/todo/2', { 'if-match': lost.row }, { text: 'blind' })).status).toBe(412)
      expect((await ask(second, '/todo/2', { 'if-none-match': lost.row })).status).toBe(200)
      expect((await ask(second, '/todo', { 'if-none-match': lost.list })).status).toBe(200)
      expect((await ask(second, '/list?depth=2', { 'if-none-match': lost.deep })).status).toBe(200)
      expect((await ask(second, '/todo/2', { 'min-position': unquoted(lost.list) })).status).toBe(503)
      expect((await ask(second, `/todo/2?at=${unquoted(lost.list)}`)).status).toBe(400)
      expect((await ask(second, '/todo/1', { 'if-match': kept.row }, { text: 'mine' })).status).toBe(200)
    },
  )

  test('a file that is opened again goes on: tags stay, streams resume without a reset', async () => {
    const file = newFile()
    let app = open(file)
    await app.post('todo', { text: 'a' })
    const tags: string[] = []
    for (let i = 1; i <= 3; i++) {
      const seen = await tag(app, '/todo/1')
      tags.push(seen)
      await app.close()
      app = open(file)
      await app.close()
      app = open(file)
      expect(await tag(app, '/todo/1')).toBe(seen)
      expect((await ask(app, '/todo/1', { 'if-none-match': seen })).status).toBe(304)
      await app.patch('todo', 1, { text: `${i}` })
    }
    expect(new Set(tags.map(one => one.split('.')[0])).size).toBe(3)
    for (const one of tags)
      expect(await resumed(app, '/todo', unquoted(one), 1)).toEqual([{ event: 'updated', ids: 1 }])
    const file2 = new DatabaseSync(file, { readOnly: true })
    const terms = file2.prepare("SELECT value FROM _restuary_meta WHERE key = 'terms'").get()!['value'] as string
    file2.close()
    // A term in which nothing was written is not kept.
    expect((JSON.parse(terms) as unknown[]).length).toBe(4)
  })

  test('two copies of a file go apart', async () => {
    const file = newFile()
    const before = open(file)
    await before.post('todo', { text: 'a' })
    const common = await tag(before, '/todo/1')
    await before.close()
    copy(file, `${file}.copy`)
    const [one, two] = [open(file), open(`${file}.copy`)]
    await one.patch('todo', 1, { text: 'one' })
    await two.patch('todo', 1, { text: 'two' })
    const seen = await tag(one, '/todo/1')
    expect((await ask(two, '/todo/1', { 'if-none-match': seen })).status).toBe(200)
    expect((await ask(two, '/todo/1', { 'if-match': seen }, { text: 'blind' })).status).toBe(412)
    expect((await resumed(two, '/todo', unquoted(seen), 1))[0]!.event).toBe('reset')
    expect((await resumed(two, '/todo', unquoted(common), 1))[0]).toEqual({ event: 'updated', ids: 1 })
  })

  test('two processes on one file agree on the meaning of positions', async () => {
    const file = newFile()
    const one = open(file)
    await one.post('todo', { text: 'a' })
    const two = open(file)
    await two.post('todo', { text: 'b' })
    await one.post('todo', { text: 'c' })
    for (const path of ['/todo/1', '/todo/2', '/todo/3']) expect(await tag(one, path)).toBe(await tag(two, path))
    const position = unquoted(await tag(two, '/todo/2'))
    expect(await resumed(one, '/todo', position, 1)).toEqual([{ event: 'created', ids: 3 }])
  })

  test('putting back a state while the file is open resets subscribers', async () => {
    const file = newFile()
    const app = open(file)
    await app.post('todo', { text: 'a' })
    await app.post('todo', { text: 'b' })
    const source = new DatabaseSync(file)
    await backup(source, `${file}.copy`)
    source.close()
    const client = await speak('native', await served(app))
    await app.post('todo', { text: 'lost' })
    const lost = await tag(app, '/todo/3')
    const told = await resumedForever(app)
    const former = new DatabaseSync(`${file}.copy`)
    await backup(former, file)
    former.close()
    const rows = [{ id: 1 }, { id: 2 }]
    expect(await told.take(3)).toMatchObject([
      { event: 'behind' },
      { event: 'reset' },
      { event: 'snapshot', data: rows },
    ])
    await client.create('todo', { text: 'other' })
    const [row] = await client.list('todo').then(rows => rows.slice(-1))
    expect(row.text).toBe('other')
    expect(await tag(app, `/todo/${row.id}`)).not.toBe(lost)
    expect((await ask(app, `/todo/${row.id}`, { 'if-match': lost }, { text: 'blind' })).status).toBe(412)
  })
})

/** A stream of all todos, after its first snapshot. */
async function resumedForever(app: Api<any>): Promise<EventStream> {
  const answer = await ask(app, '/todo', { accept: 'text/event-stream' })
  const stream = new EventStream()
  const reader = answer.body!.getReader()
  onTestFinished(() => reader.cancel())
  const decoder = new TextDecoder()
  void (async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read())
      stream.feed(decoder.decode(part.value, { stream: true }))
  })()
  await stream.take(1)
  return stream
}

const stores: Readonly<Record<string, () => Store>> = {
  memory: () => memory(),
  sqlite: () => sqlite(':memory:'),
  slow: () => slow(memory()),
}

describe.each(Object.entries(stores))('a position within a commit, %s', (_, store) => {
  test('a client can resume from the tag of what it read', async () => {
    const app = start(store())
    onTestFinished(() => app.close())
    const made = await app.fetch(
      new Request('http://x/list', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ title: 'l', todos: [{ text: 'a' }, { text: 'b' }] }),
      }),
    )
    const etag = made.headers.get('etag')!
    expect(unquoted(etag)).not.toBe(made.headers.get('position'))
    await app.patch('todo', 2, { text: 'c' })
    expect(await resumed(app, '/todo', unquoted(etag), 1)).toEqual([{ event: 'updated', ids: 2 }])
    expect(await resumed(app, '/list?depth=2', unquoted(await tag(app, '/list/1')), 1)).toEqual([
      { event: 'updated', ids: 1 },
    ])
    await app.patch('list', 1, { title: 'm' })
    const deep = unquoted(await tag(app, '/list/1?depth=2'))
    await app.patch('todo', 1, { text: 'd' })
    // The tag of another representation is a position as well: that of the newest that it shows.
    expect(await resumed(app, '/todo', deep, 1)).toEqual([{ event: 'updated', ids: 1 }])
    const brief = unquoted(await tag(app, '/todo?fields=text'))
    await app.patch('todo', 2, { text: 'e' })
    expect(await resumed(app, '/todo', brief, 1)).toEqual([{ event: 'updated', ids: 2 }])
  })
})
