// restuary serve postgres://… serves the tables of a database as they are.
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { readPostgres } from '../src/cli/database/postgres-source.ts'
import { importFile } from '../src/cli/import.ts'
import { apiOf } from '../src/cli/serve.ts'
import { readSource } from '../src/cli/source.ts'
import type { Api } from '../src/index.ts'
import { execute, newDatabase } from '../src/testing/postgres/new-database.ts'
import { hasPostgres, startPostgres } from '../src/testing/postgres/postgres-server.ts'
import { copyChinook } from './fixtures/chinook-postgres.ts'
import { chinookQueries, makeChinook } from './fixtures/chinook.ts'
import { runsWith } from './system-programs.ts'

const isInstalled = runsWith('PostgreSQL', hasPostgres(), 'postgresql')
const quiet = { public: true, readOnly: false, report: () => {} }

/** Decimals are text in PostgreSQL, and moments have a zone. */
const alike = (name: string, value: unknown): unknown => {
  if (name === 'unitPrice' || name === 'total') return Number(value)
  return typeof value === 'string' && name.endsWith('Date') ? Date.parse(value) : value
}

async function answers(app: Pick<Api, 'fetch'>, path: string): Promise<unknown> {
  const response = await app.fetch(new Request(`http://localhost${path}`))
  const body = await response.text()
  expect(response.status, body).toBe(200)
  return JSON.parse(body, alike)
}

/** The program that restuary import writes, as an API. */
async function imported(url: string, folder: string): Promise<Api> {
  const file = join(folder, `app-${Math.random().toString(36).slice(2)}.ts`)
  await importFile(url, { out: file })
  const places = [
    [`'restuary/postgres'`, '../src/store/postgres/index.ts'],
    [`'restuary'`, '../src/index.ts'],
  ] as const
  let code = readFileSync(file, 'utf8').replace(`process.env['DATABASE_URL']!`, JSON.stringify(url))
  for (const [name, path] of places)
    code = code.replace(name, `'${pathToFileURL(join(import.meta.dirname, path)).href}'`)
  code = code.replaceAll(/^(export const \w+ = resource\([\s\S]*?\n\}.*)$/gm, '$1.public()')
  writeFileSync(file, code)
  return ((await import(/* @vite-ignore */ file)) as { app: Api }).app
}

function suite(name: string, make: (file: string) => void): void {
  describe.runIf(isInstalled)(name, () => {
    const folder = mkdtempSync(join(tmpdir(), 'restuary-served-'))
    let file: string
    let apps: readonly Api[] = []

    beforeAll(async () => {
      file = join(folder, 'chinook.db')
      make(file)
      const url = await newDatabase(await startPostgres(inject('postgresFolder')))
      await copyChinook(file, url)
      apps = [
        apiOf(readSource(file, { readOnly: false }), quiet),
        apiOf(await readPostgres(url, { readOnly: false }), quiet),
        await imported(url, folder),
      ]
      for (const app of apps) await app.ready()
    })
    afterAll(async () => {
      for (const app of apps) await app.close()
      rmSync(folder, { recursive: true })
    })

    test.each(chinookQueries.map(([path]) => path))('%s has the answer of SQLite', async path => {
      // A moment has a zone, except in the text that SQLite has in its place.
      const zoned = path.replaceAll(/=(\d{4}-\d\d-\d\d)(?=&)/g, '=$1T00:00:00Z')
      const [sqlite, served, declared] = await Promise.all(apps.map((app, i) => answers(app, i === 0 ? path : zoned)))
      expect(served).toEqual(sqlite)
      expect(declared).toEqual(sqlite)
    })
  })
}

suite('a database of the Chinook shape', makeChinook)
const sample = process.env['RESTUARY_CHINOOK']
if (sample !== undefined && existsSync(sample)) suite('the Chinook sample', file => copyFileSync(sample, file))

const OFFICE = `
  create schema sales;
  create type mood as enum ('sad', 'ok', 'happy');
  create domain price as numeric(10, 2) check (value >= 0);
  create table artist (artist_id serial primary key, name varchar(120));
  create table genre (id int generated always as identity primary key, name text unique);
  create table track (track_id bigserial primary key, name text not null default 'it''s new', artist_id int references artist,
    unit_price price not null default 0.99, seconds int not null, minutes int generated always as (seconds / 60) stored,
    mood mood default 'ok', tags text[] not null default '{}', nums bigint[], facts jsonb, raw json,
    played timestamptz default now(), local timestamp, day date, span int4range, sound bytea, rating double precision, rate real,
    long bigint, ip inet, took interval, code char(4), amount numeric, at time, token uuid default gen_random_uuid());
  create table playlist (playlist_id uuid primary key default gen_random_uuid(), name text);
  create table playlist_track (playlist_id uuid references playlist, track_id bigint references track, primary key (playlist_id, track_id));
  create table sales.artist (artist_id int primary key, royalty numeric);
  create table sales.line (invoice int, nr text, note text, primary key (invoice, nr));
  create table country (code varchar(2) primary key, name text);
  create table city (id serial primary key, country varchar(2) references country);
  create table plain (a int, b text);
  create table day (day date primary key, note text);
  create view loud as select track_id, name from track where rating > 1;
  create function shout() returns trigger language plpgsql as
    $$ begin if new.name = 'bad' then raise exception 'no bad countries'; end if; new.name := upper(new.name); return new; end $$;
  create trigger shout before insert or update on country for each row execute function shout();
  insert into artist (name) values ('AC/DC');
  insert into track (name, artist_id, seconds, tags, nums, facts, raw, span, sound, rating, rate, long, ip, took, code, amount, at, played, local, token)
    values ('one', 1, 285, '{x,"y z",NULL}', '{9007199254740993,1}', '{"a":[1,2]}', '{"b": 1}', '[1,5)', '\\x0102', 1.5, 0.1,
      9007199254740993, '10.0.0.1', '1 day 02:00', 'ab', 123.456, '12:30', '2026-01-31 12:00:00.123456+02', '2026-01-31 12:00',
      '0193a3c0-0000-7000-8000-000000000001'),
    ('two', null, 10, '{}', null, 'null', null, null, null, 'NaN', 'Infinity', null, null, null, null, 'NaN', null, 'infinity', null, null);
  insert into playlist values ('0193a3c0-0000-7000-8000-000000000000', 'p');
  insert into playlist_track values ('0193a3c0-0000-7000-8000-000000000000', 1);
  insert into sales.line values (1, 'a~b', 'x'), (1, '', null);
  insert into country values ('de', 'Germany'), ('.', 'dot');
  insert into city (country) values ('de');
  insert into plain values (1, 'x'), (1, 'x'), (2, null);
  insert into day values ('2020-02-29', 'leap')`

describe.runIf(isInstalled)('restuary serve postgres://…', () => {
  let app: Api
  let url: string

  beforeAll(async () => {
    url = await newDatabase(await startPostgres(inject('postgresFolder')))
    await execute(url, OFFICE)
    app = apiOf(await readPostgres(url, { readOnly: false }), quiet)
    await app.ready()
  })
  afterAll(() => app.close())

  const send = async (method: string, path: string, body?: unknown): Promise<[status: number, body: any]> => {
    const headers = { 'content-type': 'application/json' }
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body), headers }
    const response = await app.fetch(new Request(`http://localhost${path}`, init))
    const text = await response.text()
    return [response.status, text === '' ? null : JSON.parse(text)]
  }
  const get = async (path: string): Promise<unknown> => {
    const [status, body] = await send('GET', path)
    expect(status, JSON.stringify(body)).toBe(200)
    return body
  }

  test('shows columns of all types', async () => {
    expect(await get('/track?sort=id')).toEqual([
      {
        id: 1,
        name: 'one',
        artist: 1,
        unitPrice: '0.99',
        seconds: 285,
        minutes: 4,
        mood: 'ok',
        tags: ['x', 'y z', null],
        nums: ['9007199254740993', 1],
        facts: { a: [1, 2] },
        raw: { b: 1 },
        played: '2026-01-31T10:00:00.123Z',
        local: '2026-01-31T12:00:00.000Z',
        day: null,
        span: '[1,5)',
        sound: 'AQI=',
        rating: 1.5,
        rate: 0.1,
        long: '9007199254740993',
        ip: '10.0.0.1',
        took: '1 day 02:00:00',
        code: 'ab',
        amount: 123.456,
        at: '12:30:00',
        token: '0193a3c0-0000-7000-8000-000000000001',
      },
      expect.objectContaining({ id: 2, tags: [], facts: null, rating: 'NaN', rate: 'Infinity', amount: 'NaN' }),
    ])
  })

  test.each([
    ['/track?played=2026-01-31T10:00:00.123Z', [1]],
    ['/track?ip=10.0.0.1', [1]],
    ['/track?span=[1,5)', [1]],
    ['/track?mood[in]=ok,sad', [1, 2]],
    ['/track?tags[has]=y%20z', [1]],
    ['/track?rate=0.1', [1]],
    ['/track?unitPrice[lte]=0.99&sort=-seconds', [1, 2]],
    ['/track?seconds[lt]=99999999999', [1, 2]],
    ['/track?filter={"facts":null}', [2]],
    ['/track?artist.name=AC/DC', [1]],
    ['/track?artist=99999999999', []],
    ['/track?filter={"playlists":{"$some":{"name":"p"}}}', [1]],
    ['/city?country.name=GERMANY', [1]],
    ['/city?country=de', [1]],
    ['/country?sort=id', ['%2E', 'de']],
    ['/line', ['1~', '1~a%7Eb']],
    ['/plain', ['1~x', '1~x~2', '2~%']],
    ['/loud', [1, 2]],
    ['/salesArtist', []],
  ])('%s finds %j', async (path, ids) => {
    expect(((await get(path)) as { id: unknown }[]).map(({ id }) => id)).toEqual(ids)
  })

  test.each(['/line/1~a%257Eb', '/plain/1~x', '/plain/1~x~2', '/country/%252E', '/day/2020-02-29', '/loud/1'])(
    '%s is a row',
    async path => {
      expect(await get(path)).toMatchObject({
        id: decodeURIComponent(path.split('/').at(-1)!) === '1' ? 1 : expect.any(String),
      })
    },
  )

  test.each(['/line/x~y', '/line/1', '/day/never', '/artist/99999999999', '/plain/9~x'])(
    '%s is not there',
    async path => {
      expect(await send('GET', path)).toMatchObject([404, { error: 'not_found' }])
    },
  )

  test('pages through rows whose moments have microseconds', async () => {
    await execute(
      url,
      `insert into track (name, seconds, played) select 'p', 1, '2027-01-01'::timestamptz + n * '1 microsecond'::interval from generate_series(1, 5) n`,
    )
    const ids: unknown[] = []
    for (let path: string | null = '/track?name=p&sort=played&limit=2'; path !== null;) {
      const response: Response = await app.fetch(new Request(`http://localhost${path}`))
      ids.push(...((await response.json()) as { id: number }[]).map(({ id }) => id))
      path = /<([^>]*)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1] ?? null
    }
    expect(new Set(ids).size).toBe(5)
    expect(ids).toHaveLength(5)
  })

  test('writes what the database then has, with its defaults, identities and triggers', async () => {
    const track = { seconds: 61, tags: ['a"b', 'c,d'], ip: '::1', facts: { z: 1 }, nums: [2] }
    const [status, made] = await send('POST', '/track', track)
    expect([status, made]).toMatchObject([
      201,
      { ...track, name: "it's new", minutes: 1, mood: 'ok', token: expect.any(String) as string },
    ])
    expect(await send('PATCH', `/track/${made.id}`, { seconds: 120, mood: 'sad' })).toMatchObject([
      200,
      { minutes: 2, mood: 'sad' },
    ])
    expect(await send('POST', '/genre', { name: 'rock' })).toMatchObject([201, { id: 1, name: 'rock' }])
    expect(await send('POST', '/country', { id: 'fr', name: 'France' })).toMatchObject([
      201,
      { id: 'fr', name: 'FRANCE' },
    ])
    expect(await send('PATCH', '/line/1~a%257Eb', { note: 'new' })).toMatchObject([200, { note: 'new' }])
    expect(await send('POST', '/line', { invoice: 7, nr: 'q' })).toMatchObject([201, { id: '7~q' }])
    expect(await send('DELETE', '/line/7~q')).toEqual([204, null])
    expect(await send('POST', '/playlist', { name: 'new', tracks: [1] })).toMatchObject([201, { name: 'new' }])
    expect(await send('POST', '/artist', { name: 'n', tracks: [{ seconds: 1 }] })).toMatchObject([201, { id: 2 }])
    expect(await get('/artist/2/tracks')).toMatchObject([{ seconds: 1, artist: 2 }])
  })

  test.each([
    ['POST', '/genre', { name: 'rock' }, 409, 'unique'],
    ['POST', '/track', { seconds: 1, ip: 'none' }, 400, 'inet'],
    ['POST', '/track', { seconds: 1, unitPrice: '-1.00' }, 409, 'price'],
    ['POST', '/track', { seconds: 3_000_000_000 }, 400, 'integer'],
    ['POST', '/country', { id: 'xx', name: 'bad' }, 409, 'no bad countries'],
    ['DELETE', '/country/de', undefined, 409, 'referred'],
    ['PATCH', '/track/1', { artist: 999 }, 400, 'artist'],
    ['PATCH', '/loud/1', { name: 'x' }, 405, 'method'],
  ])('%s %s %j is refused with %i', async (method, path, body, status, word) => {
    const [refused, problem] = await send(method, path, body)
    expect(refused, JSON.stringify(problem)).toBe(status)
    expect(JSON.stringify(problem)).toContain(word)
  })

  test('changes by other programs are in the next answer, under another tag', async () => {
    const tag = async (): Promise<string | null> =>
      (await app.fetch(new Request('http://localhost/artist/1'))).headers.get('etag')
    const before = await tag()
    expect(await tag()).toBe(before)
    await execute(url, `update artist set name = 'AC-DC' where artist_id = 1`)
    expect(await get('/artist/1')).toEqual({ id: 1, name: 'AC-DC' })
    expect(await tag()).not.toBe(before)
  })

  test('changes nothing of the database but its own schema, and is refused by an application that is there', async () => {
    const other = await newDatabase(await startPostgres(inject('postgresFolder')))
    await execute(other, 'create table _restuary_head (); create table todo (id bigint primary key, _seq bigint)')
    await expect(readPostgres(other, { readOnly: false })).rejects.toThrow('belongs to an application of Restuary')
  })
})
