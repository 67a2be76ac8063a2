import { expect, test } from 'vitest'
import { api } from '../api.ts'
import { resource } from './declare/resource.ts'
import { t } from '../schema/builder.ts'
import { NativeClient } from '../testing/native-client.ts'
import { serve } from '../serve.ts'
import { outlineOf } from './outline.ts'

const list = resource({ id: t.id(), title: t.text(), things: t.back('thing', 'list'), n: t.count('things') }).public()
const thing = resource(
  {
    key: t.id('uuid', { client: true }),
    text: t.text(),
    rank: t.integer().default(0),
    price: t.decimal({ digits: 8, places: 2 }).default('1'),
    big: t.bigint().nullable(),
    due: t.datetime().default('2026-01-01T00:00:00Z'),
    made: t.now(),
    done: t.bool().default(false),
    any: t.json().nullable(),
    secret: t.text().hidden().default('x'),
    photo: t.file(),
    list: t.one('list').nullable(),
    loud: t.calc({ of: t.text(), get: row => String(row['text']).toUpperCase(), uses: ['text'] }),
  },
  { path: '/things' },
).public()

const open = () => api({ list, thing }, { report: () => {}, http: { log: () => {} } })

const outline = {
  name: 'thing',
  path: '/things',
  id: 'key',
  order: {
    key: 'text',
    text: 'text',
    rank: 'number',
    price: 'decimal',
    big: 'decimal',
    due: 'moment',
    made: 'moment',
    done: 'number',
    list: 'number',
    loud: 'text',
  },
  defaults: {
    rank: 0,
    price: '1.00',
    big: null,
    due: '2026-01-01T00:00:00Z',
    done: false,
    any: null,
    photo: null,
    list: null,
  },
  files: ['photo'],
  relations: { list: { to: 'list', many: false } },
}

test('an outline has what rows do not tell', () => {
  const { resources } = open().model
  expect(outlineOf(resources.get('thing')!)).toEqual(outline)
  expect(outlineOf(resources.get('list')!)).toMatchObject({
    order: { id: 'number', title: 'text', n: 'number' },
    defaults: { things: [], n: 0 },
    relations: { things: { to: 'thing', many: true } },
  })
})

test('what is not given has the value that the outline says', async () => {
  const app = open()
  const row = await app.post('thing', { key: '0193a3c0-0000-7000-8000-000000000000', text: 'a' })
  expect(row).toMatchObject(outline.defaults)
})

test('the catalogue of an API without a description does not tell the names of fields', async () => {
  const app = api({ list: resource({ id: t.id(), title: t.text() }) }, { paths: { openapi: null }, report: () => {} })
  const catalogue = await (await app.fetch(new Request('http://host/'))).text()
  expect(catalogue).toContain('"list"')
  expect(catalogue).not.toContain('title')
})

test('the catalogue and the answer to subscribe have it', async () => {
  const app = open()
  const catalogue = await app.fetch(new Request('http://host/'))
  expect(await catalogue.json()).toMatchObject({ outlines: { thing: outline } })
  const { url, close } = await serve(app, { port: 0, signals: false, report: () => {}, grace: 0 })
  const client = await NativeClient.open(url.replace('http', 'ws'))
  const params = { sort: ['-list.title', 'price', 'rank'] }
  const answer = await client.ask({ op: 'subscribe', uri: '/things', params })
  expect(answer).toMatchObject({ status: 200, data: { ...outline, sort: ['text', 'decimal', 'number'] } })
  client.cut()
  await close()
})
