// Ways to authenticate, and who may send requests at all, through a whole API.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  abort,
  act,
  actions,
  api,
  apiKeys,
  basicAuth,
  firstOf,
  handled,
  hashPassword,
  resource,
  serve,
  t,
  verifyPassword,
  type Api,
  type ApiOptions,
  type AuthOptions,
  type Principal,
} from '../../src/index.ts'
import { tokenAuth } from '../../src/dialects/restaction/index.ts'
import {
  AllowAny,
  IsAuthenticated,
  permissionClasses,
  type PermissionObject,
} from '../../src/dialects/channels/index.ts'

type Some = Pick<Api, 'fetch'>

async function ask(
  app: Some,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: unknown,
): Promise<{ status: number; headers: Headers; body: any }> {
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  const init = { method, headers: { ...type, ...headers } }
  const answer = await app.fetch(
    new Request(`http://h${path}`, body === undefined ? init : { ...init, body: JSON.stringify(body) }),
  )
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) }
}
const quiet: ApiOptions = { report: () => {}, http: { log: () => {} } }
const todo = { id: t.id(), text: t.text() }

describe('permissions', () => {
  class Owns implements PermissionObject {
    hasPermission(who: Principal | null, action: string, pk: unknown): boolean {
      return action !== 'delete' || who?.id === pk
    }
  }
  const people: Record<string, Principal> = { ann: { id: 1 }, bob: { id: 2 } }
  const authenticate = apiKeys(key => people[key.slice(7)] ?? null)
  const app = api(
    {
      open: resource(todo).permissions(() => true),
      known: resource(todo).permissions(permissionClasses(IsAuthenticated, Owns)),
      common: resource(todo),
      ruled: resource(todo)
        .permissions(permissionClasses(AllowAny))
        .rules(me => ({ read: me.signedIn })),
    },
    { ...quiet, authenticate, permissions: [(who, action) => who !== null || action === 'list'] },
  )
  beforeAll(async () => {
    for (const name of ['open', 'known', 'common', 'ruled'] as const)
      await app.post(name, [{ text: 'a' }, { text: 'b' }])
  })
  afterAll(() => app.close())

  test.each<[string | null, string, string, number]>([
    [null, 'GET', '/open/1', 200],
    [null, 'PATCH', '/open/1', 200],
    [null, 'GET', '/known', 401],
    ['ann', 'GET', '/known', 200],
    ['ann', 'DELETE', '/known/2', 403],
    ['bob', 'DELETE', '/known/2', 204],
    [null, 'GET', '/common', 200],
    [null, 'GET', '/common/1', 401],
    ['ann', 'GET', '/common/1', 200],
    // Permissions come before rules and do not take their place.
    [null, 'GET', '/ruled', 401],
    ['ann', 'GET', '/ruled', 200],
    ['ann', 'PATCH', '/ruled/1', 403],
    // An unknown key is refused, even for open resources.
    ['eve', 'GET', '/open/1', 401],
  ])('%s %s %s → %i', async (who, method, path, status) => {
    const headers = who === null ? {} : { 'x-api-key': `key-of-${who}` }
    const body = method === 'PATCH' ? { text: 'c' } : undefined
    expect((await ask(app, method, path, headers, body)).status).toBe(status)
  })

  test('subscriptions are asked for by their own name', async () => {
    const asked: string[] = []
    const own = api(
      { todo: resource(todo).permissions((_, action) => asked.push(action) > 0 && action !== 'subscribe') },
      quiet,
    )
    expect((await ask(own, 'GET', '/todo')).status).toBe(200)
    const stream = await ask(own, 'GET', '/todo', { accept: 'text/event-stream' })
    expect([stream.status, asked]).toEqual([401, ['list', 'subscribe']])
    await own.close()
  })
})

describe("restaction's way", () => {
  const secret = 'secret_key, but of more than 32 bytes'
  const hello = actions('Hello', null, {
    get: act('$output:\n    name?str&optional: n\n', ({ ctx }) => ({ name: (ctx.token as { name: string }).name })),
    post: act('$input:\n    name?str: n\n', ({ input, ctx }) => {
      const { name } = input as { name: string }
      ctx.token = { role: name === 'admin' ? 'admin' : 'normal', name }
      return 'OK'
    }),
    post_token: act(
      '$input:\n    name?str: n\n',
      ({ input, ctx }) => (ctx.token = { role: 'admin', ...(input as object) }),
    ),
    get_fail: act(null, ({ ctx }) => {
      ctx.token = { role: 'admin' }
      abort(404, 'NotFound', 'x')
    }),
  })
  let now = Date.UTC(2016, 8, 15, 15)
  const auth = tokenAuth({
    secret,
    clock: () => now,
    getRole: token => (token ? String(token['role']) : 'guest'),
    meta: {
      $auth: { cookie: 'tok' },
      $roles: {
        admin: { hello: ['get', 'post'], todo: ['get', 'post'], lamps: ['get', 'patch'] },
        guest: { hello: ['post', 'post_token', 'get_fail'], todo: ['get'], lamps: ['get'] },
      },
    },
  })
  const lamps = handled({ '/lamps/': { get: () => [], create: () => ({}) }, '/lamps/:id': { patch: () => ({}) } })
  const app = api({ hello, lamps, todo: resource(todo) }, { ...quiet, auth, clock: () => now })
  afterAll(() => app.close())
  const enter = async (name: string): Promise<string> =>
    (await ask(app, 'POST', '/hello', {}, { name })).headers.get('authorization') ?? ''

  test('a role is also checked for handled resources', async () => {
    const headers = { authorization: await enter('admin') }
    const asked = async (method: string, path: string, more = {}): Promise<number> =>
      (await ask(app, method, path, more, method === 'GET' ? undefined : { on: true })).status
    expect([await asked('GET', '/lamps'), await asked('GET', '/lamps', headers)]).toEqual([200, 200])
    expect([await asked('PATCH', '/lamps/1'), await asked('PATCH', '/lamps/1', headers)]).toEqual([403, 204])
    expect([await asked('POST', '/lamps'), await asked('POST', '/lamps', headers)]).toEqual([403, 403])
  })

  test('an action makes the token, the header brings it, the role decides', async () => {
    const denied = await ask(app, 'GET', '/hello')
    expect([denied.status, denied.body.error, denied.body.message]).toEqual([
      403,
      'PermissionDeny',
      "guest can't access hello.get",
    ])
    const admin = await enter('admin')
    expect(admin.split('.')).toHaveLength(3)
    expect(await ask(app, 'GET', '/hello', { authorization: admin })).toMatchObject({
      status: 200,
      body: { name: 'admin' },
    })
    expect((await ask(app, 'GET', '/hello', { cookie: `tok=${admin}` })).body).toEqual({ name: 'admin' })
    expect((await ask(app, 'GET', '/hello', { authorization: await enter('abc') })).body.message).toBe(
      "normal can't access hello.get",
    )
  })

  test('a token in its second half is replaced; its cookie too', async () => {
    const admin = await enter('admin')
    now += 1_801_000
    const { headers } = await ask(app, 'GET', '/hello', { authorization: admin })
    expect(headers.get('authorization')).not.toBe(admin)
    expect(headers.get('set-cookie')).toMatch(
      /^tok=.+; Expires=.+ GMT; Max-Age=3600; HttpOnly; Path=\/; Secure; SameSite=Lax$/,
    )
    now += 3_600_000
    expect((await ask(app, 'GET', '/hello', { authorization: admin })).status).toBe(403)
  })

  test('the answer with a token states when it ends; an error has no token', async () => {
    const answer = await ask(app, 'POST', '/hello/token', {}, { name: 'x' })
    expect(answer.body).toEqual({ role: 'admin', name: 'x', exp: now / 1000 + 3600 })
    const failed = await ask(app, 'GET', '/hello/fail')
    expect([failed.status, failed.headers.get('authorization')]).toEqual([404, null])
  })

  test('roles come before the body is read, and hold for resources with rows', async () => {
    const bad = { 'content-type': 'application/json' }
    const answer = await app.fetch(
      new Request('http://h/hello/nothing', { method: 'POST', headers: bad, body: '{bad' }),
    )
    expect(answer.status).toBe(404)
    expect((await ask(app, 'GET', '/todo')).status).toBe(200)
    expect((await ask(app, 'POST', '/todo', {}, { text: 'x' })).body.message).toBe("guest can't access todo.post")
    const admin = { authorization: await enter('admin') }
    expect((await ask(app, 'POST', '/todo', admin, { text: 'x' })).status).toBe(201)
    expect((await ask(app, 'DELETE', '/todo/1', admin)).body.message).toBe("admin can't access todo.delete")
    expect(
      (await ask(app, 'GET', '/todo', { accept: 'text/event-stream', authorization: await enter('abc') })).status,
    ).toBe(403)
  })

  test('does not go with a login, which has tokens of its own', () => {
    const user = resource({ id: t.id(), email: t.email().unique(), password: t.password() }).login('email', 'password')
    expect(() => api({ user }, { ...quiet, auth })).toThrow(/choose one of them/)
  })
})

describe('name and password with each request', () => {
  let hash = ''
  const way = basicAuth(async (name, password) =>
    (await verifyPassword(name === 'ann' ? hash : null, password)) ? { id: name } : null,
  )
  const app = api(
    { todo: resource(todo) },
    {
      ...quiet,
      authenticate: firstOf(
        apiKeys(() => ({ id: 'robot' })),
        way,
      ),
    },
  )
  beforeAll(async () => {
    hash = await hashPassword('correct: horse')
  })
  afterAll(() => app.close())
  const basic = (text: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(text).toString('base64')}`,
  })

  test.each<[string, Record<string, string>, number]>([
    ['the right ones', basic('ann:correct: horse'), 200],
    ['another password', basic('ann:correct'), 401],
    ['nobody', basic('eve:correct: horse'), 401],
    ['no colon', basic('ann'), 401],
    ['no base64', { authorization: 'Basic ???' }, 401],
    ['nothing', {}, 401],
    ['another way', { 'x-api-key': '0123456789' }, 200],
    ['a key that is none', { 'x-api-key': 'a b' }, 401],
  ])('%s', async (_, headers, status) => {
    const answer = await ask(app, 'GET', '/todo', headers)
    expect(answer.status).toBe(status)
    if ('authorization' in headers && status === 401)
      expect(answer.headers.get('www-authenticate')).toBe('Basic realm="api", charset="UTF-8"')
  })
})

describe('tokens of others', () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwks = createServer((_, answer) => {
    asked++
    const key = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' }
    answer.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [key] }))
  })
  let asked = 0
  let app: Api
  const users = new Map([['x|1', { id: 1, role: 'member' }]])
  beforeAll(async () => {
    await new Promise<void>(resolve => jwks.listen(0, '127.0.0.1', resolve))
    const { port } = jwks.address() as AddressInfo
    const auth: AuthOptions = {
      issuers: [
        {
          issuer: 'https://id.example',
          audience: 'todo',
          algorithm: 'RS256',
          jwks: `http://127.0.0.1:${port}/jwks`,
          principal: claims => {
            const user = users.get(String(claims['sub']))
            return user ? { ...user } : null
          },
        },
      ],
    }
    app = api({ todo: resource(todo) }, { ...quiet, auth })
  })
  afterAll(async () => {
    await app.close()
    jwks.closeAllConnections()
    jwks.close()
  })

  const seconds = (): number => Math.floor(Date.now() / 1000)
  const token = (claims: object = {}, header: object = {}, key: KeyObject = pair.privateKey): string => {
    const all = { iss: 'https://id.example', aud: 'todo', sub: 'x|1', iat: seconds(), exp: seconds() + 60, ...claims }
    const text = [{ alg: 'RS256', kid: 'k1', typ: 'JWT', ...header }, all]
      .map(one => Buffer.from(JSON.stringify(one)).toString('base64url'))
      .join('.')
    return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
  }
  const status = async (jwt: string): Promise<number> =>
    (await ask(app, 'GET', '/todo', { authorization: `Bearer ${jwt}` })).status

  test.each<[string, () => string, number]>([
    ['theirs', () => token(), 200],
    ['for another audience', () => token({ aud: 'mail' }), 401],
    ['of another issuer', () => token({ iss: 'https://evil.example' }), 401],
    ['of a user nobody knows', () => token({ sub: 'x|2' }), 401],
    ['that ended', () => token({ exp: seconds() - 60 }), 401],
    ['without an end', () => token({ exp: undefined }), 401],
    ['signed by a stranger', () => token({}, {}, stranger.privateKey), 401],
    [
      'with a key of its own',
      () => token({}, { jwk: stranger.publicKey.export({ format: 'jwk' }) }, stranger.privateKey),
      401,
    ],
    ['with another place for keys', () => token({}, { jku: 'http://127.0.0.1:1/jwks' }), 401],
    ['of another algorithm', () => token({}, { alg: 'HS256' }), 401],
    ['of an unknown key', () => token({}, { kid: 'k2' }), 401],
  ])('%s', async (_, make, expected) => expect(await status(make())).toBe(expected))

  test('are verified once, and asked about again', async () => {
    const jwt = token()
    const before = asked
    const first = await app.engine.auth!.authenticateToken(jwt)
    expect(await app.engine.auth!.authenticateToken(jwt)).toBe(first)
    expect([asked - before, first.principal]).toEqual([0, { id: 1, role: 'member' }])
  })

  test.each(['ftp://id.example/jwks', 'http://id.example/jwks', 'jwks'])('keys are not fetched from %s', jwksUrl => {
    const issuer = { issuer: 'i', audience: 'a', algorithm: 'RS256', jwks: jwksUrl } as const
    expect(() => api({ todo: resource(todo) }, { ...quiet, auth: { issuers: [issuer] } })).toThrow(
      /must be at an https URL/,
    )
  })
})

describe('settings that are refused at start', () => {
  const user = resource({ id: t.id(), email: t.email().unique(), password: t.password() })
    .login('email', 'password')
    .rules(me => ({ read: me.signedIn }))
  const start = async (auth: AuthOptions, options: ApiOptions['http'] = {}, host = '127.0.0.1'): Promise<string[]> => {
    const lines: string[] = []
    const app = api({ user }, { ...quiet, auth, http: { log: () => {}, ...options } })
    const served = await serve(app, { port: 0, host, signals: false, report: line => lines.push(line) })
    await served.close()
    return lines
  }
  const secret = 'a secret of more than thirty-two bytes'
  const inProduction = async (run: () => Promise<unknown>): Promise<unknown> => {
    const before = process.env['NODE_ENV']
    process.env['NODE_ENV'] = 'production'
    try {
      return await run()
    } finally {
      process.env['NODE_ENV'] = before
    }
  }

  test('a random secret: a warning in development, refused in production', async () => {
    expect(await start({})).toContain(
      'Tokens are signed with a random secret of this process: they become invalid when it ends',
    )
    await expect(inProduction(() => start({}))).rejects.toThrow(/set auth\.secret to 32 bytes or more/)
    expect(await inProduction(() => start({ secret }))).toHaveLength(3)
  })

  test('a secret that is short: never', async () => {
    await expect(start({ secret: 'changeme' })).rejects.toThrow(/8 bytes, but 32 are the least/)
  })

  test('cookies for pages of every origin', async () => {
    const everyone = { cors: { origins: ['*'] } }
    await expect(start({ secret }, everyone, '0.0.0.0')).rejects.toThrow(/name the origins in http\.cors/)
    await expect(inProduction(() => start({ secret }, everyone))).rejects.toThrow(/NODE_ENV is production/)
    expect(await inProduction(() => start({ secret, cookie: false }, everyone))).toHaveLength(3)
    const withCredentials = { cors: { origins: ['*'], credentials: true } }
    await expect(start({ secret, cookie: false }, withCredentials)).rejects.toThrow(/every origin with credentials/)
  })
})

describe('other origins', () => {
  const app = (cors: NonNullable<ApiOptions['http']>['cors']): Some =>
    api({ todo: resource(todo).public() }, { ...quiet, http: { log: () => {}, ...(cors ? { cors } : {}) } })
  const from = async (some: Some, origin: string): Promise<Headers> =>
    (await ask(some, 'GET', '/todo', { origin })).headers

  test('are named, each for itself; cookies only where that is said', async () => {
    const named = await from(app({ origins: ['https://app.example'], credentials: true }), 'https://app.example')
    expect(named.get('access-control-allow-origin')).toBe('https://app.example')
    expect(named.get('access-control-allow-credentials')).toBe('true')
    const plain = await from(app({ origins: ['https://app.example'] }), 'https://app.example')
    expect(plain.get('access-control-allow-credentials')).toBe(null)
    expect(
      (await from(app({ origins: ['https://app.example'], credentials: true }), 'https://evil.example')).get(
        'access-control-allow-credentials',
      ),
    ).toBe(null)
  })

  test('may be all, without cookies', async () => {
    const headers = await from(app({ origins: ['*'] }), 'https://any.example')
    expect([headers.get('access-control-allow-origin'), headers.get('access-control-allow-credentials')]).toEqual([
      '*',
      null,
    ])
  })
})
