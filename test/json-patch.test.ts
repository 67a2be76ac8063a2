// PATCH of JSON fields on every face and store: JSON Patch (RFC 6902) and merge patch (RFC 7396), exactly.
import { describe, expect, onTestFinished, test } from 'vitest'
import { always, api, memory, never, resource, sqlite, t, type ApiOptions, type Store } from '../src/index.ts'
import { patchCases } from './json-patch-cases.ts'
import { faces, served, speak, type Face } from './speakers.ts'

const stores: readonly (readonly [string, () => Store])[] = [
  ['memory', () => memory()],
  ['SQLite', () => sqlite(':memory:')],
]
const places = stores.flatMap(([name, store]) => faces.map(face => ({ name, store, face })))

const fields = {
  id: t.id(),
  doc: t.json().nullable(),
  meta: t.json().nullable(),
  note: t.text({ max: 100 }).default(''),
  tags: t.list(t.text({ max: 20 })).default([]),
  made: t.text().readonly().default('here'),
}
const recipe = resource(fields).public()

async function open(store: () => Store, face: Face, recipes = recipe) {
  const app = api(
    { recipe: recipes },
    { store: store(), limits: { messageRate: 10_000, messageBurst: 10_000 }, report: () => {} },
  )
  const speaker = await speak(face, await served(app))
  const read = async (id = 1): Promise<any> => (await app.get('recipe', id)) as unknown
  return { app, speaker, read, patch: (data: unknown, id = 1) => speaker.patch('recipe', id, data) }
}

const below = (patch: readonly any[]): unknown[] =>
  patch.map(one => ({
    ...one,
    ...(typeof one?.path === 'string' && { path: `/doc${one.path}` }),
    ...(typeof one?.from === 'string' && { from: `/doc${one.from}` }),
  }))

describe.each(places)('over $face and $name', ({ face, store }) => {
  test('every case of JSON Patch, on a JSON field', async () => {
    const { app, read, patch } = await open(store, face)
    const meta = { a: null, b: { c: [null, {}] } }
    for (const { title, doc, patch: operations, becomes, refused } of patchCases) {
      const { id } = (await app.post('recipe', { doc, meta } as never)) as unknown as { id: number }
      // An operation that is no object has no pointer to put below the field.
      const odd = operations.some(one => typeof one !== 'object' || one === null)
      const { status } = await patch(odd ? operations : below(operations), id)
      // The envelope knows no conflicts.
      expect(status, title).toBe(refused && face === 'envelope' ? 400 : (refused ?? 200))
      expect(await read(id), title).toMatchObject({ doc: refused === undefined ? becomes : doc, meta })
    }
  })

  test('a JSON field is a member like any other', async () => {
    const { app, read, patch } = await open(store, face)
    await app.post('recipe', { doc: { a: 1 }, meta: { b: 1 } } as never)
    expect((await patch([{ op: 'remove', path: '/meta/b' }])).status).toBe(200)
    expect(await read()).toMatchObject({ doc: { a: 1 }, meta: {} })
    expect((await patch([{ op: 'remove', path: '/meta' }])).status).toBe(200)
    expect(await read()).toMatchObject({ doc: { a: 1 }, meta: null })
    const operations = [
      { op: 'copy', from: '/doc', path: '/meta' },
      { op: 'move', from: '/doc/a', path: '/meta/x' },
      { op: 'add', path: '/tags/-', value: 'new' },
      { op: 'test', path: '/made', value: 'here' },
      { op: 'replace', path: '/note', value: 'done' },
    ]
    expect((await patch(operations)).status).toBe(200)
    expect(await read()).toMatchObject({ doc: {}, meta: { a: 1, x: 1 }, tags: ['new'], note: 'done' })
    expect((await patch([{ op: 'add', path: '/meta', value: null }])).status).toBe(200)
    expect(await read()).toMatchObject({ doc: {}, meta: null })
  })

  test('a patch of the whole row', async () => {
    const { app, read, patch } = await open(store, face)
    const row = (await app.post('recipe', { doc: { a: null }, note: 'x' } as never)) as unknown as Record<
      string,
      unknown
    >
    expect((await patch([{ op: 'test', path: '', value: row }])).status).toBe(200)
    expect((await patch([{ op: 'copy', from: '', path: '/doc' }])).status).toBe(200)
    expect(await read()).toEqual({ ...row, doc: row })
    expect((await patch([{ op: 'replace', path: '', value: { ...row, doc: [1] } }])).status).toBe(200)
    expect(await read()).toEqual({ ...row, doc: [1] })
    const others = [
      { ...row, other: 1 },
      { ...row, id: 2 },
    ]
    // The envelope ignores what may not be set, like channels-api.
    for (const value of [5, null, [], ...(face === 'envelope' ? [] : others)])
      expect((await patch([{ op: 'replace', path: '', value }])).status, JSON.stringify(value)).toBe(400)
    expect((await patch([{ op: 'remove', path: '' }])).status).toBe(face === 'envelope' ? 400 : 409)
    expect(await read()).toEqual({ ...row, doc: [1] })
  })

  test('the table of RFC 7396, on a JSON field', async () => {
    const { app, read, patch } = await open(store, face)
    if (face === 'envelope') return // its patches replace members, as its ancestor's do
    for (const [doc, merged, becomes] of mergeCases) {
      const { id } = (await app.post('recipe', { doc } as never)) as unknown as { id: number }
      const title = `${JSON.stringify(doc)} with ${JSON.stringify(merged)}`
      expect((await patch({ doc: merged }, id)).status, title).toBe(200)
      expect((await read(id)).doc, title).toEqual(becomes)
    }
  })
})

/** Target, patch and result: those of RFC 7396's appendix A, with words of our own, and some more. */
const mergeCases: readonly (readonly [unknown, unknown, unknown])[] = [
  [{ soup: 'leek' }, { soup: 'onion' }, { soup: 'onion' }],
  [{ soup: 'leek' }, { stew: 'lamb' }, { soup: 'leek', stew: 'lamb' }],
  [{ soup: 'leek' }, { soup: null }, {}],
  [{ soup: 'leek', stew: 'lamb' }, { soup: null }, { stew: 'lamb' }],
  [{ soup: ['leek'] }, { soup: 'onion' }, { soup: 'onion' }],
  [{ soup: 'onion' }, { soup: ['leek'] }, { soup: ['leek'] }],
  [{ soup: { with: 'leek' } }, { soup: { with: 'onion', without: null } }, { soup: { with: 'onion' } }],
  [{ soup: [{ with: 'leek' }] }, { soup: [1] }, { soup: [1] }],
  [
    ['leek', 'onion'],
    ['salt', 'pepper'],
    ['salt', 'pepper'],
  ],
  [{ soup: 'leek' }, ['onion'], ['onion']],
  [{ soup: 'leek' }, null, null],
  [{ soup: 'leek' }, 'lamb', 'lamb'],
  [{ none: null }, { soup: 1 }, { none: null, soup: 1 }],
  [[1, 2], { soup: 'leek', stew: null }, { soup: 'leek' }],
  [{}, { soup: { with: { salt: null } } }, { soup: { with: {} } }],
  ['text', { soup: { salt: null, hot: true } }, { soup: { hot: true } }],
  [null, { soup: null }, {}],
  [{ soup: [null] }, { soup: [null, { x: null }] }, { soup: [null, { x: null }] }],
  [{ a: null, b: { c: null } }, { b: { d: 1 } }, { a: null, b: { c: null, d: 1 } }],
  [{ toString: 1 }, { toString: { x: 1 } }, { toString: { x: 1 } }],
  [{}, { valueOf: { x: 1 } }, { valueOf: { x: 1 } }],
]

describe.each(stores)('JSON Patch over %s', (_, store) => {
  /** Anybody may read, the owner may write, nobody may set a price. */
  const ruled = resource({
    ...fields,
    hidden: t.text().hidden().nullable(),
    price: t.integer().default(5),
    size: t.calc({ of: t.integer(), get: () => 1 }),
    sealed: t.text().writable(false).default(''),
    owner: t.integer().default(1),
  }).rules((me, row) => ({
    read: always,
    create: always,
    write: row.owner.is(me['id']),
    fields: { price: { write: never }, note: { read: row.owner.is(me['id']) } },
  }))

  async function kitchen(options: ApiOptions = {}) {
    const app = api(
      { recipe: ruled },
      {
        store: store(),
        authenticate: caller => ({ id: Number(caller.header('x-cook') ?? 1) }),
        report: () => {},
        ...options,
        http: { log: () => {} },
      },
    )
    onTestFinished(() => app.close())
    await app.post('recipe', { doc: { a: 1 }, note: 'mine' } as never)
    const ask = async (method: string, body: unknown, headers: Record<string, string> = {}) => {
      const answer = await app.fetch(
        new Request('http://host/recipe/1', {
          method,
          headers: { 'content-type': 'application/json-patch+json', ...headers },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        }),
      )
      return { status: answer.status, headers: answer.headers, body: await answer.json() }
    }
    return { app, patch: (body: unknown, headers?: Record<string, string>) => ask('PATCH', body, headers), ask }
  }
  /** It cannot be applied, because there is no such member. */
  const impossible = { op: 'remove', path: '/doc/nothing' }

  test.each([
    ['a member that is not known', { op: 'add', path: '/other/x', value: 1 }, '#/1/path', 'unknown_field'],
    ['a hidden member', { op: 'replace', path: '/hidden', value: 'x' }, '#/1/path', 'unknown_field'],
    ['a test of a hidden member', { op: 'test', path: '/hidden', value: null }, '#/1/path', 'unknown_field'],
    ['a copy of a hidden member', { op: 'copy', from: '/hidden', path: '/note' }, '#/1/from', 'unknown_field'],
    ['the id', { op: 'replace', path: '/id', value: 1 }, '#/1/path', 'read_only'],
    ['a read-only member', { op: 'add', path: '/made', value: 'here' }, '#/1/path', 'read_only'],
    ['a calculated member', { op: 'replace', path: '/size', value: 1 }, '#/1/path', 'read_only'],
    ['a move of a read-only member', { op: 'move', from: '/made', path: '/note' }, '#/1/from', 'read_only'],
    ['a copy to a read-only member', { op: 'copy', from: '/note', path: '/made' }, '#/1/path', 'read_only'],
    ['a member that nobody may write', { op: 'replace', path: '/sealed', value: '' }, '#/1/path', 'read_only'],
  ])('%s is refused before anything is done, with its place', async (_name, operation, pointer, code) => {
    const { patch } = await kitchen()
    const { status, body } = await patch([impossible, operation])
    expect([status, body.errors]).toEqual([400, [expect.objectContaining({ code, pointer })]])
  })

  test('all such members are reported at once', async () => {
    const { patch } = await kitchen()
    const operations = [
      { op: 'move', from: '/id', path: '/x' },
      { op: 'add', path: '/y', value: 1 },
    ]
    const { status, body } = await patch(operations)
    expect([status, body.error]).toEqual([400, 'validation'])
    expect(body.errors.map((one: { pointer: string }) => one.pointer)).toEqual(['#/0/path', '#/0/from', '#/1/path'])
  })

  test.each([
    ['the row', '2', [{ op: 'replace', path: '/doc', value: 1 }]],
    ['the field', '1', [{ op: 'add', path: '/price', value: 1 }]],
    ['the field, with the value that it has', '1', [{ op: 'add', path: '/price', value: 5 }]],
  ])('who may not write %s hears it before anything is done', async (_name, cook, operations) => {
    const { patch } = await kitchen()
    expect((await patch([...operations, impossible], { 'x-cook': cook })).status).toBe(403)
    expect((await patch(operations, { 'x-cook': cook })).status).toBe(403)
  })

  test('members that a rule hides are not there to be tested or copied', async () => {
    const { patch } = await kitchen()
    const probe = [{ op: 'test', path: '/note', value: 'mine' }]
    expect((await patch(probe)).status).toBe(200)
    expect((await patch(probe, { 'x-cook': '2' })).status).toBe(409)
  })

  test('a patch for another version is refused whether it could be done or not', async () => {
    const { patch } = await kitchen()
    const stale = { 'if-match': '"aaaaaa.1"' }
    expect((await patch([impossible], stale)).status).toBe(412)
    expect((await patch([{ op: 'replace', path: '/doc', value: 2 }], stale)).status).toBe(412)
    expect((await patch([{ op: 'add', path: '/other', value: 2 }], stale)).status).toBe(400)
  })

  test('the result of a patch must be within the bounds of a body and of its field', async () => {
    const { app, patch } = await kitchen()
    const doubling = [
      { op: 'add', path: '/doc', value: { a: 1 } },
      ...Array.from({ length: 99 }, (_, i) => ({ op: 'copy', from: '/doc', path: `/doc/k${i}` })),
    ]
    expect((await patch(doubling)).body).toMatchObject({
      error: 'too_many_keys',
      detail: expect.stringMatching(/^#\/13:/),
    })
    const long = [
      { op: 'add', path: '/doc', value: ['x'.repeat(400_000)] },
      { op: 'copy', from: '/doc/0', path: '/doc/-' },
      { op: 'copy', from: '/doc', path: '/meta' },
    ]
    expect(await patch(long)).toMatchObject({ status: 413, body: { error: 'payload_too_large' } })
    expect(await patch(long.slice(0, 2))).toMatchObject({ status: 200 })
    const more = await patch([{ op: 'add', path: '/doc/-', value: 'x'.repeat(400_000) }])
    expect(more).toMatchObject({ status: 413 })
    const tags = [{ op: 'add', path: '/tags/-', value: 'much too long for a tag' }]
    expect((await patch(tags)).body.errors).toEqual([expect.objectContaining({ code: 'length', pointer: '#/tags/0' })])
    expect(((await app.get('recipe', 1)) as any).doc).toHaveLength(2)
  })

  test('a JSON field does not grow by patches beyond its bound', async () => {
    const { ask, patch } = await kitchen({ limits: { body: 10_000 } })
    const merge = (i: number) =>
      ask('PATCH', { doc: { [`k${i}`]: 'x'.repeat(4_000) } }, { 'content-type': 'application/merge-patch+json' })
    expect((await merge(1)).status).toBe(200)
    expect((await merge(2)).status).toBe(200)
    expect((await merge(3)).status).toBe(413)
    expect((await patch([{ op: 'add', path: '/doc/k4', value: 'x'.repeat(4_000) }])).status).toBe(413)
    const { body } = await ask('GET', undefined)
    expect(Object.keys(body.doc)).toEqual(['a', 'k1', 'k2'])
  })
})

test('t.json() takes a bound of its own, in bytes of JSON', async () => {
  const app = api({ recipe: resource({ id: t.id(), doc: t.json({ max: 20 }) }) }, { report: () => {} })
  onTestFinished(() => app.close())
  await app.post('recipe', { doc: { soup: 'leek' } })
  const refused = { code: 'validation', issues: [expect.objectContaining({ code: 'length', pointer: '#/doc' })] }
  await expect(app.patch('recipe', 1, { doc: { stew: 'lamb' } })).rejects.toMatchObject(refused)
  await expect(app.put('recipe', 1, { doc: 'éééééééééé' })).rejects.toMatchObject(refused)
  expect(await app.get('recipe', 1)).toEqual({ id: 1, doc: { soup: 'leek' } })
})

test('.check() of a JSON field gets the result of a merge patch', async () => {
  const doc = t.json<{ a: number; b: number }>().check(({ a, b }) => a + b === 3 || 'a and b must be 3 together')
  const app = api({ recipe: resource({ id: t.id(), doc }) }, { report: () => {} })
  onTestFinished(() => app.close())
  await app.post('recipe', { doc: { a: 1, b: 2 } } as never)
  await expect(app.patch('recipe', 1, { doc: { a: 2 } } as never)).rejects.toMatchObject({ code: 'validation' })
  expect(await app.patch('recipe', 1, { doc: { a: 0, b: 3 } })).toMatchObject({ doc: { a: 0, b: 3 } })
})
