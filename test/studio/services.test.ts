// What the studio asks beyond the public API, and who may.
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { gzipSync } from 'node:zlib'
import { studioEditor as editorOfSources, studioScript, studioStyle } from '../../scripts/studio.ts'
import { studioEditor } from '../../src/describe/studio/built-editor.ts'
import { studioLooks, studioProgram } from '../../src/describe/studio/built.ts'
import type { Api, ApiOptions } from '../../src/index.ts'
import type { LogRecord } from '../../src/transport/http/options.ts'
import { all, api, job, resource, sqlite, t } from '../../src/index.ts'
import { office } from './office.ts'

const admins: ApiOptions['studio'] = { use: me => me?.['role'] === 'admin', lookAs: me => me?.['role'] === 'admin' }

async function started(options: ApiOptions = {}): Promise<Api> {
  const app = await office(options)
  onTestFinished(() => app.close())
  return app
}

interface Asking {
  readonly as?: string
  readonly body?: unknown
  readonly host?: string
  readonly headers?: Record<string, string>
}

async function ask(
  app: Api,
  path: string,
  { as, body, host = 'localhost', headers = {} }: Asking = {},
): Promise<[number, any]> {
  const response = await app.fetch(
    new Request(`http://${host}${path}`, {
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(as !== undefined && { 'x-user': as }),
        ...headers,
      },
    }),
  )
  const text = await response.text()
  return [response.status, text.startsWith('{') ? JSON.parse(text) : text]
}

test('the program and the looks that are served match their sources (npm run studio makes them anew)', async () => {
  expect((await studioScript()) === studioProgram).toBe(true)
  expect(studioStyle() === studioLooks).toBe(true)
  expect((await editorOfSources()) === studioEditor).toBe(true)
})

test('what is loaded first is smaller than 130 kB, and the editor, which comes later, than 150 kB', async () => {
  const app = await started({ studio: true })
  const sizeOf = async (path: string): Promise<number> =>
    gzipSync(await (await app.fetch(new Request(`http://localhost${path}`))).text()).length
  expect(await sizeOf('/studio')).toBeLessThan(130_000)
  expect(await sizeOf('/studio/editor.js')).toBeLessThan(150_000)
})

describe('whether there is one', () => {
  afterEach(() => vi.unstubAllEnvs())

  test.each([
    ['development', undefined, 200],
    ['production', undefined, 404],
    ['production', true, 200],
    ['development', false, 404],
  ])('in %s with studio: %s it is %i', async (environment, studio, status) => {
    vi.stubEnv('NODE_ENV', environment)
    const app = await started(studio === undefined ? {} : { studio })
    expect((await ask(app, '/studio'))[0]).toBe(status)
  })

  test('its path can be moved, and taken away', async () => {
    const moved = await started({ studio: true, paths: { studio: '/look' } })
    expect((await ask(moved, '/look'))[0]).toBe(200)
    expect((await ask(moved, '/studio'))[0]).toBe(404)
    const none = await started({ studio: true, paths: { studio: null } })
    expect((await ask(none, '/studio'))[0]).toBe(404)
  })

  test('only its own program and looks may run, and no page may frame it', async () => {
    const app = await started({ studio: true })
    const response = await app.fetch(new Request('http://localhost/studio'))
    const policy = response.headers.get('content-security-policy')!
    expect(policy).toMatch(/default-src 'none'; script-src 'sha256-[\w+/]{43}=' blob:; style-src 'sha256-[\w+/]{43}='/)
    for (const word of ['base-uri', 'form-action', 'frame-ancestors']) expect(policy).toContain(`${word} 'none'`)
    const text = await response.text()
    // Nothing comes from elsewhere, and one can be logged in while others are not: the text is the same for all.
    expect(text).not.toMatch(/<(?:script|link|img)[^>]+(?:src|href)="(?!data:)/)
    expect(response.headers.get('etag')).toBeTruthy()
  })
})

describe('who may use it', () => {
  const inner = ['model', 'server', 'subscriptions', 'commits', 'sessions'].map(word => `/studio/${word}`)

  let app: Api
  beforeAll(async () => {
    app = await office({ studio: admins })
  })
  afterAll(() => app.close())

  test.each(inner)('%s is for those whom the rule admits', async path => {
    expect((await ask(app, path))[0]).toBe(401)
    expect((await ask(app, path, { as: 'ann' }))[0]).toBe(403)
    expect((await ask(app, path, { as: 'eve' }))[0]).toBe(200)
  })

  test.each(['/studio/verdicts', '/studio/look-as'])('%s is for those whom the rule admits', async path => {
    const body = { resource: 'task', ids: [1], user: 1 }
    expect((await ask(app, path, { body }))[0]).toBe(401)
    expect((await ask(app, path, { as: 'ann', body }))[0]).toBe(403)
    expect((await ask(app, path, { as: 'eve', body }))[0]).toBe(200)
  })

  test('in production nobody may, unless a rule says so', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    onTestFinished(() => void vi.unstubAllEnvs())
    const app = await started({ studio: true })
    expect((await ask(app, '/studio/model', { as: 'eve' }))[0]).toBe(403)
  })

  test('a rule sees where the request comes from', async () => {
    const app = await started({ studio: { use: (_, { header }) => header('x-door') === 'back' } })
    expect((await ask(app, '/studio/model', { headers: { 'x-door': 'back' } }))[0]).toBe(200)
    expect((await ask(app, '/studio/model'))[0]).toBe(401)
  })
})

test('the model says how many rows there are, and every rule in words', async () => {
  const app = await started({ studio: admins })
  const [, model] = await ask(app, '/studio/model', { as: 'eve' })
  expect(model).toMatchObject({ users: 'user', may: { lookAs: true } })
  const task = model.resources.find(({ name }: { name: string }) => name === 'task')
  expect(task).toMatchObject({
    rows: 6,
    rules: {
      read: 'any(row.owner.is(me), me.role.is("admin"))',
      create: 'me.signedIn',
      write: 'all(row.owner.is(me), row.done.is(false))',
      delete: 'me.role.is("admin")',
    },
  })
  // Sessions and other tables of our own are nobody's business.
  expect(model.resources.map(({ name }: { name: string }) => name)).toEqual(['user', 'task'])
})

test('the server counts commits and lists the last changes while somebody looks', async () => {
  const app = await started({ studio: { use: () => true } })
  const [, before] = await ask(app, '/studio/server')
  await app.patch('task', 1, { title: 'changed' })
  await expect
    .poll(async () => (await ask(app, '/studio/server'))[1])
    .toMatchObject({
      commits: before.commits + 1,
      recent: [{ size: 1, changes: [{ resource: 'task', id: 1, op: 'patch', fields: ['title'] }] }],
    })
})

describe('verdicts', () => {
  test('say what a user may do with a row, and which part of the rule decides', async () => {
    const app = await started({ studio: admins })
    const body = { resource: 'task', ids: [1, 2, 6], user: 1 }
    const [, { user, rows }] = await ask(app, '/studio/verdicts', { as: 'eve', body })
    expect(user).toBe(1)
    expect(rows.map(({ may }: any) => may)).toEqual([
      { read: false, write: false, delete: false },
      { read: true, write: true, delete: false },
      { read: true, write: false, delete: false },
    ])
    expect(rows[0].why.read).toEqual([
      '✗ any of',
      '  ✗ row.owner.is(me) (row.owner = 2, me = 1)',
      '  ✗ me.role.is("admin") (me.role = "member")',
    ])
    expect(rows[2].why.write).toEqual([
      '✗ all of',
      '  ✓ row.owner.is(me) (row.owner = 1, me = 1)',
      '  ✗ row.done.is(false) (row.done = true)',
    ])
  })

  test('tell values along relations, none that is hidden, and none to who may not look as others', async () => {
    const list = resource({ id: t.id(), owner: t.integer(), key: t.text().hidden() }).public()
    const note = resource({ id: t.id(), list: t.one('list'), secret: t.one('list').hidden() }).rules((me, row) => ({
      read: all(
        row['list']['owner'].in([1]),
        row['list']['key'].is('open'),
        row['secret']['owner'].in([1]),
        row['list'].is(me),
      ),
    }))
    let mayLookAs = true
    const studio = { use: () => true, lookAs: () => mayLookAs }
    const app = api({ list, note }, { studio, report: () => {}, http: { log: () => {} } })
    onTestFinished(() => app.close())
    await app.post('list', { owner: 7, key: 'sesame' })
    await app.post('note', { list: 1, secret: 1 })
    const why = async (): Promise<unknown> =>
      (await ask(app, '/studio/verdicts', { body: { resource: 'note', ids: [1] } }))[1].rows[0].why.read
    expect(await why()).toEqual([
      '✗ all of',
      '  ✗ row.list.owner.in([1]) (row.list.owner = 7)',
      '  ✗ row.list.key.is("open")',
      '  ✗ row.secret.owner.in([1])',
      '  ✗ row.list.is(me) (row.list = 1, me = none)',
    ])
    mayLookAs = false
    expect(await why()).toEqual([
      '✗ all of',
      '  ✗ row.list.owner.in([1])',
      '  ✗ row.list.key.is("open")',
      '  ✗ row.secret.owner.in([1])',
      '  ✗ row.list.is(me)',
    ])
  })

  test('tell nothing of the user that is hidden', async () => {
    const user = resource({
      id: t.id(),
      email: t.email().unique(),
      password: t.password(),
      pin: t.text().hidden().default('1234'),
    }).login('email', 'password')
    const note = resource({ id: t.id(), by: t.text() }).rules((me, row) => ({
      create: me['pin'].is('0'),
      read: row['by'].is(me['pin']),
    }))
    const app = api({ user, note }, {
      auth: { authenticate: () => ({ id: 1, pin: '1234' }) as never },
      studio: { use: () => true, lookAs: () => true },
      report: () => {},
      http: { log: () => {} },
    } as never) as Api
    onTestFinished(() => app.close())
    await app.post('note', { by: 'x' })
    const [status, { rows, whole }] = await ask(app, '/studio/verdicts', { body: { resource: 'note', ids: [1] } })
    expect(status).toBe(200)
    expect(rows[0].why.read).toEqual(['✗ row.by.is(me.pin) (row.by = "x")'])
    expect(whole.why.create).toEqual(['✗ me.pin.is("0")'])
  })

  let app: Api
  afterAll(() => app.close())

  test('are the same as what the API does', async () => {
    const app = await started({ studio: admins })
    const ids = [1, 2, 3, 4, 5, 6]
    for (const [user, name] of [
      [1, 'ann'],
      [2, 'bob'],
      [null, undefined],
    ] as const) {
      const [, { rows }] = await ask(app, '/studio/verdicts', { as: 'eve', body: { resource: 'task', ids, user } })
      const seen = await Promise.all(
        ids.map(async id => (await ask(app, `/task/${id}`, name === undefined ? {} : { as: name }))[0] === 200),
      )
      expect(rows.map(({ may }: any) => may.read)).toEqual(seen)
    }
  })

  test('without a user are about the caller, whom nobody needs to look as', async () => {
    const app = await started({ studio: { use: () => true, lookAs: () => false } })
    const body = { resource: 'task', ids: [1] }
    expect((await ask(app, '/studio/verdicts', { as: 'bob', body }))[1]).toMatchObject({
      user: 2,
      rows: [{ may: { read: true } }],
    })
    expect((await ask(app, '/studio/verdicts', { as: 'bob', body: { ...body, user: 1 } }))[0]).toBe(403)
  })

  test.each([
    [{ resource: 'nothing', ids: [1] }, '#/resource'],
    [{ resource: '_session', ids: ['a'] }, '#/resource'],
    [{ resource: 'task', ids: ['x'] }, '#/ids'],
    [{ resource: 'task', ids: 'all' }, '#/ids'],
    [{ resource: 'task', ids: [1], user: 99 }, '#/user'],
    [{ resource: 'task', ids: [1], user: {} }, '#/user'],
    [[], '#'],
  ])('%j is refused at %s', async (body, pointer) => {
    app ??= await office({ studio: admins })
    const [status, problem] = await ask(app, '/studio/verdicts', { as: 'eve', body })
    expect([status, problem.errors[0].pointer]).toEqual([400, pointer])
  })
})

test('looking as another is logged, and does what that user may do', async () => {
  const records: LogRecord[] = []
  const app = await started({ studio: admins, http: { log: record => void records.push(record) } })
  const [status, tokens] = await ask(app, '/studio/look-as', { as: 'eve', body: { user: 1 } })
  expect(status).toBe(200)
  expect(records).toMatchObject([{ level: 'warn', event: 'studio.look-as', error: { by: 3, user: 1 } }])
  const response = await app.fetch(
    new Request('http://localhost/task', { headers: { authorization: `Bearer ${tokens.access_token}` } }),
  )
  expect(((await response.json()) as { id: number }[]).map(({ id }) => id)).toEqual([2, 4, 6])
  expect((await ask(app, '/studio/look-as', { as: 'eve', body: { user: 99 } }))[0]).toBe(404)
  expect((await ask(app, '/studio/look-as', { as: 'eve', body: {} }))[0]).toBe(400)
})

describe('the SQL of a query', () => {
  test('is that of the caller, rules included, with its plan', async () => {
    const app = await started({ studio: { use: () => true }, store: sqlite(':memory:') })
    const body = { resource: 'task', filter: { done: false }, sort: ['-rank'], limit: 10 }
    const [status, explained] = await ask(app, '/studio/query', { as: 'bob', body })
    expect(status).toBe(200)
    expect(explained.sql).toMatch(/from "task" .* where .*"done" = \?.*"owner" = \?.* order by .*"rank" desc/)
    expect(explained.values).toEqual([0, 2])
    expect(explained.steps.length).toBeGreaterThan(0)
    expect(explained).toMatchObject({ upkeep: 'maintained', hasFunction: false })
  })

  test('is null where there is none', async () => {
    const app = await started({ studio: { use: () => true } })
    const [, explained] = await ask(app, '/studio/query', { as: 'bob', body: { resource: 'task' } })
    expect(explained).toMatchObject({ sql: null, steps: [] })
  })

  test.each([
    [{ resource: 'nothing' }, 400],
    [{ resource: 'task', filter: { nothing: 1 } }, 400],
    [{ resource: 'task', sort: 7 }, 400],
    [{ resource: 'task', limit: -1 }, 400],
  ])('%j is %i', async (body, status) => {
    const app = await started({ studio: { use: () => true } })
    expect((await ask(app, '/studio/query', { as: 'bob', body }))[0]).toBe(status)
  })
})

test('queries that read a large table from beginning to end are named, with the index that they lack', async () => {
  const reading = resource({ id: t.id(), place: t.text(), value: t.integer().index() }).public()
  const app = api({ reading }, { studio: { use: () => true }, store: sqlite(':memory:'), report: () => {} })
  onTestFinished(() => app.close())
  const many = Array.from({ length: 900 }, (_, value) => ({ place: `place ${value}`, value }))
  for (const rows of [many, many]) await app.post('reading', rows)
  for (const query of ['value=7', 'sort=-value', 'place=x', 'place[icontains]=x', 'limit=1'])
    await app.fetch(new Request(`http://localhost/reading?${query}`))
  const [, { resources }] = await ask(app, '/studio/model')
  expect(resources[0].warnings).toEqual(['Queries for place read the whole table. An index would help: .index()'])
})

test('the matrix says on how many rows users of each role may do what', async () => {
  const app = await started({ studio: admins })
  const [status, matrix] = await ask(app, '/studio/matrix', { as: 'eve', body: { resource: 'task' } })
  expect(status).toBe(200)
  expect(matrix).toEqual({
    rows: 6,
    lines: [
      { user: null, label: 'nobody', may: { read: 'none', create: 'none', write: 'none', delete: 'none' } },
      { user: 1, label: 'ann@example.com, member', may: { read: 3, create: 'all', write: 2, delete: 'none' } },
      { user: 3, label: 'eve@example.com, admin', may: { read: 'all', create: 'all', write: 0, delete: 'all' } },
    ],
  })
  expect((await ask(app, '/studio/matrix', { as: 'ann', body: { resource: 'task' } }))[0]).toBe(403)
  expect((await ask(app, '/studio/matrix', { as: 'eve', body: { resource: 'task', users: [99] } }))[0]).toBe(400)
  expect((await ask(app, '/studio/matrix', { as: 'eve', body: { resource: 'nothing' } }))[0]).toBe(400)
})

test('sessions are listed without secrets, and one that is ended is over', async () => {
  const records: LogRecord[] = []
  const app = await started({ studio: admins, http: { log: record => void records.push(record) } })
  const { access_token } = await app.engine.auth!.begin(1)
  const [, { sessions }] = await ask(app, '/studio/sessions', { as: 'eve' })
  expect(sessions).toMatchObject([{ user: 1, label: 'ann@example.com, member', connections: [] }])
  const members = ['connections', 'expires', 'id', 'label', 'refreshed', 'scope', 'user']
  expect(Object.keys(sessions[0]).toSorted()).toEqual(members)
  const own = { headers: { authorization: `Bearer ${access_token}` } }
  expect((await ask(app, '/task', own))[0]).toBe(200)
  expect((await ask(app, '/studio/sessions/end', { as: 'ann', body: { id: sessions[0].id } }))[0]).toBe(403)
  expect((await ask(app, '/studio/sessions/end', { as: 'eve', body: { id: sessions[0].id } }))[0]).toBe(200)
  expect((await ask(app, '/task', own))[0]).toBe(401)
  expect(records).toMatchObject([{ level: 'warn', event: 'studio.end-session', error: { by: 3 } }])
  expect((await ask(app, '/studio/sessions/end', { as: 'eve', body: {} }))[0]).toBe(400)
})

test('sessions tell by what they are connected, each its own', async () => {
  const app = await started({ studio: admins })
  const [first] = [await app.engine.auth!.begin(1), await app.engine.auth!.begin(1)]
  const headers = { accept: 'text/event-stream', authorization: `Bearer ${first.access_token}` }
  const response = await app.fetch(new Request('http://localhost/task', { headers }))
  const reader = response.body!.getReader()
  await reader.read()
  const connected = async (): Promise<string[][]> => {
    const [, { sessions }] = await ask(app, '/studio/sessions', { as: 'eve' })
    return sessions.map((one: { connections: string[] }) => one.connections).toSorted()
  }
  expect(await connected()).toEqual([[], ['sse']])
  await reader.cancel()
  await expect.poll(connected).toEqual([[], []])
})

test('jobs of everybody are listed, and can be cancelled', async () => {
  const film = resource({ id: t.id(), title: t.text() })
    .public()
    .actions({
      index: job(async ({ progress, signal }) => {
        progress(0.5, 'half of it')
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
      }),
    })
  const app = api({ film }, { studio: { use: () => true }, report: () => {} })
  onTestFinished(() => app.close())
  const { id, result } = await app.run('film', 'index')
  const jobs = async (): Promise<unknown> => (await ask(app, '/studio/jobs'))[1].jobs
  await expect.poll(jobs).toMatchObject([{ id, action: 'film.index', status: 'running', progress: 0.5 }])
  expect((await ask(app, '/studio/jobs/cancel', { body: { id } }))[0]).toBe(200)
  await expect(result).rejects.toThrow('cancelled')
  expect(await jobs()).toMatchObject([{ id, status: 'cancelled' }])
  expect((await ask(app, '/studio/jobs/cancel', { body: { id: 'x' } }))[0]).toBe(404)
  expect((await ask(app, '/studio/jobs/cancel', { body: {} }))[0]).toBe(400)
})

test('the newest commits are states that can be read again', async () => {
  const app = await started({ studio: { use: () => true } })
  await app.patch('task', 1, { title: 'changed' })
  const [, { commits }] = await ask(app, '/studio/commits', { as: 'eve' })
  expect(commits.at(-1)).toMatchObject({ changes: [{ resource: 'task', id: 1, op: 'patch', fields: ['title'] }] })
  const past = await app.fetch(
    new Request(`http://localhost/task?at=${commits.at(-2).position}`, { headers: { 'x-user': 'eve' } }),
  )
  expect(((await past.json()) as { id: number; title: string }[]).find(({ id }) => id === 1)?.title).toBe('task 1')
})

test('streams are among the connections, with what waits for them', async () => {
  const app = await started({ studio: { use: () => true } })
  const response = await app.fetch(
    new Request('http://localhost/task', { headers: { accept: 'text/event-stream', 'x-user': 'bob' } }),
  )
  const reader = response.body!.getReader()
  await reader.read()
  expect((await ask(app, '/studio/server'))[1].connections).toMatchObject([
    { who: 2, label: 'member', face: 'sse', subscriptions: 1, waiting: expect.any(Number) },
  ])
  await reader.cancel()
  await expect.poll(async () => (await ask(app, '/studio/server'))[1].connections).toEqual([])
})
