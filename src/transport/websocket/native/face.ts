import type { Engine } from '../../../engine/engine.ts'
import type { Live } from '../../../live/live.ts'
import type { ApiError } from '../../../protocol/error.ts'
import type { Admission } from '../../admission.ts'
import { UriTargets } from '../../uri-target.ts'
import type { SocketFace } from '../upgrade.ts'
import { NativeConnection } from './connection.ts'
import type { Functions } from './options.ts'

/** Serves connections of the subprotocol restuary.1 (docs/protocol.md §8). */
export function nativeFace(
  engine: Engine,
  live: Live,
  admission: Admission | null,
  onFault: (error: ApiError) => void,
  functions: Functions | null = null,
): SocketFace {
  const options = { engine, live, admission, targets: new UriTargets(engine), functions, onFault }
  return (socket, handshake) => void new NativeConnection(socket, handshake, options)
}
