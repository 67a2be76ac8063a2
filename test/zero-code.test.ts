import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { api, type Api } from '../src/api.ts'
import { adopt } from '../src/store/sql/tables/adopt.ts'
import { introspect } from '../src/store/sqlite/schema/introspect.ts'
import { sqlite } from '../src/store/sqlite/index.ts'
import { chinookQueries, makeChinook } from './fixtures/chinook.ts'

interface Served {
  readonly app: Api<any>
  readonly sql: DatabaseSync
  readonly get: (path: string) => Promise<Response>
  readonly send: (method: string, path: string, body?: unknown) => Promise<Response>
}

function suite(name: string, make: (file: string) => void): void {
  describe(name, () => {
    const directory = mkdtempSync(join(tmpdir(), 'restuary-zero-'))
    let served: Served

    beforeAll(() => {
      const file = join(directory, 'chinook.db')
      make(file)
      const { resources } = adopt(introspect(file), { foreign: true })
      const app = api(resources, { store: sqlite(file), report: () => {} })
      const send = (method: string, path: string, body?: unknown): Promise<Response> =>
        app.fetch(
          new Request(`http://localhost${path}`, {
            method,
            ...(body === undefined
              ? {}
              : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
          }),
        )
      served = { app, sql: new DatabaseSync(file), send, get: path => send('GET', path) }
    })
    afterAll(async () => {
      served.sql.close()
      await served.app.close()
      rmSync(directory, { recursive: true })
    })

    const column = (sql: string): unknown[] =>
      served.sql
        .prepare(sql)
        .all()
        .map(row => Object.values(row)[0])

    test.each(chinookQueries)('%s shows the same as SQL', async (url, sql) => {
      const response = await served.get(url)
      const body = (await response.json()) as { id: number }[]
      expect(response.status, JSON.stringify(body)).toBe(200)
      const expected = column(sql)
      expect(expected.length).toBeGreaterThan(0)
      expect(body.map(row => row.id)).toEqual(expected)
    })

    test('at depth 2 the related rows are objects, as SQL joins them', async () => {
      const rows = await (await served.get(chinookQueries[0]![0])).json()
      const expected = served.sql
        .prepare(
          `SELECT t.TrackId AS id, t.Name AS name, json_object('id', AlbumId, 'title', Title, 'artist', a.ArtistId) AS album,
           json_object('id', MediaTypeId, 'name', m.Name) AS mediaType,
           iif(GenreId IS NULL, 'null', json_object('id', GenreId, 'name', g.Name)) AS genre, Composer AS composer,
           Milliseconds AS milliseconds, Bytes AS bytes, UnitPrice AS unitPrice
           FROM Track t JOIN Album a USING (AlbumId) JOIN Artist r ON a.ArtistId = r.ArtistId JOIN MediaType m USING (MediaTypeId)
           LEFT JOIN Genre g USING (GenreId) WHERE r.Name = 'AC/DC' ORDER BY Milliseconds DESC, TrackId LIMIT 5`,
        )
        .all()
        .map(row => ({
          ...row,
          album: JSON.parse(String(row['album'])),
          mediaType: JSON.parse(String(row['mediaType'])),
          genre: JSON.parse(String(row['genre'])),
        }))
      const shown = (rows as Record<string, any>[]).map(row =>
        Object.fromEntries(Object.keys(expected[0]!).map(key => [key, row[key]])),
      )
      expect(shown).toMatchObject(expected)
    })

    test('every row of every table is there', async () => {
      for (const [table, path] of [
        ['Track', '/track'],
        ['InvoiceLine', '/invoiceLine'],
        ['Employee', '/employee'],
      ]) {
        const response = await served.get(`${path}?total=true&limit=1`)
        expect(response.headers.get('x-total-count')).toBe(String(column(`SELECT count(*) FROM ${table}`)[0]))
      }
    })

    test('writes reach the tables, and constraints of the tables refuse them', async () => {
      const created = await served.send('POST', '/artist', { name: 'New' })
      expect(created.status).toBe(201)
      const { id } = (await created.json()) as { id: number }
      expect(column(`SELECT Name FROM Artist WHERE ArtistId = ${id}`)).toEqual(['New'])

      const album = await served.send('POST', `/artist/${id}/albums`, { title: 'First' })
      expect(album.status).toBe(201)
      expect(column(`SELECT Title FROM Album WHERE ArtistId = ${id}`)).toEqual(['First'])
      expect((await served.send('DELETE', `/artist/${id}`)).status).toBe(409)

      expect((await served.send('PATCH', '/track/1', { name: 'Renamed', genre: null })).status).toBe(200)
      expect(served.sql.prepare('SELECT Name, GenreId FROM Track WHERE TrackId = 1').get()).toEqual({
        Name: 'Renamed',
        GenreId: null,
      })

      expect((await served.send('PATCH', '/playlist/4', { tracks: [1, 3] })).status).toBe(200)
      expect(column('SELECT TrackId FROM PlaylistTrack WHERE PlaylistId = 4 ORDER BY 1')).toEqual([1, 3])

      expect((await served.send('PATCH', '/track/1', { album: 99_999 })).status).toBe(400)
      expect((await served.send('POST', '/track', { name: 'x' })).status).toBe(400)
    })

    test('a version is there before the first write and changes with it', async () => {
      const before = (await served.get('/genre/1')).headers.get('etag')
      expect(before).toMatch(/^"[0-9a-z]{6}\./)
      expect((await served.send('PATCH', '/genre/1', { name: 'Changed' })).status).toBe(200)
      expect((await served.get('/genre/1')).headers.get('etag')).not.toBe(before)
    })
  })
}

suite('a database of the Chinook shape', makeChinook)

const sample = process.env['RESTUARY_CHINOOK']
if (sample !== undefined && existsSync(sample)) suite('the Chinook sample', file => copyFileSync(sample, file))
else test.skip('the Chinook sample: set RESTUARY_CHINOOK to the path of chinook.sqlite', () => {})
