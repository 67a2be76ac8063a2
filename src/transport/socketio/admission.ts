import type { IncomingMessage } from 'node:http'
import { ApiError } from '../../protocol/error.ts'
import type { Auth } from '../../auth/auth.ts'
import type { Principal } from '../../auth/principal.ts'
import type { Id } from '../../model/model.ts'
import { socketCredentials } from './credentials.ts'

/**
 * Admits requests before Engine.IO reads them. A page of a foreign origin cannot use cookies. A session that was begun with
 * credentials in header fields can only be continued by the same caller; knowing its id is not enough.
 */
export class HandshakeAdmission {
  readonly #auth: Auth | null
  readonly #begun = new WeakMap<IncomingMessage, Id>()
  readonly #owners = new Map<string, Id>()

  constructor(auth: Auth | null) {
    this.#auth = auth
  }

  /** Throws ApiError `forbidden_origin` or `unauthenticated`. */
  async admit(request: IncomingMessage): Promise<void> {
    const auth = this.#auth
    if (!auth) return
    const { headers, socket, url } = request
    const credentials = socketCredentials({ headers, auth: {}, address: socket.remoteAddress ?? '' })
    const isPage = headers.origin !== undefined && headers.cookie !== undefined
    if (isPage && !auth.allowsOrigin(credentials)) throw new ApiError('forbidden_origin')
    const sid = sessionOf(url!)
    const owner = sid === null ? undefined : this.#owners.get(sid)
    if (sid !== null && owner === undefined) return
    const who =
      headers.authorization === undefined && headers.cookie === undefined ? null : await this.#who(credentials)
    if (sid === null) {
      if (who) this.#begun.set(request, who.id)
    } else if (who?.id !== owner) {
      throw new ApiError('unauthenticated', { detail: 'this session belongs to another caller' })
    }
  }

  /** Called when a request has begun a session. Returns a function that forgets the session. */
  opened(sid: string, request: IncomingMessage): () => void {
    const owner = this.#begun.get(request)
    if (owner !== undefined) this.#owners.set(sid, owner)
    return () => this.#owners.delete(sid)
  }

  /**
   * The caller behind credentials; null if they are invalid. Those are refused later, when the client joins a namespace,
   * because only there can it be told why.
   */
  async #who(credentials: Parameters<Auth['identify']>[0]): Promise<Principal | null> {
    try {
      return (await this.#auth!.identify(credentials))?.principal ?? null
    } catch {
      return null
    }
  }
}

/** The session that a request continues, found as Engine.IO finds it: decoded, and the last one if there are several. */
function sessionOf(target: string): string | null {
  return new URL(target, 'http://localhost').searchParams.getAll('sid').at(-1) || null
}
