import { ApiError } from '../../protocol/error.ts'
import type { Credentials } from '../../auth/principal.ts'
import type { AddressOf } from '../http/request/client-address.ts'

/** What a client sends when it connects: header fields, and `auth` from its options. */
export interface SocketIoHandshake {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly auth: Readonly<Record<string, unknown>>
  readonly address: string
}

/** The credentials of a handshake. `{ auth: { token } }` means what `Authorization: Bearer` means elsewhere. */
export function socketCredentials({ headers, auth, address }: SocketIoHandshake, addressOf?: AddressOf): Credentials {
  const { token } = auth
  if (token !== undefined && typeof token !== 'string') {
    throw new ApiError('unauthenticated', { detail: 'auth.token must be a text' })
  }
  const shown: Credentials = {
    face: 'socketio',
    address,
    header: name => {
      if (name === 'authorization' && token !== undefined) return `Bearer ${token}`
      const value = headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
  }
  return addressOf ? { ...shown, address: addressOf(shown) } : shown
}
