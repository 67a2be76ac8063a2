import { createHmac, createSign, generateKeyPairSync } from 'node:crypto'
import { Unknown } from '../result.ts'

/** What tokens of badinput.json are made with. */
export interface TokenWorkshop {
  readonly secret: string
  /** Sessions by user id: a token that only errs in one thing names a session that holds. */
  readonly sessions: Readonly<Record<string, string>>
  /** Seconds since the epoch. */
  readonly now: number
}

type Json = Record<string, unknown>

const attacker = generateKeyPairSync('rsa', { modulusLength: 2048 })
const publicPem = attacker.publicKey.export({ type: 'spki', format: 'pem' }).toString()

/** Words that stand in the header of a token (RFC 7515 §4.1), not among its claims. */
const ofHeader: ReadonlySet<string> = new Set(['alg', 'typ', 'kid', 'cty', 'jku', 'jwk', 'x5u', 'x5c', 'crit', 'zip'])
const signings = /^(?:hmac|rsa)\(.*\)$|^(?:nosig|attackerKey)$/s

/**
 * A token by the little language of badinput.json: `jwt`, a header as JSON (`jwt:{"alg":"none"}`), then words of the
 * header (`kid=x`) and claims (`exp=absent`, `nbf=now+60`, `sub="1 "`) and how it is signed (`hmac(…)`,
 * `rsa(attacker)`, `attackerKey`, `nosig`), all parted by `|`. What is not said is as in a token that is accepted.
 * Undefined if it is not of this language.
 */
export function craftedToken(text: string, by: TokenWorkshop): string | undefined {
  const [first = '', ...words] = text.split('|')
  if (first !== 'jwt' && !first.startsWith('jwt:')) return undefined
  const signing = words.find(word => signings.test(word))
  const said = words.filter(word => word !== signing)
  if (said.some(word => !/^\w+=/.test(word))) return undefined
  const isOfHeader = (word: string): boolean => ofHeader.has(word.slice(0, word.indexOf('=')))
  const header: Json = { typ: 'at+jwt', ...headerIn(first), ...valuesIn(said.filter(isOfHeader), by.now) }
  const claims: Json = {
    iss: 'restuary',
    aud: 'restuary',
    iat: by.now,
    exp: by.now + 900,
    ...valuesIn(
      said.filter(word => !isOfHeader(word)),
      by.now,
    ),
  }
  claims['sid'] ??= by.sessions[String(claims['sub']).trim()]
  return signed(header, claims, signing, by.secret)
}

function headerIn(first: string): Json {
  if (first === 'jwt') return { alg: 'HS256' }
  const jwk = JSON.stringify(attacker.publicKey.export({ format: 'jwk' }))
  return JSON.parse(first.slice(4).replace('{…attacker}', jwk)) as Json
}

function valuesIn(words: readonly string[], now: number): Json {
  return Object.fromEntries(
    words.map(word => {
      const equals = word.indexOf('=')
      const name = word.slice(0, equals)
      return [name, valueOf(name, word.slice(equals + 1), now)]
    }),
  )
}

const moments: ReadonlySet<string> = new Set(['exp', 'nbf', 'iat'])

function valueOf(name: string, written: string, now: number): unknown {
  if (written === 'absent') return undefined
  const [, sign, seconds] = /^now(?:([+-])(\d+)s?)?$/.exec(written) ?? []
  if (written === 'now' || sign !== undefined) return now + (sign === '-' ? -1 : 1) * Number(seconds ?? 0)
  // What looks like another type is one; subjects and the like are texts, as in tokens of the server.
  if (/^["[{]|^(?:null|true|false)$/.test(written) || (moments.has(name) && /^-?[\d.]+(?:e\d+)?$/.test(written)))
    return JSON.parse(written) as unknown
  return written
}

function signed(header: Json, claims: Json, signing: string | undefined, secret: string): string {
  const text = `${encoded(header)}.${encoded(claims)}`
  if (signing === 'nosig') return `${text}.`
  if (signing?.startsWith('rsa(')) {
    return `${text}.${createSign('sha256').update(text).sign(attacker.privateKey, 'base64url')}`
  }
  const key = signing === 'attackerKey' ? 'k'.repeat(40) : keyIn(signing, secret)
  const hash = { HS384: 'sha384', HS512: 'sha512' }[String(header['alg'])] ?? 'sha256'
  return `${text}.${createHmac(hash, key).update(text).digest('base64url')}`
}

function keyIn(signing: string | undefined, secret: string): string {
  const name = signing === undefined ? 'secret' : signing.slice(5, -1)
  if (name === 'secret') return secret
  if (name === 'publicKeyPem') return publicPem
  if (name.startsWith('"')) return JSON.parse(name) as string
  throw new Unknown(`the key ${name}`)
}

const encoded = (value: Json): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The last character of a signature with another value in the bits that decoding drops. */
export function withUnusedBits(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(token.at(-1)!)
  return token.slice(0, -1) + alphabet[last ^ 1]!
}
