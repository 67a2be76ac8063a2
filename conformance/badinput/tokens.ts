import { createHmac, createSign, generateKeyPairSync } from 'node:crypto'

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

/**
 * A token by the little language of badinput.json: `jwt`, a header as JSON (`jwt:{"alg":"none"}`), then claims
 * (`exp=absent`, `nbf=now+60`, `sub="1 "`) and how it is signed (`hmac(…)`, `rsa(attacker)`, `attackerKey`, `nosig`),
 * all parted by `|`. What is not said is as in a token that is accepted. Undefined if it is not of this language.
 */
export function craftedToken(text: string, by: TokenWorkshop): string | undefined {
  const [first = '', ...words] = text.split('|')
  if (first !== 'jwt' && !first.startsWith('jwt:')) return undefined
  const header: Json = { typ: 'at+jwt', ...headerIn(first) }
  const signing = words.find(word => /^(hmac|rsa)\(|^(nosig|attackerKey)$/.test(word))
  const claims: Json = {
    iss: 'restuary',
    aud: 'restuary',
    iat: by.now,
    exp: by.now + 900,
    ...claimsIn(
      words.filter(word => word !== signing),
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

function claimsIn(words: readonly string[], now: number): Json {
  const claims: Json = {}
  for (const word of words) {
    const equals = word.indexOf('=')
    const [name, value] = [word.slice(0, equals), word.slice(equals + 1)]
    const later = /^now\+(\d+)$/.exec(value)
    if (value === 'absent') claims[name] = undefined
    else if (later) claims[name] = now + Number(later[1])
    else claims[name] = value.startsWith('"') ? (JSON.parse(value) as unknown) : value
  }
  return claims
}

function signed(header: Json, claims: Json, signing: string | undefined, secret: string): string {
  const text = `${encoded(header)}.${encoded(claims)}`
  if (signing === 'nosig') return `${text}.`
  if (signing?.startsWith('rsa(')) {
    return `${text}.${createSign('sha256').update(text).sign(attacker.privateKey, 'base64url')}`
  }
  const key = signing === 'attackerKey' ? 'k'.repeat(40) : keyIn(signing, secret)
  const hash = header['alg'] === 'HS512' ? 'sha512' : 'sha256'
  return `${text}.${createHmac(hash, key).update(text).digest('base64url')}`
}

function keyIn(signing: string | undefined, secret: string): string {
  const name = signing === undefined ? 'secret' : signing.slice(5, -1)
  if (name === 'secret') return secret
  return name === 'publicKeyPem' ? publicPem : (JSON.parse(name) as string)
}

const encoded = (value: Json): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The last character of a signature with another value in the bits that decoding drops. */
export function withUnusedBits(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(token.at(-1)!)
  return token.slice(0, -1) + alphabet[last ^ 1]!
}
