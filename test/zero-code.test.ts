import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { api, type Api } from '../src/api.ts'
import { adopt } from '../src/store/sql/tables/adopt.ts'
import { introspect } from '../src/store/sqlite/schema/introspect.ts'
import { sqlite } from '../src/store/sqlite/index.ts'
import { makeChinook } from './fixtures/chinook.ts'

/** URLs and the SQL that says which ids they show, in which order. */
const QUERIES: readonly (readonly [url: string, sql: string])[] = [
  [
    '/track?filter={"album":{"artist":{"name":"AC/DC"}}}&depth=2&sort=-milliseconds&limit=5',
    `SELECT TrackId FROM Track JOIN Album USING (AlbumId) JOIN Artist ON Album.ArtistId = Artist.ArtistId
     WHERE Artist.Name = 'AC/DC' ORDER BY Milliseconds DESC, TrackId LIMIT 5`,
  ],
  [
    '/album?artist.name=AC/DC&sort=-title',
    `SELECT AlbumId FROM Album JOIN Artist USING (ArtistId) WHERE Name = 'AC/DC' ORDER BY Title DESC, AlbumId`,
  ],
  [
    '/track?filter={"composer":null}&limit=100',
    `SELECT TrackId FROM Track WHERE Composer IS NULL ORDER BY TrackId LIMIT 100`,
  ],
  [
    '/track?composer[contains]=Young&sort=name,-id&limit=50',
    `SELECT TrackId FROM Track WHERE instr(Composer, 'Young') ORDER BY Name, TrackId DESC LIMIT 50`,
  ],
  [
    '/track?sort=album.artist.name,-milliseconds&limit=30&album.id[gt]=3',
    `SELECT TrackId FROM Track JOIN Album USING (AlbumId) JOIN Artist ON Album.ArtistId = Artist.ArtistId
     WHERE AlbumId > 3 ORDER BY Artist.Name IS NULL, Artist.Name, Milliseconds DESC, TrackId LIMIT 30`,
  ],
  [
    '/track?filter={"playlists":{"$some":{"name":"Grunge"}}}&limit=100',
    `SELECT TrackId FROM PlaylistTrack JOIN Playlist USING (PlaylistId) WHERE Name = 'Grunge' ORDER BY TrackId LIMIT 100`,
  ],
  [
    '/customer?filter={"invoices":{"$some":{"total":{"$gt":13}}}}&sort=lastName&limit=100',
    `SELECT CustomerId FROM Customer WHERE CustomerId IN (SELECT CustomerId FROM Invoice WHERE Total > 13)
     ORDER BY LastName, CustomerId`,
  ],
  ['/employee?filter={"reportsTo":null}', `SELECT EmployeeId FROM Employee WHERE ReportsTo IS NULL`],
  ['/employee?reportsTo=2', `SELECT EmployeeId FROM Employee WHERE ReportsTo = 2 ORDER BY EmployeeId`],
  [
    '/employee?reportsTo.reportsTo=1',
    `SELECT e.EmployeeId FROM Employee e JOIN Employee b ON e.ReportsTo = b.EmployeeId WHERE b.ReportsTo = 1 ORDER BY 1`,
  ],
  [
    '/invoice?invoiceDate[gte]=2011-01-01&invoiceDate[lt]=2024-07-01&sort=-total,id&limit=20&offset=3',
    `SELECT InvoiceId FROM Invoice WHERE InvoiceDate >= '2011-01-01' AND InvoiceDate < '2024-07-01'
     ORDER BY Total DESC, InvoiceId LIMIT 20 OFFSET 3`,
  ],
  [
    '/invoiceLine?track.album.artist.name=AC/DC&limit=100',
    `SELECT InvoiceLineId FROM InvoiceLine JOIN Track USING (TrackId) JOIN Album USING (AlbumId)
     JOIN Artist ON Album.ArtistId = Artist.ArtistId WHERE Artist.Name = 'AC/DC' ORDER BY 1 LIMIT 100`,
  ],
  [
    '/artist?filter={"albums":{"$none":{}}}&limit=100',
    `SELECT ArtistId FROM Artist WHERE ArtistId NOT IN (SELECT ArtistId FROM Album) ORDER BY 1 LIMIT 100`,
  ],
  [
    '/track?filter={"$or":[{"unitPrice":{"$gt":1}},{"genre":{"name":"Jazz"}}]}&sort=bytes&limit=100',
    `SELECT TrackId FROM Track LEFT JOIN Genre USING (GenreId) WHERE UnitPrice > 1 OR Genre.Name = 'Jazz'
     ORDER BY Bytes IS NULL, Bytes, TrackId LIMIT 100`,
  ],
  ['/artist/1/albums', `SELECT AlbumId FROM Album WHERE ArtistId = 1 ORDER BY 1`],
  [
    '/playlist/3/tracks?sort=-name&limit=10',
    `SELECT TrackId FROM PlaylistTrack JOIN Track USING (TrackId) WHERE PlaylistId = 3 ORDER BY Name DESC, TrackId LIMIT 10`,
  ],
]

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

    test.each(QUERIES)('%s shows the same as SQL', async (url, sql) => {
      const response = await served.get(url)
      const body = (await response.json()) as { id: number }[]
      expect(response.status, JSON.stringify(body)).toBe(200)
      const expected = column(sql)
      expect(expected.length).toBeGreaterThan(0)
      expect(body.map(row => row.id)).toEqual(expected)
    })

    test('at depth 2 the related rows are objects, as SQL joins them', async () => {
      const rows = await (await served.get(QUERIES[0]![0])).json()
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
