import { createHmac, createPrivateKey, createPublicKey, randomBytes, type KeyObject } from 'node:crypto'
import { keyFrom } from '../../store/shared/secrets.ts'
import { plainFailure } from '../../protocol/plain-failure.ts'
import type { Algorithm, JwtKey } from '../sources/jwt.ts'

/** A secret for an HMAC: text or bytes, 32 bytes or more. */
export type Secret = string | Uint8Array

/** A private key, or a public key that only verifies: PEM text or a KeyObject of node:crypto. */
export type PemKey = string | KeyObject

/** The keys with which tokens are signed and verified. */
export interface Keys {
  readonly algorithm: Algorithm
  readonly signing: { readonly kid: string; readonly key: JwtKey }
  /** Keys by their ids, the newest among them. */
  readonly verifying: ReadonlyMap<string, JwtKey>
  /** Whether the key was made at start. Tokens then end with the process. */
  readonly random: boolean
}

export interface KeyOptions {
  /** Default: HS256. The algorithm in a token is never believed (RFC 8725 §3.1). */
  readonly algorithm?: Algorithm
  /** For HS256: the newest first. It signs; the others only verify. Default: made together with the database. */
  readonly secret?: Secret | readonly Secret[] | undefined
  /** For ES256 and EdDSA: private keys, the newest first. Older ones may be public. */
  readonly keys?: PemKey | readonly PemKey[]
}

/**
 * Reads the keys of a configuration. Without a secret, one is made of what the database has (`stored`). Throws if keys are not
 * safe, because it is better not to start than to start with weak ones.
 */
export function signingKeys(options: KeyOptions, stored: () => Uint8Array | null = () => null): Keys {
  const algorithm = options.algorithm ?? 'HS256'
  if (algorithm === 'ES256' || algorithm === 'EdDSA') return pairs(algorithm, listOf(options.keys))
  const secrets = listOf(options.secret)
  if (secrets.length > 0) return secretKeys(algorithm, secrets.map(bytesOf), false)
  // The store may not be open yet.
  let made: Keys | null = null
  const keys = (): Keys => {
    const secret = stored()
    return (made ??= secretKeys(algorithm, [secret ? keyFrom(secret, 'tokens') : randomBytes(32)], secret === null))
  }
  return {
    algorithm,
    get signing() {
      return keys().signing
    },
    get verifying() {
      return keys().verifying
    },
    get random() {
      return keys().random
    },
  }
}

function secretKeys(algorithm: Algorithm, keys: readonly Uint8Array[], random: boolean): Keys {
  return keysFrom(
    algorithm,
    keys.map(key => [keyId(key), key]),
    keys[0]!,
    random,
  )
}

function pairs(algorithm: Algorithm, given: readonly PemKey[]): Keys {
  if (given.length === 0) throw plainFailure(new Error(`auth.keys: ${algorithm} needs a private key in PEM`))
  const keys = given.map((key, i) => (typeof key === 'string' ? read(key, i === 0) : key))
  const wanted = algorithm === 'ES256' ? 'ec' : 'ed25519'
  for (const key of keys) {
    if (key.asymmetricKeyType !== wanted)
      throw plainFailure(new Error(`auth.keys: ${algorithm} needs keys of type ${wanted}`))
  }
  if (keys[0]!.type !== 'private')
    throw plainFailure(new Error('auth.keys: the first key signs, so it must be a private one'))
  const open = keys.map(key => (key.type === 'private' ? createPublicKey(key as never) : key))
  const named = open.map((key): [string, JwtKey] => [keyId(key.export({ type: 'spki', format: 'der' })), key])
  return keysFrom(algorithm, named, keys[0]!, false)
}

function read(pem: string, signs: boolean): KeyObject {
  return signs || pem.includes('PRIVATE KEY') ? createPrivateKey(pem) : createPublicKey(pem)
}

function keysFrom(algorithm: Algorithm, named: readonly [string, JwtKey][], signs: JwtKey, random: boolean): Keys {
  return Object.freeze({
    algorithm,
    signing: { kid: named[0]![0], key: signs },
    verifying: new Map(named),
    random,
  })
}

function bytesOf(secret: Secret): Uint8Array {
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret
  if (bytes.length < 32)
    throw plainFailure(
      new Error(
        `auth.secret has ${bytes.length} bytes, but 32 are the least: make one with ` +
          `node -e "console.log(require('node:crypto').randomBytes(32).toString('base64url'))"`,
      ),
    )
  // `secretsecretsecret…` is long enough but easy to guess.
  if (new Set(bytes).size < 8)
    throw plainFailure(new Error('auth.secret repeats few characters, so it can be guessed: make a random one'))
  return bytes
}

/** Names a key without revealing it. */
function keyId(key: Uint8Array): string {
  return createHmac('sha256', key).update('key id').digest('base64url').slice(0, 8)
}

function listOf<T>(given: T | readonly T[] | undefined): readonly T[] {
  if (given === undefined) return []
  return Array.isArray(given) ? (given as readonly T[]) : [given as T]
}
