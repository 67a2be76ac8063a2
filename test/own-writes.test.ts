// What the application itself may set and callers may not, and creating requests that name their own row.
import { describe, expect, onTestFinished, test } from 'vitest'
import { api, memory, resource, sqlite, t, type Store } from '../src/index.ts'
import { slow } from '../src/testing/slow-store.ts'

const stores: Readonly<Record<string, () => Store>> = {
  memory: () => memory(),
  sqlite: () => sqlite(':memory:'),
  slow: () => slow(memory()),
}

describe.each(Object.entries(stores))('%s', (_, store) => {
  const user = resource({
    id: t.id(),
    name: t.text(),
    role: t.enum(['admin', 'member']).default('member').readonly(),
    notes: t.text().hidden().nullable(),
    made: t.now(),
    posts: t.back('post', 'author').readonly(),
  }).public()
  const post = resource({ id: t.id(), title: t.text(), author: t.one('user').nullable().readonly() }).public()
  const open = () => {
    const app = api({ user, post }, { store: store(), report: () => {} })
    onTestFinished(() => app.close())
    return app
  }

  test('the application sets readonly and hidden fields, in every operation and in nested rows', async () => {
    const app = open()
    const made = '2020-01-02T03:04:05.000Z'
    await app.post('user', { name: 'a', role: 'admin', notes: 'n', made, posts: [{ title: 'p' }] })
    expect(await app.get('user', 1)).toMatchObject({ role: 'admin', posts: [1] })
    expect(new Date((await app.get('user', 1)).made).toISOString()).toBe(made)
    expect(await app.get('post', 1)).toMatchObject({ author: 1 })
    await app.patch('user', 1, { role: 'member' })
    expect((await app.get('user', 1)).role).toBe('member')
    await app.put('user', 1, { name: 'b', role: 'admin' })
    expect(await app.get('user', 1)).toMatchObject({ name: 'b', role: 'admin', posts: [1] })
    await app.transaction(async tx => void (await tx.post('post', { title: 'q', author: 1 })))
    expect((await app.get('user', 1)).posts).toEqual([1, 2])
    // What is derived is never set.
    await expect(app.patch('user', 1, { id: 7 } as never)).rejects.toMatchObject({ code: 'read_only' })
  })

  test('so does a seed', async () => {
    const app = api(
      { user, post },
      {
        store: store(),
        report: () => {},
        seed: async app => void (await app.post('user', { name: 'a', role: 'admin' } as never)),
      },
    )
    onTestFinished(() => app.close())
    await app.ready()
    expect((await app.get('user', 1)).role).toBe('admin')
  })

  test('callers do not, on HTTP or through the application', async () => {
    const app = open()
    for (const body of [
      { name: 'a', role: 'admin' },
      { name: 'a', notes: 'n' },
      { name: 'a', posts: [] },
    ]) {
      const answer = await app.fetch(
        new Request('http://x/user', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      )
      expect(answer.status).toBe(400)
      await expect(app.post('user', body as never, { me: null })).rejects.toMatchObject({ status: 400 })
    }
  })

  describe('a creating request names its own row', () => {
    const jar = resource({ id: t.id('integer', { client: true }), cookies: t.back('cookie', 'jar') }).public()
    const cookie = resource({ id: t.id(), jar: t.one('jar').nullable() }).public()
    const person = resource({
      id: t.id('text', { client: true }),
      boss: t.one('person', { inverse: 'reports' }).nullable(),
      reports: t.back('person', 'boss'),
      friends: t.many('person', { symmetric: true }),
    }).public()
    const ask = async (method: string, path: string, body: unknown): Promise<[number, any]> => {
      const app = api({ jar, cookie, person }, { store: store(), report: () => {} })
      onTestFinished(() => app.close())
      const answer = await app.fetch(
        new Request(`http://x${path}`, {
          method,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      )
      const told: unknown = await answer.json()
      // The same body on the row that is there by now says the same.
      if (answer.ok && method === 'PUT') {
        const again = await app.fetch(
          new Request(`http://x${path}`, {
            method,
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(body),
          }),
        )
        expect(again.status).toBe(200)
      }
      return [answer.status, told]
    }

    test.each<[string, string, unknown, unknown]>([
      ['PUT', '/jar/99', { cookies: [{ jar: 99 }] }, { id: 99, cookies: [1] }],
      ['POST', '/jar', { id: 5, cookies: [{ jar: 5 }, {}] }, { id: 5, cookies: [1, 2] }],
      ['PUT', '/person/b', { boss: 'b' }, { boss: 'b', reports: ['b'] }],
      ['PUT', '/person/b', { id: 'b', reports: ['b'] }, { boss: 'b' }],
      ['POST', '/person', { id: 'b', boss: 'b' }, { boss: 'b' }],
      ['POST', '/person', { id: 'b', friends: ['b'] }, { friends: ['b'] }],
      ['POST', '/person', { id: 'e', reports: [{ id: 'f', boss: 'e' }] }, { id: 'e', reports: ['f'] }],
      ['POST', '/person', { id: 'e', boss: { id: 'd', reports: ['e'] } }, { boss: 'd' }],
      [
        'POST',
        '/person',
        { id: 'e', reports: [{ id: 'f' }, { id: 'g', friends: ['f', 'e'] }] },
        { reports: ['f', 'g'] },
      ],
    ])('%s %s %j', async (method, path, body, shown) => {
      const [status, told] = await ask(method, path, body)
      expect([status, told]).toMatchObject([201, shown])
    })

    test.each<[string, string, unknown]>([
      ['PUT', '/jar/99', { cookies: [{ jar: 98 }] }],
      ['POST', '/person', { id: 'e', boss: 'f' }],
      ['POST', '/person', { id: 'e', reports: [{ id: 'f', boss: 'g' }] }],
    ])('another row that is not there is still refused: %s %s %j', async (method, path, body) => {
      const [status, told] = await ask(method, path, body)
      expect(status).toBe(400)
      expect(told.errors[0].detail).toMatch(/there is no (jar|person) /)
    })
  })
})
