// Logging in and all that ends it, over the HTTP face and both stores.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { api, type Api } from '../../src/api.ts'
import type { ApiOptions } from '../../src/api-options.ts'
import type { AuthOptions } from '../../src/auth/auth.ts'
import { hashPassword } from '../../src/auth/login/password.ts'
import type { Watched } from '../../src/auth/session/watch.ts'
import type { Resource, StoredField } from '../../src/model/model.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { any } from '../../src/model/rules/rule.ts'
import { t } from '../../src/schema/builder.ts'
import { memory } from '../../src/store/memory.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { wait } from '../../src/store/work.ts'
import { fillStore } from '../../src/testing/fill.ts'
import { slow } from '../../src/testing/slow-store.ts'

const user = resource({
  id: t.id(),
  email: t.email({ case: 'lower' }).unique(),
  role: t.enum(['admin', 'member']).default('member'),
  password: t.password(),
  notes: t.back('note', 'owner'),
})
  .login('email', 'password')
  .rules((me, user) => {
    const own = any(user.is(me), me.role.is('admin'))
    return { read: own, write: own, create: me.role.is('admin') }
  })
const note = resource
  .for(user)({ id: t.id(), text: t.text(), owner: t.one('user').default(({ me }) => me?.id) })
  .rules((me, note) => ({ create: me.signedIn, read: note.owner.is(me), write: note.owner.is(me) }))

const password = 'correct horse'
let hash = ''

let now = Date.UTC(2026, 0, 1)
const clock = (): number => now
let app: Api
let lines: string[] = []

const stores = {
  memory: () => memory(),
  'a slow store': () => slow(memory(), { back: 0 }),
  sqlite: () => sqlite(':memory:'),
}
const storeNames = Object.keys(stores) as (keyof typeof stores)[]

async function open(store: keyof typeof stores, auth: AuthOptions = {}, more: ApiOptions = {}): Promise<void> {
  hash ||= await hashPassword(password)
  const options: ApiOptions = {
    store: stores[store](),
    auth,
    clock,
    report: () => {},
    http: { log: record => void lines.push(JSON.stringify(record)) },
    onFault: error => void lines.push(String(error.cause)),
    ...more,
  }
  app = api({ user, note }, options)
  await app.ready()
  await fillStore(app, {
    user: [
      { id: 1, email: 'ann@x.io', role: 'member', password: hash },
      { id: 2, email: 'bob@x.io', role: 'admin', password: hash },
    ],
  })
}

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: any
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  const init = { method, headers: { host: 'api.example', ...type, ...headers } }
  const answer = await app.fetch(
    new Request(`http://api.example${path}`, body === undefined ? init : { ...init, body: JSON.stringify(body) }),
  )
  const text = await answer.text()
  lines.push(text)
  return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) }
}
const login = (email = 'ann@x.io', secret = password, path = '/auth/token'): Promise<Answer> =>
  ask('POST', path, { email, password: secret })
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
const whoami = async (token: string): Promise<number> => (await ask('GET', '/user/1', undefined, bearer(token))).status

function passwordField(): [Resource, number] {
  const users = app.model.resources.get('user')!
  return [users, (users.field.get('password') as StoredField).slot]
}
async function storedHash(id: number): Promise<string> {
  const [users, slot] = passwordField()
  const row = await app.store.read(function* (snapshot) {
    return yield* wait(snapshot.get(users, id))
  })
  return row![slot] as string
}

beforeEach(() => {
  now = Date.UTC(2026, 0, 1)
  lines = []
})
afterEach(async () => {
  await app.close()
  expect(lines.filter(line => line.includes('argon2') || line.includes(password))).toEqual([])
})

describe.each(storeNames)('over %s', store => {
  test('a login returns tokens, which no cache may keep', async () => {
    await open(store)
    const { status, headers, body } = await login()
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 900,
      refresh_token: expect.any(String),
    })
    expect((await ask('GET', '/user', undefined, bearer(body.access_token))).body).toMatchObject([{ id: 1 }])
  })

  test.each([
    ['the alias of the path', '/auth/login', { email: 'ann@x.io', password }],
    ['username', '/auth/token', { username: 'ann@x.io', password }],
    ['the spelling of the field', '/auth/token', { email: 'ANN@x.io', password }],
  ])('%s is understood', async (_, path, body) => {
    await open(store)
    expect((await ask('POST', path, body)).status).toBe(200)
  })

  test('a failed login does not say what is wrong', async () => {
    await open(store)
    const answers = [
      await login('ann@x.io', 'wrong horse'),
      await login('nobody@x.io'),
      await login("' or 1=1--"),
      await login('', ''),
      await login('ann@x.io', 'short'),
    ]
    const told = answers.map(({ status, body, headers }) => {
      const { instance: _, requestId: __, ...rest } = body
      return { status, rest, challenge: headers.get('www-authenticate') }
    })
    expect(new Set(told.map(one => JSON.stringify(one))).size).toBe(1)
    expect(told[0]).toMatchObject({ status: 401, rest: { error: 'unauthenticated' }, challenge: 'Bearer realm="api"' })
  })

  test.each([
    ['operators', { email: { $ne: null }, password: { $ne: null } }, ['#/email', '#/password']],
    ['a list', { email: 'ann@x.io', password: [password] }, ['#/password']],
    ['a missing password', { email: 'ann@x.io' }, ['#/password']],
    ['more than is asked', { email: 'ann@x.io', password, role: 'admin' }, ['#/role']],
    ['a password of over 1024 bytes', { email: 'ann@x.io', password: 'é'.repeat(600) }, ['#/password']],
    ['no object', [], ['#']],
  ])('%s is no login', async (_, body, places) => {
    await open(store)
    const answer = await ask('POST', '/auth/token', body)
    expect(answer.status).toBe(400)
    expect(answer.body.errors.map((one: { pointer: string }) => one.pointer)).toEqual(places)
  })

  test('only JSON is read, only POST is known, unknown parameters are refused', async () => {
    await open(store)
    const form = { 'content-type': 'text/plain' }
    expect((await ask('POST', '/auth/token', { email: 'ann@x.io', password }, form)).status).toBe(415)
    expect((await ask('GET', '/auth/token?next=//evil.example')).status).toBe(405)
    expect((await ask('POST', '/auth/token?next=//evil.example', {})).status).toBe(400)
  })

  test('the same token gives the same principal until its row changes', async () => {
    await open(store)
    const { access_token: token } = (await login()).body
    const who = (): unknown =>
      app.engine.authenticate({
        face: 'http',
        header: name => (name === 'authorization' ? `Bearer ${token}` : undefined),
      })
    const first = await who()
    expect(first).toEqual({ id: 1, email: 'ann@x.io', role: 'member', scopes: new Set() })
    await ask('POST', '/note', { text: 'mine' }, bearer(token))
    now += 5000
    expect(await who()).toBe(first)
    const renewed = (await ask('POST', '/auth/refresh', { refresh_token: (await login()).body.refresh_token })).body
    expect(await app.engine.auth!.authenticateToken(renewed.access_token)).not.toBe(first)
    await app.safe.patch('user', 1, { role: 'admin' })
    expect(await who()).toMatchObject({ id: 1, role: 'admin' })
    expect(await who()).toBe(await who())
  })

  test('a refresh token can be used once; using it again ends the session', async () => {
    await open(store)
    const first = (await login()).body
    const second = (await ask('POST', '/auth/refresh', { refresh_token: first.refresh_token })).body
    expect(second.refresh_token).not.toBe(first.refresh_token)
    now += 5000
    const replay = await ask('POST', '/auth/refresh', { refresh_token: first.refresh_token })
    expect([replay.status, replay.headers.get('cache-control')]).toEqual([401, 'no-store'])
    expect((await ask('POST', '/auth/refresh', { refresh_token: second.refresh_token })).status).toBe(401)
    expect([await whoami(first.access_token), await whoami(second.access_token)]).toEqual([401, 401])
  })

  test('a refresh that is repeated at once gets the same answer', async () => {
    await open(store)
    const first = (await login()).body
    const again = await Promise.all(
      [1, 2, 3].map(() => ask('POST', '/auth/refresh', { refresh_token: first.refresh_token })),
    )
    expect(again.map(one => one.status)).toEqual([200, 200, 200])
    expect(new Set(again.map(one => one.body.refresh_token)).size).toBe(1)
    expect((await ask('POST', '/auth/refresh', { refresh_token: again[0]!.body.refresh_token })).status).toBe(200)
  })

  test('a session that is not refreshed ends', async () => {
    await open(store, { session: 3600 })
    const { refresh_token: refresh, access_token: token } = (await login()).body
    now += 901_000 + 5000
    expect((await ask('GET', '/user/1', undefined, bearer(token))).body.error).toBe('token_expired')
    now += 3600_000
    expect((await ask('POST', '/auth/refresh', { refresh_token: refresh })).status).toBe(401)
  })

  test.each([
    ['no token', 'x'],
    ['another session', `${'A'.repeat(22)}.${'A'.repeat(43)}`],
  ])('a refresh token that is %s is refused', async (_, refresh) => {
    await open(store)
    expect((await ask('POST', '/auth/refresh', { refresh_token: refresh })).status).toBe(401)
    expect((await ask('POST', '/auth/refresh', { refresh_token: 5 })).status).toBe(400)
  })

  test.each<[string, (one: any) => Promise<unknown>, number]>([
    ['logging out', one => ask('POST', '/auth/logout', undefined, bearer(one.access_token)), 200],
    ['handing in the refresh token', one => ask('POST', '/auth/logout', { refresh_token: one.refresh_token }), 200],
    ['logging out everywhere', one => ask('POST', '/auth/logout?all=true', undefined, bearer(one.access_token)), 401],
    ['another password', one => ask('PATCH', '/user/1', { password: 'another horse' }, bearer(one.access_token)), 401],
    ['a password set by the application', () => app.safe.patch('user', 1, { password: 'another horse' }), 401],
    ['the end of the user', () => app.safe.delete('user', 1), 401],
    ['the application', () => app.engine.auth!.endAll(1), 401],
  ])('%s ends the session, and what is left of the others', async (_, act, others) => {
    await open(store)
    const [one, other, admin] = [(await login()).body, (await login()).body, (await login('bob@x.io')).body]
    expect([await whoami(one.access_token), await whoami(other.access_token)]).toEqual([200, 200])
    await act(one)
    expect(await whoami(one.access_token)).toBe(401)
    expect((await ask('POST', '/auth/refresh', { refresh_token: one.refresh_token })).status).toBe(401)
    expect(await whoami(other.access_token)).toBe(others)
    expect((await ask('GET', '/user/2', undefined, bearer(admin.access_token))).status).toBe(200)
  })

  test('logging out is answered alike whether there is a session or not', async () => {
    await open(store)
    const one = (await login()).body
    for (let i = 0; i < 2; i++)
      expect((await ask('POST', '/auth/logout', undefined, bearer(one.access_token))).status).toBe(204)
    expect((await ask('POST', '/auth/logout')).status).toBe(204)
    expect((await ask('POST', '/auth/logout', { refresh_token: 'x' })).status).toBe(204)
  })

  test('a role that changed holds from the next request on', async () => {
    await open(store)
    const { access_token: token } = (await login()).body
    expect((await ask('GET', '/user', undefined, bearer(token))).body).toHaveLength(1)
    await app.safe.patch('user', 1, { role: 'admin' })
    expect((await ask('GET', '/user', undefined, bearer(token))).body).toHaveLength(2)
  })

  test('passwords are hashed wherever they come from, and never shown', async () => {
    await open(store)
    const { access_token: token } = (await login('bob@x.io')).body
    const one = await ask('POST', '/user', { email: 'c@x.io', password }, bearer(token))
    expect(one).toMatchObject({ status: 201, body: { id: 3, email: 'c@x.io' } })
    expect(one.body).not.toHaveProperty('password')
    const nested = await ask('POST', '/note', { text: 'x', owner: { email: 'd@x.io', password } }, bearer(token))
    expect(nested.status).toBe(201)
    await app.safe.post('user', { email: 'e@x.io', password })
    await app.transaction(tx => tx.post('user', { email: 'f@x.io', password } as never))
    const patched = [{ op: 'add', path: '/password', value: password }]
    const patch = { ...bearer(token), 'content-type': 'application/json-patch+json' }
    expect((await ask('PATCH', '/user/3', patched, patch)).status).toBe(200)
    const verbatim = '$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA'
    await app.safe.patch('user', 6, { password: verbatim })
    const hashes = [await storedHash(3), await storedHash(4), await storedHash(5), await storedHash(6)]
    for (const one of hashes) expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    for (const name of ['c', 'd', 'e']) expect((await login(`${name}@x.io`)).status).toBe(200)
    expect((await login('f@x.io', verbatim)).status).toBe(200)
    lines = lines.filter(line => !line.includes(verbatim))
  })

  test.each([
    ['short', 'length'],
    ['é'.repeat(600), 'length'],
    [5, 'type'],
    [null, 'required'],
  ])('%j is no password', async (secret, code) => {
    await open(store)
    const { access_token: token } = (await login('bob@x.io')).body
    const answer = await ask('POST', '/user', { email: 'c@x.io', password: secret }, bearer(token))
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '#/password', code }] } })
  })

  test('a hash of another cost is made anew at the login; sessions go on', async () => {
    await open(store)
    const cheap = await hashPassword(password, { memory: 8, passes: 1, parallelism: 1 })
    const [users, slot] = passwordField()
    await app.store.write(function* (tx) {
      const before = (yield* wait(tx.get(users, 1)))!
      const after = before.slice()
      after[slot] = cheap
      yield* wait(tx.apply([{ resource: users, id: 1, op: 'patch', before, after, changed: [slot], lists: [] }], []))
    })
    const before = await app.engine.auth!.begin(1)
    expect((await login()).status).toBe(200)
    expect(await storedHash(1)).toMatch(/\$m=19456,t=2,p=1\$/)
    expect(await whoami(before.access_token)).toBe(200)
    expect((await login()).status).toBe(200)
  })

  test('failed logins are bounded', async () => {
    await open(store, { attempts: { account: 2 } })
    const answers = [await login('ann@x.io', 'wrong horse'), await login(), await login('ann@x.io', 'wrong horse')]
    expect(answers.map(one => one.status)).toEqual([401, 200, 401])
    await login('ann@x.io', 'wrong horse')
    const last = await login()
    expect([last.status, last.body.error, last.headers.get('retry-after')]).toEqual([429, 'rate_limited', '900'])
    expect((await login('bob@x.io')).status).toBe(200)
  })

  test('failed logins are counted by the account, however its name is spelled', async () => {
    await open(store, { attempts: { account: 10 } })
    const letters = ['a', 'n', 'n', 'x', 'i', 'o']
    const variants = Array.from({ length: 25 }, (_, i) => {
      const [a, n, m, x, io, o] = letters.map((letter, at) => ((i + 1) & (1 << at) ? letter.toUpperCase() : letter))
      return `${a}${n}${m}@${x}.${io}${o}`
    })
    const statuses: number[] = []
    for (const name of variants) statuses.push((await login(name, 'wrong horse')).status)
    expect(new Set(variants).size).toBe(25)
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), ...Array.from({ length: 15 }, () => 429)])
    // No user can be called so; spellings of it are one account as well.
    const nobody = await Promise.all(['nobody', 'Nobody', 'NOBODY'].map(name => login(name, 'wrong horse')))
    expect(nobody.map(one => one.status)).toEqual([401, 401, 401])
  })

  test('a session is in the log, without anything that could be used to log in', async () => {
    await open(store)
    const position = await app.store.read(function* (snapshot) {
      return (yield* [] as never[], snapshot.position)
    })
    const one = (await login()).body
    const commits = (await app.store.commits(position, 10))!
    const [change] = commits.flatMap(commit => commit.changes)
    expect(change).toMatchObject({ op: 'create', resource: { name: '_session' } })
    const secret = one.refresh_token.split('.')[1] as string
    expect(JSON.stringify(change!.after)).not.toContain(secret)
    expect((await ask('GET', '/_session', undefined, bearer(one.access_token))).status).toBe(404)
  })

  test('sessions that ended long ago are swept away by those that begin', async () => {
    await open(store, { session: 60 })
    for (let i = 0; i < 5; i++) await login()
    now += 61_000
    await login()
    expect((await app.safe.list('_session')).body).toHaveLength(1)
  })
})

describe('cookies', () => {
  const foreign = { origin: 'https://evil.example' }
  async function cookie(): Promise<Record<string, string>> {
    const answer = await ask('POST', '/auth/token?cookie=true', { email: 'ann@x.io', password })
    expect(answer.body).toEqual({ token_type: 'Cookie', expires_in: 30 * 86_400 })
    return { cookie: answer.headers.get('set-cookie')!.split(';')[0]! }
  }

  test('are for browsers: no script, no other site, no other host', async () => {
    await open('memory')
    const answer = await ask('POST', '/auth/token?cookie=true', { email: 'ann@x.io', password })
    expect(answer.headers.get('set-cookie')).toMatch(
      /^__Host-session=[\w.-]+; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
  })

  test('let in, and do nothing for pages of others', async () => {
    await open('memory', { cookie: { origins: ['https://app.example'] } })
    const own = await cookie()
    expect((await ask('GET', '/user/1', undefined, own)).status).toBe(200)
    expect((await ask('GET', '/user/1', undefined, { ...own, ...foreign })).status).toBe(200)
    const post = (headers: Record<string, string>): Promise<Answer> =>
      ask('POST', '/note', { text: 'x' }, { ...own, ...headers })
    expect((await post({ origin: 'http://api.example' })).status).toBe(201)
    expect((await post({ origin: 'https://app.example' })).status).toBe(201)
    for (const headers of [foreign, {}, { 'sec-fetch-site': 'cross-site' }, { origin: 'null' }])
      expect((await post(headers)).body.error).toBe('forbidden_origin')
    expect((await ask('GET', '/note', undefined, own)).body).toHaveLength(2)
  })

  test('pages of other origins cannot use or delete the cookie', async () => {
    await open('memory')
    const own = await cookie()
    const theirs = await ask('POST', '/auth/token?cookie=true', { email: 'ann@x.io', password }, foreign)
    expect([theirs.status, theirs.headers.get('set-cookie')]).toEqual([403, null])
    expect((await ask('POST', '/auth/logout', undefined, { ...own, ...foreign })).status).toBe(403)
    expect((await ask('GET', '/user/1', undefined, own)).status).toBe(200)
  })

  test('are renewed, and end with the session', async () => {
    await open('memory', { session: 3600 })
    const same = { 'sec-fetch-site': 'same-origin' }
    const first = await ask('POST', '/auth/token?cookie=true', { email: 'ann@x.io', password }, same)
    const own = { cookie: first.headers.get('set-cookie')!.split(';')[0]!, ...same }
    now += 3000_000
    const second = await ask('POST', '/auth/refresh?cookie=true', undefined, own)
    expect(second.body).toEqual({ token_type: 'Cookie', expires_in: 3600 })
    const renewed = { cookie: second.headers.get('set-cookie')!.split(';')[0]!, ...same }
    now += 3000_000
    expect((await ask('GET', '/user/1', undefined, renewed)).status).toBe(200)
    const out = await ask('POST', '/auth/logout', undefined, renewed)
    expect([out.status, out.headers.get('set-cookie')]).toEqual([
      204,
      '__Host-session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
    ])
    expect((await ask('GET', '/user/1', undefined, renewed)).status).toBe(401)
  })

  test('are not there where they are not wanted', async () => {
    await open('memory', { cookie: false })
    expect((await ask('POST', '/auth/token?cookie=true', { email: 'ann@x.io', password })).status).toBe(400)
    expect((await ask('GET', '/user/1', undefined, { cookie: '__Host-session=x' })).status).toBe(401)
  })

  test('open no socket for pages of others', async () => {
    await open('memory')
    const own = await cookie()
    const from = (headers: Record<string, string>) => ({
      face: 'websocket' as const,
      header: (name: string): string | undefined => ({ ...own, ...headers })[name],
    })
    const { auth } = app.engine
    expect(() => auth!.identify(from(foreign))).toThrow(expect.objectContaining({ code: 'forbidden_origin' }) as Error)
    expect(() => auth!.identify(from({}))).toThrow(expect.objectContaining({ code: 'forbidden_origin' }) as Error)
    const good = await auth!.identify(from({ origin: 'https://api.example', host: 'api.example' }))
    expect(good).toMatchObject({ principal: { id: 1 } })
  })
})

describe('scopes', () => {
  const auth: AuthOptions = { scopes: { read: ['read'], write: ['write', 'all'], delete: ['all'] } }

  test('scopes narrow what a token may do', async () => {
    await open('memory', { ...auth, grant: user => (user['id'] === 1 ? ['read', 'write'] : ['read']) })
    const full = (await login()).body
    expect(full.scope).toBe('read write')
    const some = (await ask('POST', '/auth/token', { email: 'ann@x.io', password, scope: 'read all' })).body
    expect(some.scope).toBe('read')
    expect((await ask('POST', '/note', { text: 'x' }, bearer(full.access_token))).status).toBe(201)
    const refused = await ask('POST', '/note', { text: 'x' }, bearer(some.access_token))
    expect([refused.status, refused.body.error]).toEqual([403, 'insufficient_scope'])
    expect(refused.headers.get('www-authenticate')).toBe(
      'Bearer realm="api", error="insufficient_scope", scope="write"',
    )
    expect((await ask('GET', '/note', undefined, bearer(some.access_token))).status).toBe(200)
    expect((await ask('DELETE', '/note/1', undefined, bearer(full.access_token))).status).toBe(403)
    const renewed = (await ask('POST', '/auth/refresh', { refresh_token: some.refresh_token })).body
    expect(renewed.scope).toBe('read')
  })

  test('bind subscriptions as well', async () => {
    await open('memory', { scopes: { read: ['see'] }, grant: () => [] })
    const { principal } = await app.engine.auth!.authenticateToken((await login()).body.access_token)
    const following = async (): Promise<unknown> => {
      for await (const event of app.live('note', { me: principal })) return event
      return null
    }
    await expect(following()).rejects.toMatchObject({ code: 'insufficient_scope' })
  })
})

describe('callers on open connections', () => {
  const watching = async (token: string): Promise<{ heard: Watched[]; stop: () => void }> => {
    const heard: Watched[] = []
    const identity = await app.engine.auth!.authenticateToken(token)
    return { heard, stop: app.engine.auth!.watch(identity, what => void heard.push(what)) }
  }
  const settled = (): Promise<void> => new Promise(resolve => void setImmediate(() => setImmediate(resolve)))

  test.each(storeNames)('are told about each change once (%s)', async store => {
    await open(store)
    const [one, other] = [(await login()).body, (await login('bob@x.io')).body]
    const [ann, bob] = [await watching(one.access_token), await watching(other.access_token)]
    await app.safe.patch('user', 1, { role: 'admin' })
    await expect
      .poll(() => ann.heard)
      .toEqual([{ kind: 'changed', principal: expect.objectContaining({ role: 'admin' }) }])
    await ask('POST', '/auth/logout', undefined, bearer(one.access_token))
    await expect.poll(() => ann.heard.map(what => what.kind)).toEqual(['changed', 'ended'])
    await app.safe.patch('user', 1, { role: 'member' })
    await app.safe.patch('user', 2, { password: 'another horse' })
    await expect.poll(() => bob.heard.map(what => what.kind)).toEqual(['ended'])
    await settled()
    expect(ann.heard).toHaveLength(2)
  })

  test('are told that their token has expired', async () => {
    vi.useFakeTimers({ now, toFake: ['setTimeout', 'clearTimeout'] })
    try {
      await open('memory')
      const { heard } = await watching((await login()).body.access_token)
      now += 899_000
      vi.advanceTimersByTime(899_000)
      expect(heard).toEqual([])
      now += 1000
      vi.advanceTimersByTime(1000)
      expect(heard).toEqual([{ kind: 'expired' }])
    } finally {
      vi.useRealTimers()
    }
  })

  test('are told nothing after they have stopped, and nothing about others', async () => {
    await open('memory')
    const { heard, stop } = await watching((await login()).body.access_token)
    const told: number[] = []
    const end = app.engine.auth!.onPrincipalChange(2, () => void told.push(2))
    await app.safe.patch('user', 2, { role: 'member' })
    await expect.poll(() => told).toEqual([2])
    stop()
    end()
    await app.safe.delete('user', 1)
    await app.safe.delete('user', 2)
    await settled()
    expect([heard, told]).toEqual([[], [2]])
  })

  test('can use a ticket, which is valid once and for some seconds', async () => {
    await open('memory')
    const { access_token: token } = (await login()).body
    const ticket = async (): Promise<string> =>
      (await ask('POST', '/auth/ticket', undefined, bearer(token))).body.ticket
    const { auth } = app.engine
    const one = await ticket()
    expect(await auth!.authenticateTicket(one)).toMatchObject({ principal: { id: 1 } })
    const refused = { code: 'unauthenticated' }
    await expect(auth!.authenticateTicket(one)).rejects.toMatchObject(refused)
    const late = await ticket()
    now += 30_000
    await expect(auth!.authenticateTicket(late)).rejects.toMatchObject(refused)
    await expect(auth!.authenticateTicket('x')).rejects.toMatchObject(refused)
    expect((await ask('POST', '/auth/ticket')).status).toBe(401)
  })
})
