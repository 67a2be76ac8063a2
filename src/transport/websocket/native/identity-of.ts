import type { Identity } from '../../../auth/principal.ts'
import type { Engine } from '../../../engine/engine.ts'
import { ApiError } from '../../../protocol/error.ts'
import type { AuthFrame } from '../../../protocol/frames.ts'

/** Who an `auth` message says that calls. Throws ApiError for what says nobody. */
export async function identityOf({ auth }: Engine, { token, ticket }: AuthFrame): Promise<Identity> {
  if (!auth) throw new ApiError('bad_request', { detail: 'nobody needs to say who they are here' })
  if ((token === undefined) === (ticket === undefined)) {
    throw new ApiError('validation', {
      issues: [{ pointer: '#/token', code: 'required', detail: 'a token or a ticket, not both' }],
    })
  }
  return token === undefined ? auth.authenticateTicket(ticket!) : auth.authenticateToken(token)
}
