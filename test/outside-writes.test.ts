// Programs that write to the database of an application past it: no answer is older than the file, and nobody is left behind.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { api, resource, sqlite, t } from '../src/index.ts'

async function world(): Promise<{
  readonly get: (
    path: string,
    headers?: Record<string, string>,
  ) => Promise<{ status: number; etag: string | null; body: any }>
  readonly patch: (path: string, body: unknown, headers: Record<string, string>) => Promise<number>
  readonly outside: (sql: string) => Promise<void>
  readonly app: ReturnType<typeof make>
}> {
  const directory = mkdtempSync(join(tmpdir(), 'restuary-'))
  const file = join(directory, 'h.db')
  const app = make(file)
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
    get: async (path, headers = {}) => {
      const response = await send('GET', path, headers)
      const text = await response.text()
      return { status: response.status, etag: response.headers.get('etag'), body: text && JSON.parse(text) }
    },
    patch: async (path, body, headers) => (await send('PATCH', path, headers, body)).status,
    outside: async sql => {
      // All reads of a turn of the event loop see one state.
      await setImmediate()
      const db = new DatabaseSync(file)
      db.exec(sql)
      db.close()
    },
  }
}

const make = (file: string) =>
  api({ todo: resource({ id: t.id(), title: t.text() }).public() }, { store: sqlite(file), report: () => {} })

test('a row and its list agree at once, and no tag from before is valid', async () => {
  const { get, patch, outside } = await world()
  const [row, list] = [await get('/todo/1'), await get('/todo')]
  await get('/todo/1')
  await outside(`UPDATE todo SET title = 'x' WHERE id = 1`)
  expect((await get('/todo/1')).body).toEqual({ id: 1, title: 'x' })
  expect((await get('/todo')).body[0]).toEqual({ id: 1, title: 'x' })
  expect((await get('/todo/1', { 'if-none-match': row.etag! })).status).toBe(200)
  expect((await get('/todo', { 'if-none-match': list.etag! })).status).toBe(200)
  await outside(`UPDATE todo SET title = 'y' WHERE id = 1`)
  expect(await patch('/todo/1', { title: 'z' }, { 'if-match': row.etag! })).toBe(412)
})

test('who follows is told the state anew', async () => {
  const { app, outside } = await world()
  const following = app.live('todo')
  expect((await following.next()).value!.rows).toHaveLength(2)
  await outside(`DELETE FROM todo WHERE id = 1`)
  const { value } = await following.next()
  expect(value).toMatchObject({ reset: true, rows: [{ id: 2, title: 'b' }] })
  await following.return()
})
