// Types of one's own (docs/guide/field-types.md): what holds of the built-in ones holds of them, over both stores and on
// every face.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  action,
  api,
  defineType,
  memory,
  ModelError,
  refuse,
  resource,
  sqlite,
  t,
  type Api,
  type CustomType,
  type Row,
  type Store,
  type TypeDefinition,
  type Where,
} from '../src/index.ts'
import { NativeClient } from '../src/testing/native-client.ts'
import { faces, served, speak } from './speakers.ts'

/** `#ff8800`, however its letters were written. */
const color = defineType({
  name: 'color',
  check: value =>
    typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value)
      ? value.toLowerCase()
      : refuse('format', 'must be a color like "#ff8800"'),
  // The envelope's ancestor would have taken a number.
  coercions: { drf: value => (typeof value === 'number' ? `#${value.toString(16).padStart(6, '0')}` : value) },
  operators: 'text',
  sql: { column: 'TEXT' },
  schema: { type: 'string', pattern: '^#[0-9a-fA-F]{6}$' },
  example: '#ff8800',
})

/** `1.10.0`, kept as one number; at least `from`. */
const version = (options: { from?: number } = {}): CustomType<string, 'ordered'> =>
  defineType({
    name: 'version',
    options,
    check: value => {
      if (typeof value !== 'string' || !/^(0|[1-9]\d{0,3})(\.(0|[1-9]\d{0,3})){2}$/.test(value))
        return refuse('format', 'must be a version like "1.10.0"')
      return Number(value.split('.')[0]) < (options.from ?? 0) ? refuse('range', 'is too old') : value
    },
    operators: 'ordered',
    sql: {
      column: 'INTEGER',
      encode: text => text.split('.').reduce((sum, part) => sum * 10_000 + Number(part), 0),
      decode: stored => [1e8, 1e4, 1].map(unit => Math.floor(Number(stored) / unit) % 10_000).join('.'),
    },
    schema: { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+$' },
    bounds: options.from === undefined ? '' : `at least ${options.from}.0.0`,
    example: '1.10.0',
    print: 'quoted',
    unbounded: () => version(),
    faults: () => (options.from === 0 ? [{ problem: 'begins at 0', fix: 'leave it out' }] : []),
  })

/** Seconds since the epoch, shown as a moment: canonical and shown values differ. */
const stamp = defineType({
  name: 'stamp',
  check: value => {
    const seconds = typeof value === 'string' ? Date.parse(value) / 1000 : value
    return Number.isSafeInteger(seconds) ? (seconds as number) : refuse('format', 'must be a moment')
  },
  sql: { column: 'INTEGER' },
  schema: { type: 'string', format: 'date-time' },
  show: seconds => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z'),
  fromDate: date => Math.floor(date.getTime() / 1000),
  example: 0,
})

/** A place on the map: values that are objects. */
const place = defineType({
  name: 'place',
  check: value => {
    const { lat, lon } = (value ?? {}) as Record<string, unknown>
    return typeof lat === 'number' && typeof lon === 'number'
      ? { lat, lon }
      : refuse('type', 'must have a lat and a lon')
  },
  coercions: {
    text: value => {
      const [lat, lon] = String(value).split(',').map(Number)
      return { lat, lon }
    },
  },
  operators: 'null',
  sql: { column: 'TEXT', encode: value => `${value.lat},${value.lon}`, decode: stored => parsePlace(String(stored)) },
  schema: {
    type: 'object',
    properties: { lat: { type: 'number' }, lon: { type: 'number' } },
    required: ['lat', 'lon'],
  },
  example: { lat: 0, lon: 0 },
})

function parsePlace(text: string): { lat: number; lon: number } {
  const [lat, lon] = text.split(',').map(Number)
  return { lat: lat!, lon: lon! }
}

const release = resource({
  id: t.id(),
  version: t.custom(version({ from: 1 })).unique(),
  color: t.custom(color).default('#FFFFFF'),
  seen: t.custom(stamp).nullable(),
  where: t.custom(place).nullable(),
  accents: t.list(t.custom(color)).default([]),
}).public()

const paint = action({
  on: 'row',
  method: 'POST',
  input: { color: t.custom(color), at: t.custom(stamp) },
  output: { color: t.custom(color), at: t.custom(stamp) },
  run: async ({ row, input, ctx }) => {
    await ctx.db.patch('release', row['id'], { color: input.color })
    return { color: input.color, at: new Date(60_000) }
  },
})

const painted = release.actions({ paint })

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'restuary-types-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

const stores: [string, () => Store][] = [
  ['memory', () => memory()],
  ['a JSON file', () => memory({ file: join(folder(), 'a.json') })],
  ['SQLite', () => sqlite(':memory:')],
]

async function open(store: Store): Promise<{ app: Api<{ release: typeof painted }>; url: string; port: number }> {
  const app = api({ release: painted }, { store, report: () => {}, http: { log: () => {} } })
  const port = await served(app)
  return { app, url: `http://127.0.0.1:${port}`, port }
}

const sent = (method: string, body: unknown, type = 'application/json'): RequestInit => ({
  method,
  headers: { 'content-type': type },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})

const versions = ['1.9.0', '1.10.0', '2.0.0', '10.0.0']

describe.each(stores)('over %s', (_, store) => {
  test.each(faces)('%s writes, reads and follows', async face => {
    const { port } = await open(store())
    const speaker = await speak(face, port)
    await speaker.follow('release')
    const made = await speaker.create('release', { version: '1.10.0', color: '#FF8800', accents: ['#ABCDEF'] })
    expect(made).toMatchObject({
      status: 201,
      row: { id: 1, version: '1.10.0', color: '#ff8800', accents: ['#abcdef'] },
    })
    expect(await speaker.next()).toEqual(['enter', 1])
    const changed = await speaker.patch('release', 1, { seen: '2026-01-31T12:00:00Z', where: { lat: 1.5, lon: -2 } })
    expect(changed.status).toBe(200)
    expect(await speaker.next()).toEqual(['change', 1])
    const row = {
      id: 1,
      version: '1.10.0',
      color: '#ff8800',
      seen: '2026-01-31T12:00:00Z',
      where: { lat: 1.5, lon: -2 },
    }
    expect(await speaker.list('release')).toEqual([expect.objectContaining(row)])
    for (const wrong of [{ version: '1.0' }, { version: '0.1.0' }, { color: 'red' }, { seen: {} }, { where: 'x' }])
      expect([wrong, (await speaker.patch('release', 1, wrong)).status]).toEqual([wrong, 400])
    expect(await speaker.create('release', { version: '2.0.0' })).toMatchObject({
      row: { color: '#ffffff', seen: null },
    })
    expect((await speaker.create('release', { version: '1.10.0' })).status).toBeGreaterThanOrEqual(400)
    expect((await speaker.remove('release', 1)).status).toBe(204)
  })

  test('filters and sorts, in URLs, as JSON and in the program', async () => {
    const { app, url } = await open(store())
    for (const [i, one] of versions.toReversed().entries())
      await app.post('release', { version: one, color: i % 2 ? '#ff0000' : '#00ff00', seen: i ? null : 60 })
    const list = async (query: string): Promise<string[]> => {
      const answer = await fetch(`${url}/release?${query}`)
      const rows = (await answer.json()) as { version: string }[]
      return rows.map(row => row.version)
    }
    expect(await list('sort=version')).toEqual(versions)
    expect(await list('sort=-version')).toEqual(versions.toReversed())
    expect(await list('version=1.9.0')).toEqual(['1.9.0'])
    expect(await list('version[gt]=1.9.0&version[lte]=2.0.0&sort=version')).toEqual(['1.10.0', '2.0.0'])
    expect(await list('version[in]=1.9.0,10.0.0&sort=version')).toEqual(['1.9.0', '10.0.0'])
    // Bounds limit what may be stored, not what may be asked for.
    expect(await list('version[lt]=0.5.0')).toEqual([])
    expect(await list('color=%23FF0000&sort=version')).toEqual(['1.9.0', '2.0.0'])
    expect(await list('color[startsWith]=%2300&sort=version')).toEqual(['1.10.0', '10.0.0'])
    expect(await list('where[null]=false')).toEqual([])
    expect(await list(`filter=${encodeURIComponent('{"$not":{"version":{"$lt":"2.0.0"}}}')}&sort=version`)).toEqual([
      '2.0.0',
      '10.0.0',
    ])
    expect(await list('seen[lte]=1970-01-01T00:01:00Z')).toEqual(['10.0.0'])
    const found = (await app.list('release', { filter: { version: { $gte: '2.0.0' } }, sort: ['version'] })) as any
    expect(found.map((row: any) => row.version)).toEqual(['2.0.0', '10.0.0'])
    const refused = async (query: string): Promise<unknown> => {
      const answer = await fetch(`${url}/release?${query}`)
      const body: any = await answer.json()
      return [answer.status, body.errors[0].code]
    }
    expect(await refused('version=1.9')).toEqual([400, 'format'])
    expect(await refused('version[contains]=1')).toEqual([400, 'unknown_operator'])
    expect(await refused('where[gt]=1')).toEqual([400, 'unknown_operator'])
    expect(await refused('sort=where')).toEqual([400, 'forbidden_field'])
  })

  test('pages by cursor in its order', async () => {
    const { app, url } = await open(store())
    for (const one of versions) await app.post('release', { version: one })
    const seen: string[] = []
    for (let next: string | undefined = '/release?sort=-version&limit=1'; next !== undefined;) {
      const answer: Response = await fetch(new URL(next, url))
      seen.push(...((await answer.json()) as { version: string }[]).map(row => row.version))
      next = /<([^>]*)>; rel="?next/.exec(answer.headers.get('link') ?? '')?.[1]
    }
    expect(seen).toEqual(versions.toReversed())
  })

  test('subscriptions to a query get rows that enter and leave, in a window in its order', async () => {
    const { app, port } = await open(store())
    const client = await NativeClient.open(`ws://127.0.0.1:${port}/`)
    onTestFinished(() => client.cut())
    await client.ask({ op: 'subscribe', uri: '/release?version[gte]=1.10.0&sort=-version&limit=2' })
    expect(await client.hear(frame => frame.op === 'snapshot')).toMatchObject({ data: [] })
    const heard = async (): Promise<unknown> =>
      (await client.hear(frame => frame.op === 'commit')).events.map((event: any) => [event.kind, event.id])
    await app.post('release', { version: '2.0.0' })
    expect(await heard()).toEqual([['enter', 1]])
    await app.post('release', { version: '1.9.0' })
    await app.patch('release', 2, { version: '10.0.0' })
    expect(await heard()).toEqual([['enter', 2]])
    await app.post('release', { version: '9.0.0' })
    expect(new Set((await heard()) as unknown[])).toEqual(
      new Set([
        ['leave', 1],
        ['enter', 3],
      ]),
    )
  })

  test('actions take and give it', async () => {
    const { app, url } = await open(store())
    await app.post('release', { version: '1.9.0' })
    const body = { color: '#00FF00', at: '1970-01-01T00:00:00Z' }
    const answer = await fetch(`${url}/release/1/paint`, sent('POST', body))
    expect([answer.status, await answer.json()]).toEqual([200, { color: '#00ff00', at: '1970-01-01T00:01:00Z' }])
    expect(await app.get('release', 1)).toMatchObject({ color: '#00ff00' })
    const wrong = await fetch(`${url}/release/1/paint`, sent('POST', { color: 'x', at: 0 }))
    const refusal: any = await wrong.json()
    expect([wrong.status, refusal.errors]).toMatchObject([400, [{ pointer: '#/color' }]])
  })

  test('JSON Patch, merge patch, PUT, and conditions use the shown values', async () => {
    const { app, url } = await open(store())
    await app.post('release', { version: '1.9.0', where: { lat: 1, lon: 2 } })
    const patch = [
      { op: 'test', path: '/version', value: '1.9.0' },
      { op: 'replace', path: '/version', value: '1.9.1' },
    ]
    const patched = await fetch(`${url}/release/1`, sent('PATCH', patch, 'application/json-patch+json'))
    expect(await patched.json()).toMatchObject({ version: '1.9.1', where: { lat: 1, lon: 2 } })
    // Only fields of JSON are merged: a place is one value.
    const merged = await fetch(`${url}/release/1`, sent('PATCH', { where: { lat: 3 } }))
    expect(merged.status).toBe(400)
    const put = await fetch(`${url}/release/1`, sent('PUT', { version: '3.0.0' }))
    expect(await put.json()).toMatchObject({ version: '3.0.0', color: '#ffffff', where: null, accents: [] })
  })
})

test('rows are there after a restart, and their values are kept as the type says', async () => {
  const file = join(folder(), 'a.db')
  const row = { version: '1.10.0', seen: 60, where: { lat: 1, lon: 2 }, color: '#000000', accents: ['#000001'] }
  const first = api({ release }, { store: sqlite(file), report: () => {} })
  await first.post('release', row)
  await first.close()
  const { DatabaseSync } = await import('node:sqlite')
  const db = new DatabaseSync(file)
  expect({ ...db.prepare('SELECT version, seen, "where" AS place, color FROM release').get() }).toEqual({
    version: 100_100_000,
    seen: 60,
    place: '1,2',
    color: '#000000',
  })
  db.close()
  const second = api({ release }, { store: sqlite(file), report: () => {} })
  onTestFinished(() => second.close())
  expect(await second.get('release', 1)).toEqual({ id: 1, ...row, seen: '1970-01-01T00:01:00Z' })
})

test('a column changes to a type that takes its kind, and to no other', async () => {
  const file = join(folder(), 'a.db')
  const written = resource({ id: t.id(), code: t.text() }).public()
  const code = (from: readonly string[]): CustomType<string, 'ordered'> =>
    defineType({
      name: 'code',
      check: value => (typeof value === 'string' ? value : refuse('type', 'must be a code')),
      sql: { column: 'TEXT', from },
      schema: { type: 'string' },
    })
  const first = api({ written }, { store: sqlite(file), report: () => {} })
  await first.post('written', { code: 'x' })
  await first.close()
  const reopened = (from: readonly string[]): any =>
    api(
      { written: resource({ id: t.id(), code: t.custom(code(from)) }).public() },
      { store: sqlite(file), report: () => {} },
    )
  await expect(async () => reopened([]).get('written', 1)).rejects.toThrow('changes from text to code')
  const app = reopened(['text'])
  onTestFinished(() => app.close())
  expect(await app.get('written', 1)).toEqual({ id: 1, code: 'x' })
})

test('the documents describe it', async () => {
  const { url } = await open(memory())
  const document: any = await (await fetch(`${url}/openapi.json`)).json()
  const { properties } = document.components.schemas.Release
  expect(properties).toMatchObject({
    version: { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+$', description: 'at least 1.0.0' },
    color: { type: 'string', pattern: '^#[0-9a-fA-F]{6}$' },
    seen: { type: ['string', 'null'], format: 'date-time' },
    where: { type: ['object', 'null'], required: ['lat', 'lon'] },
    accents: { type: 'array', items: { pattern: '^#[0-9a-fA-F]{6}$' } },
  })
  const { get } = document.paths['/release']
  const named = (one: any): any => (one.$ref ? document.components.parameters[one.$ref.split('/').at(-1)] : one)
  const parameters = get.parameters.map((one: any) => named(one).name)
  expect(parameters).toEqual(expect.arrayContaining(['version', 'version[gte]', 'color[icontains]', 'where[null]']))
  expect(parameters).not.toContain('version[contains]')
  expect(parameters).not.toContain('where')
  expect(JSON.stringify(document)).toContain('"version":"1.10.0"')
  const schema: unknown = await (await fetch(`${url}/schemas/release`)).json()
  expect(JSON.stringify(schema)).toContain('^#[0-9a-fA-F]{6}$')
  const asyncapi = await (await fetch(`${url}/asyncapi.json`)).text()
  expect(asyncapi).toContain('^#[0-9a-fA-F]{6}$')
})

test('a type whose parts disagree does not start', () => {
  const faultsOf = (change: Partial<TypeDefinition<string, any>>): string[] => {
    const odd = defineType<string, any>({
      name: 'odd',
      check: value => (typeof value === 'string' ? value.toLowerCase() : refuse('type', 'must be text')),
      sql: { column: 'TEXT' },
      schema: { type: 'string' },
      example: 'a',
      ...change,
    })
    try {
      void api({ a: resource({ id: t.id(), x: t.custom(odd) }).public() }, { store: memory() }).close()
      return []
    } catch (error) {
      return (error as ModelError).faults.map(({ problem }) => problem)
    }
  }
  expect(faultsOf({})).toEqual([])
  expect(faultsOf({ example: 'A' })).toEqual(['reads its example "A" as "a"'])
  expect(faultsOf({ example: 5 as never })).toEqual(['has the example 5, which it refuses: must be text'])
  expect(faultsOf({ sql: { column: 'INTEGER' } })).toEqual(['stores "a" as string'])
  expect(faultsOf({ sql: { column: 'TEXT', encode: text => `${text}!` } })).toEqual([
    'does not decode "a" as it encodes it',
  ])
  expect(faultsOf({ show: () => 5 })).toEqual(['does not read "a" as it shows it'])
  expect(faultsOf({ faults: () => [{ problem: 'is odd', fix: 'do not use it' }] })).toEqual(['is odd'])
  const object = defineType<any>({ ...place, name: 'object', operators: 'ordered' } as never)
  expect(() => api({ a: resource({ id: t.id(), x: t.custom(object) }).public() }, { store: memory() })).toThrow(
    'which cannot be compared',
  )
  expect(() =>
    api({ a: resource({ id: t.id(), x: t.custom(version({ from: 0 })) }).public() }, { store: memory() }),
  ).toThrow('a.x: begins at 0; leave it out')
})

test('the types of TypeScript follow', () => {
  type Model = { release: typeof release }
  const row = { id: 1, version: '1.0.0', color: '#000000', seen: null, where: { lat: 0, lon: 0 }, accents: ['#000000'] }
  row satisfies Row<Model, 'release'>
  const filters = [
    { version: { $gte: '1.0.0' } },
    { color: { $icontains: 'ff' } },
    { where: { $null: true } },
    // @ts-expect-error -- versions are ordered, not text
    { version: { $contains: '1' } },
    // @ts-expect-error -- places are null or not
    { where: { lat: 1, lon: 2 } },
  ] satisfies Where<Model, 'release'>[]
  expect(filters).toHaveLength(5)
})
