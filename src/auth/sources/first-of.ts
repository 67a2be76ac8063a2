import { chain, type Maybe } from '../../store/work.ts'
import type { Authenticate, Credentials, Principal } from '../principal.ts'

/**
 * Tries several ways to recognise callers. The first one that finds a caller, or refuses, decides.
 * @example
 * api({ todo }, { authenticate: firstOf(apiKeys(keyLookup), basicAuth(check)) })
 */
export function firstOf(...ways: readonly Authenticate[]): Authenticate {
  const from = (credentials: Credentials, i: number): Maybe<Principal | null> => {
    const way = ways[i]
    if (!way) return null
    return chain(
      way(credentials),
      (who): Maybe<Principal | null> => who ?? from(credentials, i + 1),
    ) as Maybe<Principal | null>
  }
  return credentials => from(credentials, 0)
}
