// Programs that write to the file of an application past it: no answer is older than the file, and nobody is left behind.
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { serveFile } from '../src/cli/serve.ts'
import { api, memory, resource, sqlite, t } from '../src/index.ts'

/** Changes the titles of rows by their ids; null deletes the row. */
type Outside = (changes: Readonly<Record<number, string | null>>) => Promise<void>

async function world(kind: 'SQLite' | 'JSON'): Promise<{
  readonly get: (
    path: string,
    headers?: Record<string, string>,
  ) => Promise<{ status: number; etag: string | null; body: any }>
  readonly patch: (path: string, body: unknown, headers: Record<string, string>) => Promise<number>
  readonly outside: Outside
  readonly file: string
  readonly told: string[]
  readonly app: ReturnType<typeof make>
}> {
  const directory = mkdtempSync(join(tmpdir(), 'restuary-'))
  const file = join(directory, kind === 'JSON' ? 'h.json' : 'h.db')
  const told: string[] = []
  const app = make(file, line => told.push(line))
  onTestFinished(async () => {
    await app.close()
    rmSync(directory, { recursive: true })
  })
  await app.post('todo', [{ title: 'a' }, { title: 'b' }])
  const send = (method: string, path: string, headers: Record<string, string>, body?: unknown): Promise<Response> =>
    app.fetch(
      new Request(`http://localhost${path}`, {
        method,
        headers: { ...headers, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    )
  return {
    app,
    file,
    told,
    get: async (path, headers = {}) => {
      const response = await send('GET', path, headers)
      const text = await response.text()
      return { status: response.status, etag: response.headers.get('etag'), body: text && JSON.parse(text) }
    },
    patch: async (path, body, headers) => (await send('PATCH', path, headers, body)).status,
    outside: async changes => {
      // All reads of a turn of the event loop see one state.
      await setImmediate()
      if (kind === 'JSON') return editFile(file, changes)
      const db = new DatabaseSync(file)
      for (const [id, title] of Object.entries(changes)) {
        if (title === null) db.prepare('DELETE FROM todo WHERE id = ?').run(id)
        else db.prepare('UPDATE todo SET title = ? WHERE id = ?').run(title, id)
      }
      db.close()
    },
  }
}

function editFile(file: string, changes: Readonly<Record<number, string | null>>): void {
  const document = JSON.parse(readFileSync(file, 'utf8'))
  const todo = document.todo
    .filter(({ id }: { id: number }) => changes[id] !== null)
    .map((row: { id: number }) => (row.id in changes ? { ...row, title: changes[row.id] } : row))
  writeFileSync(file, JSON.stringify({ ...document, todo }))
}

const make = (file: string, report: (line: string) => void) =>
  api(
    { todo: resource({ id: t.id(), title: t.text() }).public() },
    { store: file.endsWith('.json') ? memory({ file }) : sqlite(file), report },
  )

describe.each(['SQLite', 'JSON'] as const)('a %s file', kind => {
  test('a row and its list agree at once, and no tag from before is valid', async () => {
    const { get, patch, outside } = await world(kind)
    const [row, list] = [await get('/todo/1'), await get('/todo')]
    await get('/todo/1')
    await outside({ 1: 'x' })
    expect((await get('/todo/1')).body).toEqual({ id: 1, title: 'x' })
    expect((await get('/todo')).body[0]).toEqual({ id: 1, title: 'x' })
    expect((await get('/todo/1', { 'if-none-match': row.etag! })).status).toBe(200)
    expect((await get('/todo', { 'if-none-match': list.etag! })).status).toBe(200)
    await outside({ 1: 'y' })
    expect(await patch('/todo/1', { title: 'z' }, { 'if-match': row.etag! })).toBe(412)
  })

  test('who follows is told the state anew', async () => {
    const { app, outside } = await world(kind)
    const following = app.live('todo')
    expect((await following.next()).value!.rows).toHaveLength(2)
    await outside({ 1: null })
    const { value } = await following.next()
    expect(value).toMatchObject({ reset: true, rows: [{ id: 2, title: 'b' }] })
    await following.return()
  })
})

describe('a JSON file that others edit', () => {
  test('is not overwritten: a write goes on from what they left', async () => {
    const { app, file, outside } = await world('JSON')
    await outside({ 1: 'edited', 2: null })
    await app.post('todo', { title: 'c' })
    expect(JSON.parse(readFileSync(file, 'utf8')).todo).toEqual([
      { id: 1, title: 'edited' },
      { id: 3, title: 'c' },
    ])
  })

  test('wins over writes that are not saved yet: they are refused, and nothing of them is left', async () => {
    const { app, file, get } = await world('JSON')
    const writing = [app.patch('todo', 2, { title: 'lost' }), app.post('todo', { title: 'lost' })]
    const ended = Promise.allSettled(writing)
    await Promise.resolve()
    editFile(file, { 1: 'edited' })
    for (const outcome of await ended) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'unavailable' })
    }
    const rows = (await get('/todo')).body
    expect(rows[0]).toEqual({ id: 1, title: 'edited' })
    expect(JSON.parse(readFileSync(file, 'utf8')).todo).toEqual(rows)
    const refused = (await ended).filter(one => one.status === 'rejected').length
    expect(rows.filter((row: { title: string }) => row.title === 'lost')).toHaveLength(2 - refused)
    await app.patch('todo', 2, { title: 'sent again' })
    expect(JSON.parse(readFileSync(file, 'utf8')).todo[1]).toEqual({ id: 2, title: 'sent again' })
  })

  test('and that cannot be used then is not written until it is corrected', async () => {
    const { app, file, get, told } = await world('JSON')
    const good = readFileSync(file, 'utf8')
    await setImmediate()
    writeFileSync(file, '{ "todo": [ }')
    expect((await get('/todo')).body).toHaveLength(2)
    await expect(app.post('todo', { title: 'c' })).rejects.toMatchObject({ code: 'unavailable' })
    expect(readFileSync(file, 'utf8')).toBe('{ "todo": [ }')
    expect(told.at(-1)).toMatch(/h\.json was changed by another program, and cannot be used:/)
    writeFileSync(file, good.replace('"b"', '"corrected"'))
    await app.post('todo', { title: 'c' })
    expect((await get('/todo')).body.map((row: { title: string }) => row.title)).toEqual(['a', 'corrected', 'c'])
  })

  test('is left alone as long as its text is the same', async () => {
    const { file, get, told } = await world('JSON')
    const { etag } = await get('/todo')
    await setImmediate()
    utimesSync(file, 1_000, 1_000)
    expect((await get('/todo', { 'if-none-match': etag! })).status).toBe(304)
    expect(told.filter(line => line.includes('another program'))).toEqual([])
  })

  test('is written anew if it is gone', async () => {
    const { app, file } = await world('JSON')
    rmSync(file)
    await app.post('todo', { title: 'c' })
    expect(JSON.parse(readFileSync(file, 'utf8')).todo).toHaveLength(3)
  })
})

test('whoever closes a served JSON file ends the looking for changes of others as well', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'restuary-'))
  const file = join(directory, 'db.json')
  writeFileSync(file, '{"posts":[]}')
  const [begun, ended] = [vi.spyOn(globalThis, 'setInterval'), vi.spyOn(globalThis, 'clearInterval')]
  onTestFinished(() => {
    vi.restoreAllMocks()
    rmSync(directory, { recursive: true })
  })
  const options = { public: true, readOnly: false, memory: false, jsonServer: true, cors: [] }
  const server = await serveFile(file, { ...options, host: '127.0.0.1', port: 0 })
  const watch: unknown = begun.mock.results.find((_, i) => begun.mock.calls[i]![1] === 100)!.value
  await server.close()
  expect(ended).toHaveBeenCalledWith(watch)
})
