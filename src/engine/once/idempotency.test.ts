import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { api, type Api } from '../../api.ts'
import { action } from '../../model/declare/action.ts'
import { resource } from '../../model/declare/resource.ts'
import { ApiError } from '../../protocol/error.ts'
import { t } from '../../schema/builder.ts'
import { memory } from '../../store/memory.ts'
import { sqlite } from '../../store/sqlite/index.ts'
import type { Store } from '../../store/store.ts'
import { slow } from '../../testing/slow-store.ts'

const owner = resource({ id: t.id(), name: t.text().unique(), notes: t.back('note', 'owner') })
const note = resource({ id: t.id(), text: t.text({ max: 10 }), owner: t.one('owner').nullable() })
const strict = resource({ id: t.id(), text: t.text() }, { idempotency: 'required' })
const declarations = { owner, note, strict }
const day = 86_400_000

const clock = { now: Date.UTC(2026, 0, 1) }

function open(store: Store): Api<typeof declarations> {
  const app = api(declarations, {
    store,
    clock: () => clock.now,
    report: () => {},
    authenticate: credentials => {
      const id = credentials.header('authorization')
      return id === undefined ? null : { id }
    },
    http: { log: () => {} },
  })
  onTestFinished(() => app.close())
  return app
}

interface Asked {
  readonly key?: string | null
  readonly as?: string
  readonly headers?: Record<string, string>
  readonly body?: unknown
}

async function ask(app: Pick<Api, 'fetch'>, method: string, path: string, asked: Asked = {}): Promise<Response> {
  const { key = 'k', as = 'ann', headers = {}, body } = asked
  return app.fetch(
    new Request(`http://host${path}`, {
      method,
      headers: {
        authorization: as,
        ...(key === null ? {} : { 'idempotency-key': key }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  )
}

const replayed = (answer: Response): boolean => answer.headers.get('idempotency-replayed') === 'true'

describe.each([
  ['memory', () => memory()],
  ['a slow store', () => slow(memory())],
  ['sqlite', () => sqlite(':memory:')],
])('idempotency keys on %s:', (_, make) => {
  test('a write that is sent again is answered again and done once', async () => {
    const app = open(make())
    const first = await ask(app, 'POST', '/note', { body: { text: 'one' } })
    const again = await ask(app, 'POST', '/note', { body: { text: 'one' } })
    expect([first.status, again.status]).toEqual([201, 201])
    expect([replayed(first), replayed(again)]).toEqual([false, true])
    for (const name of ['location', 'etag', 'content-type']) {
      expect(again.headers.get(name)).toBe(first.headers.get(name))
    }
    expect(await again.text()).toBe(await first.text())
    expect(await app.list('note')).toHaveLength(1)
  })

  test.each([
    ['PATCH', '/note/1', { text: 'two' }],
    ['PUT', '/note/1', { text: 'two' }],
    ['DELETE', '/note/1', undefined],
    ['POST', '/owner/1/notes', { text: 'two' }],
    ['POST', '/note', [{ text: 'a' }, { text: 'b' }]],
  ])('%s %s', async (method, path, body) => {
    const app = open(make())
    await app.post('owner', { name: 'o' })
    await app.post('note', { text: 'one', owner: 1 })
    const first = await ask(app, method, path, { body })
    const position = (await app.safe.list('note')).position
    const again = await ask(app, method, path, { body })
    expect(again.status).toBe(first.status)
    expect(await again.text()).toBe(await first.text())
    expect([replayed(first), replayed(again)]).toEqual([false, true])
    expect((await app.safe.list('note')).position).toBe(position)
  })

  test('the order of members does not make another request', async () => {
    const app = open(make())
    await ask(app, 'POST', '/note', { body: { text: 'one', owner: null } })
    expect(replayed(await ask(app, 'POST', '/note', { body: { owner: null, text: 'one' } }))).toBe(true)
  })

  test.each<[string, string, Asked]>([
    ['another body', '/note', { body: { text: 'two' } }],
    ['another shape of the answer', '/note?fields=id', { body: { text: 'one' } }],
  ])('%s under the same key is refused', async (_name, path, asked) => {
    const app = open(make())
    await ask(app, 'POST', '/note', { body: { text: 'one' } })
    const other = await ask(app, 'POST', path, asked)
    expect(other.status).toBe(422)
    expect(await other.json()).toMatchObject({ error: 'idempotency_mismatch' })
    // the key is still the first one's
    expect(replayed(await ask(app, 'POST', '/note', { body: { text: 'one' } }))).toBe(true)
  })

  test.each<[string, string, string, Asked]>([
    ['of somebody else', 'POST', '/note', { as: 'bob' }],
    ['for another collection', 'POST', '/owner/1/notes', {}],
    ['for another method', 'PATCH', '/note/1', {}],
  ])('a key %s is another key', async (_name, method, path, asked) => {
    const app = open(make())
    await app.post('owner', { name: 'o' })
    const body = { text: 'one' }
    await ask(app, 'POST', '/note', { body })
    const other = await ask(app, method, path, { body, ...asked })
    expect(replayed(other)).toBe(false)
    expect(other.ok).toBe(true)
  })

  test('an answer is kept for a day', async () => {
    const app = open(make())
    const body = { text: 'one' }
    await ask(app, 'POST', '/note', { body })
    clock.now += day - 1
    expect(replayed(await ask(app, 'POST', '/note', { body }))).toBe(true)
    clock.now += 1
    expect(replayed(await ask(app, 'POST', '/note', { body }))).toBe(false)
    expect(await app.list('note')).toHaveLength(2)
  })

  test('a refusal because of stored rows is repeated for the same key', async () => {
    const app = open(make())
    await app.post('owner', { name: 'o' })
    const first = await ask(app, 'POST', '/owner', { body: { name: 'o' } })
    await app.delete('owner', 1)
    const again = await ask(app, 'POST', '/owner', { body: { name: 'o' } })
    expect([first.status, again.status]).toEqual([409, 409])
    expect([replayed(first), replayed(again)]).toEqual([false, true])
    const [{ requestId: _one, instance: _i, ...told }, { requestId: _two, instance: _j, ...retold }] = [
      await first.json(),
      await again.json(),
    ] as Record<string, unknown>[] as [Record<string, unknown>, Record<string, unknown>]
    expect(retold).toEqual(told)
    expect(await app.list('owner')).toEqual([])
  })

  test('a refusal that came of the request is not kept: a better one may follow', async () => {
    const app = open(make())
    expect((await ask(app, 'POST', '/note', { body: { text: 'far too long' } })).status).toBe(400)
    expect((await ask(app, 'POST', '/note', { body: { text: 'short' } })).status).toBe(201)
  })

  test('a caller without the right does not get the stored answer of another', async () => {
    const app = open(make())
    await ask(app, 'POST', '/note', { body: { text: 'one' } })
    const anonymous = await app.fetch(
      new Request('http://host/note', {
        method: 'POST',
        headers: { 'idempotency-key': 'k', 'content-type': 'application/json' },
        body: '{"text":"one"}',
      }),
    )
    expect(anonymous.status).toBe(401)
  })

  test('a completed change is answered again although its precondition no longer holds', async () => {
    const app = open(make())
    const made = await ask(app, 'POST', '/note', { body: { text: 'one' } })
    const headers = { 'if-match': made.headers.get('etag')! }
    const body = { text: 'two' }
    expect((await ask(app, 'PATCH', '/note/1', { headers, body })).status).toBe(200)
    const again = await ask(app, 'PATCH', '/note/1', { headers, body })
    expect([again.status, replayed(again)]).toEqual([200, true])
    expect((await ask(app, 'PATCH', '/note/1', { key: 'other', headers, body })).status).toBe(412)
  })

  test('a thousand retries at once have one effect and one answer', async () => {
    const app = open(make())
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, () => ask(app, 'POST', '/note', { body: { text: 'one' } })),
    )
    const bodies = new Set(await Promise.all(answers.map(answer => answer.text())))
    expect(new Set(answers.map(answer => answer.status))).toEqual(new Set([201]))
    expect(bodies.size).toBe(1)
    expect(answers.filter(answer => !replayed(answer))).toHaveLength(1)
    expect(await app.list('note')).toHaveLength(1)
  })

  test('the application has keys as well, within transactions too', async () => {
    const app = open(make())
    const options = { idempotencyKey: 'k' }
    const one = await app.post('note', { text: 'one' }, options)
    expect(await app.post('note', { text: 'one' }, options)).toEqual(one)
    const again = await app.transaction(tx => tx.post('note', { text: 'one' }, options))
    expect(again).toEqual(one)
    expect(await app.list('note')).toHaveLength(1)
  })

  test.each([
    ['a key of spaces', 'a b', 400],
    ['too long a key', 'x'.repeat(256), 400],
    ['the longest key', 'x'.repeat(255), 201],
    ['a key in quotes', '"k"', 201],
    ['no key', null, 400],
  ])('a resource that insists on keys: %s', async (_name, key, status) => {
    const app = open(make())
    const answer = await ask(app, 'POST', '/strict', { key, body: { text: 'one' } })
    expect(answer.status).toBe(status)
    if (status === 400) expect(await answer.json()).toMatchObject({ errors: [{ header: 'idempotency-key' }] })
    if (key === null) expect(answer.headers.get('link')).toContain('rel="describedby"')
  })
})

test('a repeated refusal has the members that the application gave it, and no row of former times', async () => {
  let calls = 0
  const item = resource({ id: t.id(), text: t.text() })
    .actions({
      buy: action({
        on: 'row',
        run: () => {
          throw new ApiError('conflict', { members: { current: ++calls, etag: 'mine' } })
        },
      }),
    })
    .public()
  const app = api({ item }, { report: () => {}, http: { log: () => {} } })
  onTestFinished(() => app.close())
  await app.post('item', { text: 'a' })
  const buy = async (): Promise<any> => (await ask(app, 'POST', '/item/1/buy', { body: {} })).json()
  expect(await buy()).toMatchObject({ status: 409, current: 1, etag: 'mine' })
  expect(await buy()).toMatchObject({ status: 409, current: 1, etag: 'mine' })
  const change = async (): Promise<any> =>
    (await ask(app, 'PATCH', '/item/1', { body: { text: 'b' }, headers: { 'if-match': '"old"' } })).json()
  expect(await change()).toMatchObject({ status: 412, current: { text: 'a' } })
  const again = await change()
  expect([again.status, 'current' in again, 'etag' in again]).toEqual([412, false, false])
})

test('answers outlive the process', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'restuary-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const make = (): Store => sqlite(join(directory, 'note.db'))
  const body = { text: 'one' }
  const before = open(make())
  const first = await ask(before, 'POST', '/note', { body })
  await before.close()
  const after = open(make())
  const again = await ask(after, 'POST', '/note', { body })
  expect(replayed(again)).toBe(true)
  expect(await again.text()).toBe(await first.text())
  expect(await after.list('note')).toHaveLength(1)
})
