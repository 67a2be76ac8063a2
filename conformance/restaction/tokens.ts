import { createHash, createHmac } from 'node:crypto'
import { Unknown } from '../result.ts'
import type { SignVector } from './vector.ts'

/** Secrets of the recorder are shorter than any that is accepted, so both sides use their SHA-256. */
export function secretOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

const hashes: Readonly<Record<string, string>> = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' }

/** A token as the recorder signs it, its prefix before it. `secret`: the application's, for those that name no key. */
export function signed({ payload, key, alg = 'HS256', prefix = '', headers }: SignVector, secret: string): string {
  const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${encoded({ typ: 'JWT', alg, ...headers })}.${encoded(payload)}`
  if (alg === 'none') return `${prefix}${text}.`
  const hash = hashes[alg]
  if (hash === undefined) throw new Unknown(`algorithm ${alg}`)
  const signature = createHmac(hash, secretOf(key ?? secret))
    .update(text)
    .digest('base64url')
  return `${prefix}${text}.${signature}`
}
