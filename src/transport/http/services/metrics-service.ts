import type { Principal } from '../../../engine/call/call.ts'
import { ApiError } from '../../../protocol/error.ts'
import { chain } from '../../../store/work.ts'
import { finishResponse } from '../response/send.ts'
import type { Metrics } from './metrics.ts'
import type { Service } from '../endpoint.ts'

/** `/metrics`, for everybody or for the callers that a function accepts. */
export function metricsService(metrics: Metrics, allow: true | ((who: Principal | null) => boolean)): Service {
  return {
    path: '/metrics',
    methods: ['GET', 'HEAD', 'OPTIONS'],
    serve: (face, exchange) => {
      const tell = (who: Principal | null): void => {
        if (allow !== true && !allow(who)) throw new ApiError(who === null ? 'unauthenticated' : 'forbidden')
        const body = metrics.text()
        const type = 'text/plain; version=0.0.4; charset=utf-8'
        const length = String(Buffer.byteLength(body))
        finishResponse(
          face,
          exchange,
          200,
          ['content-type', type, 'content-length', length, 'cache-control', 'no-store'],
          body,
        )
      }
      return allow === true ? tell(null) : chain(face.engine.authenticate(exchange), tell)
    },
  }
}
