import { describe, expect, test } from 'vitest'
import { ApiError } from '../../protocol/error.ts'
import { hashPassword, hashPasswordSync, isOutdated, verifyPassword } from './password.ts'

// A cheap hash, because the tests are not about its time.
const cheap = { memory: 8, passes: 1, parallelism: 1 }

describe('passwords', () => {
  test('are kept as a PHC string with a salt of their own', async () => {
    const hash = await hashPassword('correct horse')
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(hash).not.toBe(await hashPassword('correct horse'))
    expect(await verifyPassword(hash, 'correct horse')).toBe(true)
    expect(await verifyPassword(hash, 'correct horses')).toBe(false)
    expect(await verifyPassword(hash, '')).toBe(false)
  })

  test('made by others at another cost are understood, and known to be outdated', async () => {
    const hash = await hashPassword('correct horse', cheap)
    expect(await verifyPassword(hash, 'correct horse')).toBe(true)
    expect([isOutdated(hash), isOutdated(hash, cheap), isOutdated('x')]).toEqual([true, false, true])
    expect(await verifyPassword(hashPasswordSync('correct horse', cheap), 'correct horse')).toBe(true)
  })

  test('the recorded test vector of RFC 9106 parameters in PHC form verifies', async () => {
    // Of the reference implementation: argon2id, 64 MiB, 2 passes, "password", "somesalt".
    const hash = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
    expect(await verifyPassword(hash, 'password')).toBe(true)
    expect(await verifyPassword(hash, 'passwore')).toBe(false)
  })

  test.each([
    null,
    '',
    'correct horse',
    '$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA',
    '$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA',
    '$argon2id$v=19$m=99999999,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    '$argon2id$v=19$m=8,t=0,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  ])('what is stored as %j fits nothing', async stored => {
    expect(await verifyPassword(stored, stored ?? '')).toBe(false)
  })

  test('are refused when too many wait, and the next one is hashed again', async () => {
    const results = await Promise.allSettled(Array.from({ length: 1_000 }, () => hashPassword('correct horse', cheap)))
    const refused = results.filter(one => one.status === 'rejected').map(one => one.reason as ApiError)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]).toMatchObject({
      code: 'unavailable',
      headers: { 'retry-after': expect.stringMatching(/^\d+$/) },
    })
    expect(refused.length).toBeLessThan(1_000)
    expect(await hashPassword('correct horse', cheap)).toMatch(/^\$argon2id/)
  })
})
