import { ApiError } from '../../protocol/error.ts'
import { chain, type Maybe } from '../../store/work.ts'
import type { Authenticate, Principal } from '../principal.ts'

/** Finds the caller with a name and a password. null = they are wrong. Compare hashes in constant time: see `verifyPassword`. */
export type BasicCheck = (name: string, password: string) => Maybe<Principal | null>

/**
 * Recognises callers by name and password in each request (RFC 7617). It is meant for tools, over TLS. Requests with another
 * scheme are left to the other ways.
 * @example
 * api({ todo }, { authenticate: basicAuth(async (name, password) => (await verifyPassword(hashOf(name), password)) ? { id: name } : null) })
 */
export function basicAuth(check: BasicCheck, options: { readonly realm?: string } = {}): Authenticate {
  const realm = options.realm ?? 'api'
  if (!/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(realm))
    throw new Error(`the realm ${JSON.stringify(realm)} is not plain text`)
  const refused = (): ApiError =>
    new ApiError('unauthenticated', {
      detail: 'the name or the password is not right',
      headers: { 'www-authenticate': `Basic realm="${realm}", charset="UTF-8"` },
    })
  return credentials => {
    const header = credentials.header('authorization')
    if (header === undefined || !/^basic( |$)/i.test(header)) return null
    const [name, password] = pairIn(header) ?? []
    if (name === undefined || password === undefined) throw refused()
    return chain(check(name, password), who => {
      if (!who) throw refused()
      return who
    })
  }
}

function pairIn(header: string): [string, string] | null {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header)?.[1]
  if (encoded === undefined || encoded.length > 2048) return null
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 || text.includes('\0') ? null : [text.slice(0, colon), text.slice(colon + 1)]
}
