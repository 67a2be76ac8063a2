import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ApiError } from '../../protocol/error.ts'
import { signJwt } from '../sources/jwt.ts'
import { signingKeys, type KeyOptions } from './keys.ts'
import { bearerOf, tokensOf, type Tokens } from './token.ts'

const now = 1_800_000_000
const secret = 'a secret of more than thirty-two bytes'
const trust = { issuer: 'me', audience: 'you', leeway: 5 }
const tokens = tokensOf(signingKeys({ secret }), trust)
const access = { sub: '1', sid: 's', scope: 'read write', exp: now + 900 }

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const good = { iss: 'me', aud: 'you', sub: '1', sid: 's', iat: now, exp: now + 900 }
/** A token with this header and these claims, signed with the secret. */
const crafted = (header: object, claims: object = good): string => {
  const text = `${base64({ alg: 'HS256', typ: 'at+jwt', ...header })}.${base64(claims)}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

async function codeOf(token: string, at = now, by: Tokens = tokens): Promise<string> {
  try {
    await by.verify(token, at)
    return 'ok'
  } catch (error) {
    return error instanceof ApiError ? error.code : String(error)
  }
}

describe('access tokens', () => {
  test('come back as they were issued', async () => {
    expect(await tokens.verify(await tokens.issue(access, now), now)).toEqual(access)
    expect(await codeOf(crafted({}))).toBe('ok')
    expect(await codeOf(crafted({}, { ...good, aud: ['others', 'you'] }))).toBe('ok')
  })

  test.each<[string, object, object?]>([
    ['no signature is asked for', { alg: 'none' }],
    ['another algorithm of the same key', { alg: 'HS512' }],
    ['no algorithm', { alg: undefined }],
    ['a type that is none', { typ: 5 }],
    ['an ID token', { typ: 'JWT' }],
    ['a key that it brings', { jwk: { kty: 'oct', k: 'AA' } }],
    ['a place to get a key from', { jku: 'http://127.0.0.1:1/jwks' }],
    ['a certificate', { x5c: ['AA'] }],
    ['the place of a certificate', { x5u: 'http://evil/c' }],
    ['something critical', { crit: ['x'], x: 1 }],
    ['compression', { zip: 'DEF' }],
    ['an unencoded payload', { b64: false, crit: ['b64'] }],
    ['a key that is not known', { kid: 'x' }],
    ['a key of the prototype', { kid: '__proto__' }],
    ['a key that is no text', { kid: {} }],
    ['no end', {}, { ...good, exp: undefined }],
    ['an end that is text', {}, { ...good, exp: '9999999999' }],
    ['no beginning', {}, { ...good, iat: undefined }],
    ['a beginning to come', {}, { ...good, iat: now + 3600 }],
    ['a validity to come', {}, { ...good, nbf: now + 3600 }],
    ['another issuer', {}, { ...good, iss: 'evil' }],
    ['no issuer', {}, { ...good, iss: undefined }],
    ['another audience', {}, { ...good, aud: 'somebody' }],
    ['no audience', {}, { ...good, aud: undefined }],
    ['no subject', {}, { ...good, sub: undefined }],
    ['an empty subject', {}, { ...good, sub: '' }],
    ['a subject that is a number', {}, { ...good, sub: 1 }],
    ['no session', {}, { ...good, sid: undefined }],
    ['a scope that is a list', {}, { ...good, scope: ['read'] }],
    ['claims that are a list', {}, [1]],
  ])('are refused with %s', async (_, header, claims) => {
    expect(await codeOf(crafted(header, claims))).toBe('unauthenticated')
  })

  test.each([
    ['nothing', ''],
    ['two parts', 'a.b'],
    ['four parts', 'a.b.c.d'],
    ['no JSON', `${Buffer.from('{').toString('base64url')}.e30.AA`],
    ['over 4 KiB', `${'a'.repeat(4097)}.e30.AA`],
    ['padding', `${crafted({})}=`],
  ])('are refused if they are %s', async (_, token) => expect(await codeOf(token)).toBe('unauthenticated'))

  test('have one spelling: another one of the same signature is refused', async () => {
    const token = crafted({})
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const other = token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1)!) ^ 1]!
    expect(Buffer.from(other.split('.')[2]!, 'base64url')).toEqual(Buffer.from(token.split('.')[2]!, 'base64url'))
    expect(await codeOf(other)).toBe('unauthenticated')
  })

  test('end, with as much patience as clocks may differ', async () => {
    const token = await tokens.issue(access, now)
    expect(await codeOf(token, now + 904)).toBe('ok')
    expect(await codeOf(token, now + 905)).toBe('token_expired')
    const patient = tokensOf(signingKeys({ secret }), { ...trust, leeway: 3600 })
    expect(await codeOf(token, now + 929, patient)).toBe('ok')
    expect(await codeOf(token, now + 930, patient)).toBe('token_expired')
  })
})

describe('keys', () => {
  test('the newest signs, those before it still verify, others do not', async () => {
    const [older, newer, other] = [randomBytes(32), randomBytes(32), randomBytes(32)]
    const before = tokensOf(signingKeys({ secret: older }), trust)
    const after = tokensOf(signingKeys({ secret: [newer, older] }), trust)
    const token = await before.issue(access, now)
    expect(await codeOf(token, now, after)).toBe('ok')
    expect(await codeOf(await after.issue(access, now), now, before)).toBe('unauthenticated')
    expect(await codeOf(token, now, tokensOf(signingKeys({ secret: [newer, other] }), trust))).toBe('unauthenticated')
  })

  test.each([
    ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['EdDSA', generateKeyPairSync('ed25519')],
  ] as const)(
    '%s signs with the private half; the public one verifies and is no secret of an HMAC',
    async (algorithm, pair) => {
      const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
      const options = { algorithm, keys: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
      const own = tokensOf(signingKeys(options), trust)
      expect(await codeOf(await own.issue(access, now), now, own)).toBe('ok')
      const forged = await signJwt(good, { alg: 'HS256', typ: 'at+jwt' }, Buffer.from(pem))
      expect(await codeOf(forged, now, own)).toBe('unauthenticated')
    },
  )

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  test.each<[string, KeyOptions, RegExp]>([
    ['31 bytes', { secret: 'x'.repeat(31) }, /has 31 bytes, but 32 are the least/],
    ['nothing', { secret: '' }, /has 0 bytes/],
    ['an older secret that is short', { secret: [randomBytes(32), 'old'] }, /has 3 bytes/],
    ['one character again and again', { secret: 'a'.repeat(64) }, /repeats few characters/],
    ['no private key', { algorithm: 'EdDSA' }, /EdDSA needs a private key/],
    ['a key of another kind', { algorithm: 'ES256', keys: rsa }, /needs keys of type ec/],
    [
      'a public key alone',
      { algorithm: 'EdDSA', keys: generateKeyPairSync('ed25519').publicKey },
      /must be a private one/,
    ],
  ])('%s does not start', (_, options, message) => expect(() => signingKeys(options)).toThrow(message))

  test('without any a secret is made up, each time another', () => {
    const [one, other] = [signingKeys({}), signingKeys({})]
    expect([one.random, signingKeys({ secret }).random]).toEqual([true, false])
    expect(one.signing.kid).not.toBe(other.signing.kid)
  })
})

describe('Authorization', () => {
  test.each([
    ['Bearer abc', 'abc'],
    ['bearer  abc', 'abc'],
    ['BEARER abc==', 'abc=='],
  ])('%j holds %s', (header, token) => expect(bearerOf(header)).toBe(token))
  test('without a header there is no token', () => expect(bearerOf(undefined)).toBe(null))
  test.each(['', 'Bearer', 'Bearer ', 'Basic YTpi', 'Bearer a b', 'abc', 'Bearer a,b'])('%j is refused', header => {
    expect(() => bearerOf(header)).toThrow(ApiError)
  })
})
