import { ApiError } from '../../protocol/error.ts'
import { chain, type Maybe } from '../../store/work.ts'
import type { Authenticate, Principal } from '../principal.ts'

/** Finds the caller with a key. null = the key is unknown. */
export type KeyLookup = (key: string) => Maybe<Principal | null>

/**
 * Recognises machines by a key in a header field. Store hashes of keys, not keys, and look them up by their hash.
 * @example
 * api({ todo }, { authenticate: apiKeys(key => keys.get(sha256(key)) ?? null) })
 * @throws {ApiError} `unauthenticated` for an unknown key. A request without a key is anonymous.
 */
export function apiKeys(lookup: KeyLookup, options: { readonly header?: string } = {}): Authenticate {
  const header = (options.header ?? 'x-api-key').toLowerCase()
  return credentials => {
    const key = credentials.header(header)
    if (key === undefined) return null
    if (!/^[\x21-\x7e]{8,512}$/.test(key)) throw refused()
    return chain(lookup(key), who => {
      if (!who) throw refused()
      return who
    })
  }
}

function refused(): ApiError {
  return new ApiError('unauthenticated', { detail: 'the key is not valid' })
}
