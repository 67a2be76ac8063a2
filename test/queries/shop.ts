// The music shop of the Chinook sample, declared for an application of ours, with the rows of the file that has its shape.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { api, resource, t, type Api } from '../../src/index.ts'
import type { AnyResource } from '../../src/model/declare/declaration.ts'
import type { Store } from '../../src/store/store.ts'
import { makeChinook } from '../fixtures/chinook.ts'

const name = t.text().nullable()
const price = t.decimal({ digits: 10, places: 2 })

export const resources: Readonly<Record<string, AnyResource>> = {
  artist: resource({ id: t.id(), name, albums: t.back('album', 'artist') }).public(),
  album: resource({
    id: t.id(),
    title: t.text(),
    artist: t.one('artist', { inverse: 'albums' }),
    tracks: t.back('track', 'album'),
  }).public(),
  genre: resource({ id: t.id(), name, tracks: t.back('track', 'genre') }).public(),
  playlist: resource({ id: t.id(), name, tracks: t.many('track', { inverse: 'playlists' }) }).public(),
  track: resource({
    id: t.id(),
    name: t.text(),
    album: t.one('album', { inverse: 'tracks' }).nullable(),
    media: t.enum(['Type 1', 'Type 2', 'Type 3']),
    genre: t.one('genre', { inverse: 'tracks' }).nullable(),
    composer: name,
    milliseconds: t.integer(),
    bytes: t.integer().nullable(),
    /** Half of them have fractions. */
    rating: t.number().nullable(),
    isLong: t.bool(),
    unitPrice: price,
    playlists: t.many('playlist', { inverse: 'tracks' }),
    lines: t.back('line', 'track'),
  }).public(),
  employee: resource({
    id: t.id(),
    lastName: t.text(),
    boss: t.one('employee', { inverse: 'team' }).nullable(),
    team: t.back('employee', 'boss'),
    born: t.date(),
    customers: t.back('customer', 'support'),
  }).public(),
  customer: resource({
    id: t.id(),
    lastName: t.text(),
    country: t.text(),
    email: t.text().unique(),
    support: t.one('employee', { inverse: 'customers' }).nullable(),
    invoices: t.back('invoice', 'customer'),
  }).public(),
  invoice: resource({
    id: t.id(),
    customer: t.one('customer', { inverse: 'invoices' }),
    at: t.datetime(),
    country: t.text().nullable(),
    total: price,
    lines: t.back('line', 'invoice'),
  }).public(),
  line: resource({
    id: t.id(),
    invoice: t.one('invoice', { inverse: 'lines' }),
    track: t.one('track', { inverse: 'lines' }),
    unitPrice: price,
    quantity: t.integer(),
  }).public(),
}

type Row = Readonly<Record<string, unknown>>

/** The rows of each resource, in an order in which those that are referred to come first. */
export function readRows(): ReadonlyMap<string, readonly Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'restuary-shop-'))
  const file = join(directory, 'shop.db')
  makeChinook(file)
  const db = new DatabaseSync(file, { readOnly: true })
  const all = (sql: string): Row[] =>
    db
      .prepare(sql)
      .all()
      .map(row => ({ ...row }))
  const money = (column: string): string => `printf('%.2f', ${column})`
  const pairs = Map.groupBy(
    all('SELECT PlaylistId AS playlist, TrackId AS track FROM PlaylistTrack'),
    row => row['track'],
  )
  const rows: readonly (readonly [string, Row[]])[] = [
    ['artist', all('SELECT Name AS name FROM Artist')],
    ['album', all('SELECT Title AS title, ArtistId AS artist FROM Album')],
    ['genre', all('SELECT Name AS name FROM Genre')],
    ['playlist', all('SELECT Name AS name FROM Playlist')],
    [
      'track',
      all(`SELECT TrackId AS id, Name AS name, AlbumId AS album, 'Type ' || MediaTypeId AS media, GenreId AS genre,
        Composer AS composer, Milliseconds AS milliseconds, Bytes AS bytes, nullif((TrackId % 9) / 2.0, 0) AS rating,
        Milliseconds > 200000 AS isLong, ${money('UnitPrice')} AS unitPrice FROM Track`).map(
        ({ id, isLong, ...row }) => ({
          ...row,
          isLong: isLong === 1,
          playlists: (pairs.get(id) ?? []).map(({ playlist }) => playlist),
        }),
      ),
    ],
    ['employee', all('SELECT LastName AS lastName, ReportsTo AS boss, substr(BirthDate, 1, 10) AS born FROM Employee')],
    [
      'customer',
      all('SELECT LastName AS lastName, Country AS country, Email AS email, SupportRepId AS support FROM Customer'),
    ],
    [
      'invoice',
      all(`SELECT CustomerId AS customer, replace(InvoiceDate, ' ', 'T') || 'Z' AS at, BillingCountry AS country,
        ${money('Total')} AS total FROM Invoice`),
    ],
    [
      'line',
      all(`SELECT InvoiceId AS invoice, TrackId AS track, ${money('UnitPrice')} AS unitPrice, Quantity AS quantity
        FROM InvoiceLine`),
    ],
  ]
  db.close()
  rmSync(directory, { recursive: true })
  return new Map(rows)
}

/** The shop over a store, with its rows. */
export async function openShop(store: Store, rows: ReadonlyMap<string, readonly Row[]>): Promise<Api<any>> {
  const app = api(resources, { store, report: () => {} }) as Api<any>
  await app.ready()
  for (const [resource, some] of rows) await app.post(resource, some)
  return app
}
