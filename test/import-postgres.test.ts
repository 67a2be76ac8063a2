// restuary import makes a declaration of the tables of a PostgreSQL database.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { importFile } from '../src/cli/import.ts'
import type { Api } from '../src/index.ts'
import { PostgresConnection } from '../src/store/postgres/connection.ts'
import { hasPostgres, startPostgres } from '../src/testing/postgres/postgres-server.ts'
import { runsWith } from './system-programs.ts'

const SHOP = `
  create schema sales;
  create type mood as enum ('sad', 'ok', 'happy');
  create domain price as numeric(10, 2) check (value >= 0);
  create table artist (artist_id serial primary key, name varchar(120));
  create table album (album_id serial primary key, title varchar(160) not null,
    artist_id int not null references artist (artist_id) on delete cascade);
  create table genre (id int generated always as identity primary key, name text unique);
  create table track (track_id bigserial primary key, name text not null default 'it''s new', album_id int references album on delete set null,
    unit_price price not null default 0.99, seconds int not null, mood mood default 'ok', tags text[] not null default '{}',
    facts jsonb, played timestamptz default now(), day date, span tstzrange, sound bytea, rating double precision,
    long bigint, is_live boolean not null default false, minutes int generated always as (seconds / 60) stored,
    unique (album_id, name));
  create table playlist (playlist_id uuid primary key default gen_random_uuid(), name text);
  create table playlist_track (playlist_id uuid references playlist, track_id bigint references track, primary key (playlist_id, track_id));
  create table sales.customer (customer_id serial primary key, rep int references sales.customer);
  create table sales.artist (artist_id int primary key, royalty numeric);
  create table sales.line (invoice int, nr int, note text, primary key (invoice, nr));
  create view loud as select * from track where rating > 1;
  create table passport (id serial primary key, customer_id int not null unique references sales.customer on delete restrict)`

/** An empty database. */
async function database(name: string): Promise<string> {
  const url = await startPostgres(inject('postgresFolder'))
  const connection = await PostgresConnection.open({ url })
  await connection.exec(`create database ${name}`)
  await connection.close()
  return url.replace('/postgres?', `/${name}?`)
}

async function execute(url: string, sql: string): Promise<void> {
  const connection = await PostgresConnection.open({ url })
  await connection.exec(sql)
  await connection.close()
}

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('restuary import', () => {
  test('writes the tables of all schemas as declarations, each time the same, and the program runs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'restuary-import-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const url = await database(`import_${process.pid}`)
    await execute(url, SHOP)
    const files = ['one.ts', 'two.ts'].map(name => join(folder, name))
    for (const out of files) await importFile(url, { out })
    const [code, again] = files.map(file => readFileSync(file, 'utf8'))
    expect(again).toBe(code)
    expect(code!.split('\n\n').slice(1, -2).join('\n\n')).toMatchInlineSnapshot(`
      "export const album = resource({
        id: t.id().column('album_id'),
        title: t.text({ max: 160 }),
        artist: t.one('artist', { inverse: 'albums', onDelete: 'cascade' }).column('artist_id'),
        tracks: t.back('track', 'album', { ids: false }),
      }, { foreign: { view: false, key: ['album_id'], derived: true, postgres: { schema: 'public', name: 'album' } } })

      export const artist = resource({
        id: t.id().column('artist_id'),
        name: t.text({ max: 120 }).nullable(),
        albums: t.back('album', 'artist', { ids: false }),
      }, { foreign: { view: false, key: ['artist_id'], derived: true, postgres: { schema: 'public', name: 'artist' } } })

      export const customer = resource({
        id: t.id().column('customer_id'),
        rep: t.one('customer', { inverse: 'customers', onDelete: 'restrict' }).nullable(),
        customers: t.back('customer', 'rep', { ids: false }),
        passport: t.back('passport', 'customer', { one: true }),
      }, { foreign: { view: false, key: ['customer_id'], derived: true, postgres: { schema: 'sales', name: 'customer' } } })

      export const genre = resource({
        id: t.id(),
        name: t.text().nullable().unique(),
      }, { foreign: { view: false, key: ['id'], derived: true, postgres: { schema: 'public', name: 'genre' } } })

      export const line = resource({
        id: t.id('text'),
        invoice: t.integer(),
        nr: t.integer(),
        note: t.text().nullable(),
      }, { foreign: { view: false, key: ['invoice', 'nr'], derived: true, postgres: { schema: 'sales', name: 'line' } } })

      export const loud = resource({
        id: t.id('bigint', { client: true }).column('track_id'),
        name: t.text().nullable(),
        albumId: t.integer().column('album_id').nullable(),
        unitPrice: t.decimal({ digits: 10, places: 2 }).column('unit_price').nullable(),
        seconds: t.integer().nullable(),
        mood: t.enum(['sad', 'ok', 'happy']).nullable(),
        tags: t.list(t.text()).nullable(),
        facts: t.json().nullable(),
        played: t.datetime().nullable(),
        day: t.date().nullable(),
        span: t.text().nullable(),
        sound: t.bytes().nullable(),
        rating: t.number().nullable(),
        long: t.bigint().nullable(),
        isLive: t.bool().column('is_live').nullable(),
        minutes: t.integer().nullable(),
      }, { readOnly: true, foreign: { view: true, key: ['track_id'], derived: true, postgres: { schema: 'public', name: 'loud' } } })

      export const passport = resource({
        id: t.id(),
        customer: t.one('customer', { inverse: 'passport', onDelete: 'restrict', unique: true }).column('customer_id'),
      }, { foreign: { view: false, key: ['id'], derived: true, postgres: { schema: 'public', name: 'passport' } } })

      export const playlist = resource({
        id: t.id('uuid').column('playlist_id'),
        name: t.text().nullable(),
        tracks: t.many('track', { inverse: 'playlists', ids: false, through: { table: 'playlist_track', from: 'playlist_id', to: 'track_id', schema: 'public' } }),
      }, { foreign: { view: false, key: ['playlist_id'], derived: true, postgres: { schema: 'public', name: 'playlist' } } })

      export const salesArtist = resource({
        id: t.id().column('artist_id'),
        royalty: t.number().nullable(),
      }, { table: 'sales_artist', foreign: { view: false, key: ['artist_id'], derived: true, postgres: { schema: 'sales', name: 'artist' } } })

      export const track = resource({
        id: t.id().column('track_id'),
        name: t.text().default('it\\'s new'),
        album: t.one('album', { inverse: 'tracks', onDelete: 'null' }).column('album_id').nullable(),
        unitPrice: t.decimal({ digits: 10, places: 2 }).column('unit_price').default('0.99'),
        seconds: t.integer(),
        mood: t.enum(['sad', 'ok', 'happy']).nullable().default('ok'),
        tags: t.list(t.text()).default([]),
        facts: t.json().nullable(),
        played: t.datetime().nullable().default(ctx => new Date(ctx.now).toISOString()),
        day: t.date().nullable(),
        span: t.text().nullable(),
        sound: t.bytes().nullable(),
        rating: t.number().nullable(),
        long: t.bigint().nullable(),
        isLive: t.bool().column('is_live').default(false),
        minutes: t.integer().nullable().readonly(),
        playlists: t.many('playlist', { inverse: 'tracks', ids: false, through: { table: 'playlist_track', from: 'track_id', to: 'playlist_id', schema: 'public' } }),
      }, { foreign: { view: false, key: ['track_id'], derived: true, postgres: { schema: 'public', name: 'track' }, generated: ['minutes'], defaults: ['played'] } }).unique('album', 'name')"
    `)
    expect(code).toContain('// loud: read-only: it is a view')

    const places = [
      [`'restuary/postgres'`, '../src/store/postgres/index.ts'],
      [`'restuary'`, '../src/index.ts'],
    ] as const
    const program = places
      .reduce(
        (text, [name, path]) => text.replace(name, `'${pathToFileURL(join(import.meta.dirname, path)).href}'`),
        code!,
      )
      .replace(`process.env['DATABASE_URL']!`, JSON.stringify(url))
    const file = join(folder, 'program.ts')
    writeFileSync(file, program)
    const { app } = (await import(/* @vite-ignore */ file)) as { app: Api }
    await app.ready()
    const ask = async (path: string, body?: object): Promise<unknown> => {
      const init = body && {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }
      return (await app.fetch(new Request(`http://h${path}`, init))).json()
    }
    try {
      const artist = { name: 'AC/DC', albums: [{ title: 'Powerage', tracks: [{ name: 'Sin City', seconds: 285 }] }] }
      expect(await ask('/artist', artist)).toMatchObject({ id: 1, name: 'AC/DC' })
      expect(await ask('/track/1')).toMatchObject({
        name: 'Sin City',
        album: 1,
        unitPrice: '0.99',
        mood: 'ok',
        tags: [],
        isLive: false,
        played: expect.stringMatching(/^20/) as string,
      })
      expect(await ask('/track?album.artist.name=AC%2FDC')).toMatchObject([{ id: 1 }])
    } finally {
      await app.close()
    }
  })

  test('says nothing of the password', async () => {
    const url = await database(`import_${process.pid}_empty`)
    const folder = mkdtempSync(join(tmpdir(), 'restuary-import-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const out = join(folder, 'app.ts')
    await importFile(url.replace('///', '//postgres:secret@/'), { out })
    expect(readFileSync(out, 'utf8')).not.toContain('secret')
  })
})
