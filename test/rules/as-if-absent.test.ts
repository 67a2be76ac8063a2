// What a caller may not see does not exist for it: writes that meet it are answered, to the byte, as if it were not there.
import { describe, expect, test } from 'vitest'
import { always, any, api, memory, never, resource, sqlite, t, type Store } from '../../src/index.ts'
import { slow } from '../../src/testing/slow-store.ts'

const stores: [string, () => Store][] = [
  ['memory', () => memory()],
  ['a slow store', () => slow(memory())],
  ['sqlite', () => sqlite(':memory:')],
]

const model = () => {
  const user = resource({
    id: t.id('integer', { client: true }),
    email: t.text().unique(),
    name: t.text().default(''),
    shown: t.bool().default(true),
    role: t.text().default('member'),
    seat: t.back('seat', 'holder', { one: true }),
  }).rules((me, row) => ({ read: any(row.shown.is(true), row.is(me)), write: row.is(me), delete: row.is(me) }))
  const note = resource
    .for(user)({
      id: t.id('integer', { client: true }),
      slug: t.text().unique(),
      owner: t.one('user').nullable(),
      text: t.text().default(''),
      secret: t.bool().default(false),
      rank: t.integer().default(0),
    })
    .rules((me, row) => ({
      read: row.secret.is(false),
      write: row.owner.is(me),
      create: row.owner.is(me),
      fields: { rank: { write: row.text.is('ranked') } },
    }))
  const seat = resource({
    id: t.id(),
    shown: t.bool().default(true),
    holder: t.one('user', { unique: true, onDelete: 'restrict' }),
  }).rules((_, row) => ({ read: row.shown.is(true), write: always, create: always, delete: never }))
  return { user, note, seat }
}

describe.each(stores)('over %s', (_, store) => {
  /** The same world with and without what the caller may not see. */
  async function world(hidden: boolean) {
    const app: any = api(model(), {
      store: store(),
      clock: () => 0,
      report: () => {},
      authenticate: credentials => {
        const id = credentials.header('x-user')
        return id === undefined ? null : { id: Number(id), role: 'member' }
      },
    })
    await app.post('user', [
      { id: 1, email: 'ann', name: 'ann' },
      { id: 2, email: 'bob' },
    ])
    await app.post('note', { id: 1, slug: 'mine', owner: 1 })
    if (hidden) {
      await app.post('user', { id: 5, email: 'victim', shown: false })
      await app.post('note', { id: 5, slug: 'hers', owner: 2, secret: true })
    }
    return app
  }

  const ask = async (app: any, who: number | null, method: string, path: string, body?: unknown, more = {}) => {
    const headers = { 'content-type': 'application/json', ...(who && { 'x-user': String(who) }), ...more }
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
    const answer: Response = await app.fetch(new Request(`http://x${path}`, init))
    const text = (await answer.text()).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id')
    const heads = [...answer.headers].filter(([name]) => name !== 'date' && name !== 'x-request-id')
    return JSON.stringify([answer.status, heads, text])
  }

  const asked: [string, number | null, string, string, unknown?, object?][] = [
    ['anonymous, by unique key', null, 'PUT', '/user?email=victim', { name: 'x' }],
    ['anonymous, with the right id', null, 'PUT', '/user?email=victim', { id: 5 }],
    ['anonymous, with a wrong id', null, 'PUT', '/user?email=victim', { id: 6 }],
    ['by unique key', 1, 'PUT', '/user?email=victim', { name: 'x' }],
    ['with the right id', 1, 'PUT', '/user?email=victim', { id: 5 }],
    ['with a wrong id', 1, 'PUT', '/user?email=victim', { id: 6 }],
    ['with a body that does not fit', 1, 'PUT', '/user?email=victim', { nosuch: 6 }],
    ['with any version', 1, 'PUT', '/user?email=victim', { name: 'x' }, { 'if-match': '*' }],
    ['with a version', 1, 'PUT', '/user?email=victim', { name: 'x' }, { 'if-match': '"abc.1"' }],
    ['if there is none', 1, 'PUT', '/user?email=victim', { name: 'x' }, { 'if-none-match': '*' }],
    ['by id', 1, 'PUT', '/user/5', { email: 'z' }],
    ['by id with a version', 1, 'PUT', '/user/5', { email: 'z' }, { 'if-match': '*' }],
    ['by key, for somebody else', 1, 'PUT', '/note?slug=hers', { owner: 2 }],
    ['by key, for somebody else, if it is there', 1, 'PUT', '/note?slug=hers', { owner: 2 }, { 'if-match': '*' }],
    ['made with its key, for somebody else', 1, 'POST', '/note', { id: 9, slug: 'hers', owner: 2 }],
    ['made with its id, for somebody else', 1, 'POST', '/note', { id: 5, slug: 'x', owner: 2 }],
    [
      'made with its id, among others',
      1,
      'POST',
      '/note',
      [
        { id: 8, slug: 'y', owner: 1 },
        { id: 5, slug: 'x', owner: 2 },
      ],
    ],
    ['made with its id and a field that may not be set', 1, 'POST', '/note', { id: 5, slug: 'x', owner: 1, rank: 3 }],
    ['made with its id, without what is required', 1, 'POST', '/note', { id: 5, owner: 1 }],
    ['changed to its key, for somebody else', 1, 'PATCH', '/note/1', { slug: 'hers', owner: 2 }],
    ['patched', 1, 'PATCH', '/note/5', { text: 'x' }],
    ['deleted', 1, 'DELETE', '/note/5'],
    ['deleted with a version', 1, 'DELETE', '/note/5', undefined, { 'if-match': '"abc.1"' }],
    ['read with a version', 1, 'GET', '/note/5', undefined, { 'if-match': '"abc.1"' }],
    ['read unless it is the same', 1, 'GET', '/note/5', undefined, { 'if-none-match': '*' }],
    ['referred to', 1, 'PATCH', '/note/1', { owner: 5 }],
    ['its history', 1, 'GET', '/note/5/history'],
  ]

  test.each(asked)('%s', async (_name, who, method, path, body, headers) => {
    const [without, within] = [await world(false), await world(true)]
    const [a, b] = [
      await ask(without, who, method, path, body, headers),
      await ask(within, who, method, path, body, headers),
    ]
    await without.close()
    await within.close()
    expect(b).toBe(a)
  })

  test('conflicts do not name rows that the caller may not see', async () => {
    const app = await world(true)
    await app.post('seat', { shown: false, holder: 1 })
    const [deleted, taken] = [await ask(app, 1, 'DELETE', '/user/1'), await ask(app, 1, 'POST', '/seat', { holder: 1 })]
    for (const answer of [deleted, taken]) {
      expect(answer).toMatch(/^\[409/)
      expect(answer).not.toMatch(/seat \d/)
    }
    await app.patch('seat', 1, { shown: true })
    expect(await ask(app, 1, 'DELETE', '/user/1')).toContain('seat 1')
    await app.close()
  })

  test('a repeated write shows nothing that its caller may no longer see', async () => {
    const app = await world(false)
    const key = { 'idempotency-key': 'k' }
    const made = await ask(app, 1, 'POST', '/note', { id: 7, slug: 'x', owner: 1, text: 'CANARY' }, key)
    expect(made).toContain('CANARY')
    expect(await ask(app, 1, 'POST', '/note', { id: 7, slug: 'x', owner: 1, text: 'CANARY' }, key)).toContain('CANARY')
    await app.patch('note', 7, { secret: true })
    const again = await ask(app, 1, 'POST', '/note', { id: 7, slug: 'x', owner: 1, text: 'CANARY' }, key)
    expect(again).toMatch(/^\[404/)
    expect(again).not.toContain('CANARY')
    await app.close()
  })
})
