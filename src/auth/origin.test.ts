import { expect, test } from 'vitest'
import { cookieFault, cookieIn, setCookie } from './session/cookie.ts'
import { isAllowedOrigin } from './origin.ts'

const origins = new Set(['https://app.example'])
const allowed = (headers: Record<string, string>): boolean =>
  isAllowedOrigin({ face: 'http', header: name => headers[name] }, origins)

test.each<[string, Record<string, string>, boolean]>([
  ['the own page', { origin: 'https://api.example', host: 'api.example' }, true],
  ['the own page on a port', { origin: 'http://127.0.0.1:3000', host: '127.0.0.1:3000' }, true],
  ['another port', { origin: 'http://127.0.0.1:3001', host: '127.0.0.1:3000' }, false],
  ['the own page, as the browser says', { 'sec-fetch-site': 'same-origin' }, true],
  ['an address that was typed', { 'sec-fetch-site': 'none' }, true],
  ['a page of the list', { origin: 'https://app.example', host: 'api.example', 'sec-fetch-site': 'cross-site' }, true],
  ['another page', { origin: 'https://evil.example', host: 'api.example' }, false],
  ['a page with the name as its beginning', { origin: 'https://app.example.evil.example', host: 'api.example' }, false],
  ['a page of another scheme', { origin: 'http://app.example', host: 'api.example' }, false],
  ['a page without an origin', { origin: 'null', host: 'null' }, false],
  [
    'a page of the same site',
    { 'sec-fetch-site': 'same-site', origin: 'https://x.example', host: 'api.example' },
    false,
  ],
  [
    'what the browser calls foreign',
    { 'sec-fetch-site': 'cross-site', origin: 'https://api.example', host: 'api.example' },
    false,
  ],
  ['what says nothing', { host: 'api.example' }, false],
  ['what has no host', { origin: 'https://api.example' }, false],
])('%s', (_, headers, expected) => expect(allowed(headers)).toBe(expected))

test.each<[string | undefined, string | undefined]>([
  ['session=a', 'a'],
  ['x=1; session=a.b-c_; y=2', 'a.b-c_'],
  ['session=a; session=b', 'a'],
  ['xsession=a', undefined],
  ['session', undefined],
  ['', undefined],
  [undefined, undefined],
])('of the cookies %j the session is %j', (header, value) => expect(cookieIn(header, 'session')).toBe(value))

test('a cookie belongs to this host, over TLS, and to no script', () => {
  expect(setCookie('__Host-session', 'v', 60, 'Lax')).toBe(
    '__Host-session=v; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax',
  )
  expect(cookieFault('__Host-session')).toBe(null)
  expect(cookieFault('a; Domain=evil')).toMatch(/not a name/)
})
