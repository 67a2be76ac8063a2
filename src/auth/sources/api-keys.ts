import { ApiError } from '../../protocol/error.ts'
import { chain, type Maybe } from '../../store/work.ts'
import type { Authenticate, Principal } from '../principal.ts'

/** Whose key it is; null = nobody's. */
export type KeyLookup = (key: string) => Maybe<Principal | null>

/**
 * Callers by a key of theirs in a header: for machines. Keep hashes of keys, not keys, and look them up by the hash.
 *
 * @example api(…, { authenticate: apiKeys(key => keys.get(sha256(key)) ?? null) })
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
