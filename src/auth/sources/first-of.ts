import { chain, type Maybe } from '../../store/work.ts'
import type { Authenticate, Credentials, Principal } from '../principal.ts'

/** Several ways to say who calls: the first that knows somebody, or refuses, decides. */
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
