import type { Server } from 'node:http'
import type { Engine } from '../../engine/engine.ts'
import type { ApiError } from '../../protocol/error.ts'
import { SUBPROTOCOL } from '../../protocol/frames.ts'
import { addressFinder } from '../http/address.ts'
import { printLog, type HttpOptions } from '../http/options.ts'
import { nativeFace } from './native/face.ts'
import { acceptSockets, type SocketFace, type UpgradeOptions } from './upgrade.ts'

/**
 * Serves WebSockets beside the HTTP face of an Api, on the same server: restuary.1, and for clients that ask for no
 * subprotocol the face that is given. Returns how to stop taking new ones; an Api that closes closes those that are open.
 */
export function attachSockets(
  server: Server,
  engine: Engine,
  http: HttpOptions,
  plain?: SocketFace,
  isTaken?: UpgradeOptions['isTaken'],
): () => void {
  const { live, handled, published } = http
  if (!live) return () => {}
  const log = http.log ?? printLog
  const onFault = (error: ApiError): void =>
    log({
      level: 'error',
      event: error.code,
      requestId: '',
      method: 'WEBSOCKET',
      path: '',
      error: error.cause ?? error,
    })
  const functions = handled && published ? { handled, published } : null
  const native = nativeFace(engine, live, http.admission ?? null, onFault, functions)
  return acceptSockets(server, {
    engine,
    live,
    ...(http.prefix !== undefined && { prefix: http.prefix }),
    addressOf: addressFinder(http.trustedProxies),
    faces: { [SUBPROTOCOL]: native, ...(plain && { '': plain }) },
    ...(isTaken && { isTaken }),
  })
}
