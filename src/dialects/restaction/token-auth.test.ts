import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ApiError } from '../../protocol/error.ts'
import type { Claims } from '../../auth/sources/jwt.ts'
import type { Credentials } from '../../auth/principal.ts'
import type { Meta, TokenAuthMeta } from './roles.ts'
import { tokenAuth, type Issued, type TokenAuth } from './token-auth.ts'

const secret = 'secret_key, but of more than 32 bytes'
const roles = {
  admin: { hello: ['get', 'post', 'delete', 'get_ret', 'get_mut'] },
  guest: { hello: ['post', 'get_fail'] },
}
const roleOf = (token: Claims | null): string => (token ? String(token['role']) : 'guest')

let now = 0
const at = (time: string): void => void (now = Date.parse(`2016-09-15T${time}Z`))
const open = ($auth: TokenAuthMeta = {}, more: Partial<Meta> = { $roles: roles }): TokenAuth =>
  tokenAuth({ secret, getRole: roleOf, clock: () => now, meta: { $auth, ...more } })

interface Came {
  readonly refused: string | null
  readonly issued: Issued | null
  readonly token: unknown
}

/** A request as actions see it: the claims pass through the action, which may change them. */
async function request(
  auth: TokenAuth,
  action: string,
  headers: Record<string, string> = {},
  run: (token: Record<string, unknown> | null) => unknown = token => token,
): Promise<Came> {
  const credentials: Credentials = { face: 'http', method: 'GET', header: name => headers[name] }
  const principal = (await auth.identify(credentials))?.principal ?? null
  try {
    auth.authorize(principal, 'hello', action, true)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { refused: `${error.status} ${error.error}: ${error.message}`, issued: null, token: null }
  }
  const token = run(auth.tokenOf(principal))
  return { refused: null, issued: await auth.issue(token), token }
}
const login = (name: string) => (): unknown => ({ role: name === 'admin' ? 'admin' : 'normal', name })
const claimsOf = (issued: Issued | null): unknown =>
  issued && JSON.parse(Buffer.from(issued.token.split('.')[1]!, 'base64url').toString())
const headerOf = (issued: Issued | null): unknown =>
  issued && JSON.parse(Buffer.from(issued.token.split('.')[0]!, 'base64url').toString())
const deny = (role: string, action: string): string => `403 PermissionDeny: ${role} can't access hello.${action}`

describe('recorded with restaction', () => {
  test('auth basic', async () => {
    at('15:00:00')
    const auth = open()
    expect(await request(auth, 'get')).toMatchObject({ refused: deny('guest', 'get') })
    const normal = (await request(auth, 'post', {}, login('abc'))).issued
    expect(claimsOf(normal)).toEqual({ role: 'normal', name: 'abc', exp: 1473955200 })
    expect(headerOf(normal)).toEqual({ alg: 'HS256', typ: 'JWT' })
    expect(normal!.headers).toEqual([['Authorization', normal!.token]])
    expect(await request(auth, 'get', { authorization: normal!.token })).toMatchObject({
      refused: deny('normal', 'get'),
    })
    const admin = (await request(auth, 'post', {}, login('admin'))).issued!
    expect(claimsOf(admin)).toEqual({ role: 'admin', name: 'admin', exp: 1473955200 })
    const seen = await request(auth, 'get', { authorization: admin.token })
    expect(seen).toEqual({ refused: null, issued: null, token: { role: 'admin', name: 'admin', exp: 1473955200 } })
    for (const authorization of ['garbage', '', `Bearer ${admin.token}`])
      expect(await request(auth, 'get', { authorization })).toMatchObject({ refused: deny('guest', 'get') })
    expect(await request(auth, 'post_json', { authorization: admin.token })).toMatchObject({
      refused: deny('admin', 'post_json'),
    })
  })

  test('auth refresh rule', async () => {
    at('15:00:00')
    const auth = open()
    const first = (await request(auth, 'post', {}, login('admin'))).issued!.token
    let second = ''
    for (const [time, token, exp] of [
      ['15:29:59', () => first, null],
      ['15:30:00', () => first, null],
      ['15:30:01', () => first, 1473957001],
      ['15:59:59', () => first, 1473958799],
      ['16:00:00', () => first, 'denied'],
      ['16:00:01', () => first, 'denied'],
      ['16:00:01', () => second, null],
      ['16:59:58', () => second, 1473962398],
      ['17:00:01', () => second, 'denied'],
    ] as const) {
      at(time)
      const came = await request(auth, 'get', { authorization: token() })
      if (exp === 'denied') expect(came.refused).toBe(deny('guest', 'get'))
      else expect(claimsOf(came.issued)).toEqual(exp === null ? null : { role: 'admin', name: 'admin', exp })
      if (time === '15:59:59') second = came.issued!.token
    }
  })

  test('auth refresh off', async () => {
    at('15:00:00')
    const auth = open({ refresh: false })
    const { token } = (await request(auth, 'post', {}, login('admin'))).issued!
    for (const time of ['15:30:01', '15:59:59']) {
      at(time)
      expect(await request(auth, 'get', { authorization: token })).toMatchObject({ refused: null, issued: null })
    }
    at('16:00:01')
    expect(await request(auth, 'get', { authorization: token })).toMatchObject({ refused: deny('guest', 'get') })
  })

  test('auth cookie', async () => {
    at('15:00:00')
    const auth = open({ cookie: 'Authorization' })
    const issued = (await request(auth, 'post', {}, login('admin'))).issued!
    const flags = 'Max-Age=3600; HttpOnly; Path=/; Secure; SameSite=Lax'
    expect(issued.headers).toEqual([
      ['Authorization', issued.token],
      ['Set-Cookie', `Authorization=${issued.token}; Expires=Thu, 15 Sep 2016 16:00:00 GMT; ${flags}`],
    ])
    const cookie = `Authorization=${issued.token}`
    at('15:29:59')
    expect(await request(auth, 'get', { cookie })).toMatchObject({ refused: null, issued: null })
    at('15:59:59')
    const renewed = (await request(auth, 'get', { cookie })).issued!
    expect(renewed.headers[1]![1]).toContain('Expires=Thu, 15 Sep 2016 16:59:59 GMT')
    at('16:00:01')
    expect((await request(auth, 'get', { cookie })).refused).toBe(deny('guest', 'get'))
    at('15:10:00')
    expect((await request(auth, 'get', { cookie, authorization: 'garbage' })).refused).toBe(deny('guest', 'get'))
  })

  test('auth cookie only (header null)', async () => {
    at('15:00:00')
    const auth = open({ cookie: 'tok', header: null })
    const { token, headers } = (await request(auth, 'post', {}, login('admin'))).issued!
    expect(headers.map(([name]) => name)).toEqual(['Set-Cookie'])
    at('15:10:00')
    expect((await request(auth, 'get', { cookie: `tok=${token}` })).refused).toBe(null)
    expect((await request(auth, 'get', { authorization: token })).refused).toBe(deny('guest', 'get'))
  })

  test('auth expiration option', async () => {
    at('15:00:00')
    const auth = open({ expiration: 10, header: 'X-Token' })
    const issued = (await request(auth, 'post', {}, login('admin'))).issued!
    expect(claimsOf(issued)).toMatchObject({ exp: 1473951610 })
    expect(issued.headers[0]![0]).toBe('X-Token')
    const later = async (time: string): Promise<Came> => {
      at(time)
      return request(auth, 'get', { 'x-token': issued.token })
    }
    expect((await later('15:00:04')).issued).toBe(null)
    expect(claimsOf((await later('15:00:06')).issued)).toMatchObject({ exp: 1473951616 })
    expect((await later('15:00:11')).refused).toBe(deny('guest', 'get'))
  })

  test('auth logout / mutate / error', async () => {
    at('15:00:00')
    const auth = open()
    const { token } = (await request(auth, 'post', {}, login('admin'))).issued!
    at('15:00:01')
    const headers = { authorization: token }
    expect((await request(auth, 'delete', headers, () => null)).issued).toBe(null)
    at('15:00:02')
    const before = { role: 'admin', name: 'admin', exp: 1473955200 }
    expect((await request(auth, 'get', headers)).token).toEqual(before)
    const mutated = await request(auth, 'get_mut', headers, claims => Object.assign(claims!, { k: 'v' }))
    expect([mutated.issued, mutated.token]).toEqual([null, { ...before, k: 'v' }])
    // Changes to the claims in one request are not visible in another.
    expect((await request(auth, 'get_ret', headers)).token).toEqual(before)
  })

  test.each([
    ['action missing from roles map', { $roles: { guest: {} } }],
    ['no $roles at all', {}],
    ['members of every object', { $roles: JSON.parse('{"guest":{}}') }],
  ])('%s', async (_, more) => {
    at('15:00:00')
    const auth = open({}, more)
    expect((await request(auth, 'get')).refused).toBe(deny('guest', 'get'))
    expect(() => auth.authorize(null, 'constructor', 'name', true)).toThrow(ApiError)
  })

  test('returning g.token leaks exp', async () => {
    at('15:00:00')
    const { token } = await request(open(), 'post', {}, login('admin'))
    expect(token).toEqual({ role: 'admin', name: 'admin', exp: 1473955200 })
  })
})

describe('tokens', () => {
  const crafted = (claims: object, header: object = { alg: 'HS256', typ: 'JWT' }, key = secret): string => {
    const text = [header, claims].map(one => Buffer.from(JSON.stringify(one)).toString('base64url')).join('.')
    return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
  }
  const exp = Date.parse('2016-09-15T16:00:00Z') / 1000

  test.each<[string, string]>([
    ['good', crafted({ role: 'admin', exp })],
    ['no end', crafted({ role: 'admin' })],
    ['an audience', crafted({ role: 'admin', exp, aud: 'x' })],
    ['not valid yet', crafted({ role: 'admin', exp, nbf: exp })],
    ['of the future', crafted({ role: 'admin', exp, iat: exp })],
    ['of somebody else', crafted({ role: 'admin', exp }, undefined, 'x'.repeat(40))],
    ['not signed', crafted({ role: 'admin', exp }, { alg: 'none' })],
    ['of another algorithm', crafted({ role: 'admin', exp }, { alg: 'HS512' })],
  ])('%s', async (name, authorization) => {
    at('15:00:00')
    expect((await request(open(), 'get', { authorization })).refused).toBe(
      name === 'good' ? null : deny('guest', 'get'),
    )
  })

  test('an invalid token is refused if that is wanted', async () => {
    at('15:00:00')
    const auth = tokenAuth({ secret, getRole: roleOf, clock: () => now, invalid: '401' })
    const from = (authorization: string): Credentials => ({
      face: 'http',
      header: name => (name === 'authorization' ? authorization : undefined),
    })
    await expect(auth.identify(from('garbage'))).rejects.toMatchObject({ code: 'unauthenticated' })
    await expect(auth.identify(from(crafted({ exp: 1 })))).rejects.toMatchObject({ code: 'token_expired' })
  })

  test('the same token is the same principal, until its role is another', async () => {
    at('15:00:00')
    let role = 'admin'
    const auth = tokenAuth({
      secret,
      getRole: token => (token ? role : 'guest'),
      clock: () => now,
      meta: { $roles: roles },
    })
    const credentials: Credentials = {
      face: 'http',
      header: name => (name === 'authorization' ? crafted({ sub: 7, exp }) : undefined),
    }
    const first = await auth.identify(credentials)
    expect(first).toEqual({ principal: { sub: 7, exp, id: 7, role: 'admin' }, expires: exp * 1000 })
    expect(await auth.identify(credentials)).toBe(first)
    role = 'normal'
    expect((await auth.identify(credentials))!.principal).toMatchObject({ role: 'normal' })
  })

  test('the matrix may change while it is used', () => {
    const auth = open()
    expect(() => auth.authorize(null, 'hello', 'get', true)).toThrow(ApiError)
    auth.meta.$roles = { guest: { hello: ['get'] } }
    expect(() => auth.authorize(null, 'hello', 'get', true)).not.toThrow()
  })

  test('a cookie sent by a page of another origin has no effect', () => {
    at('15:00:00')
    const auth = open({ cookie: 'tok' })
    const headers: Record<string, string> = {
      cookie: `tok=${crafted({ role: 'admin', exp })}`,
      origin: 'https://evil.example',
    }
    const from = (method: string) => (): unknown =>
      auth.identify({ face: 'http', method, header: name => headers[name] })
    expect(from('POST')).toThrow(expect.objectContaining({ code: 'forbidden_origin' }) as Error)
    expect(from('GET')).not.toThrow()
  })

  test('a short secret does not start', () => {
    expect(() => tokenAuth({ secret: 'secret_key', getRole: roleOf })).toThrow(/has 10 bytes, but 32 are the least/)
  })
})
