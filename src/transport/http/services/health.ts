import type { Health } from '../face.ts'
import type { Maybe } from '../../../store/work.ts'
import { chain } from '../../../store/work.ts'
import type { Exchange } from '../exchange.ts'
import type { Face } from '../face.ts'
import { finishResponse } from '../response/send.ts'
import type { Service } from '../endpoint.ts'

/** `/health/live`: the process answers; if it does not, it should be restarted. `/health/ready`: requests should be sent here. */
export function healthServices(health: Health | null): Service[] {
  return [
    { path: '/health/live', methods, serve: (face, exchange) => tell(face, exchange, 200, 'ok') },
    { path: '/health/ready', methods, serve: (face, exchange) => ready(face, exchange, health) },
  ]
}

const methods = ['GET', 'HEAD', 'OPTIONS']

function ready(face: Face, exchange: Exchange, health: Health | null): Maybe<void> {
  if (health?.isDraining) return tell(face, exchange, 503, 'draining')
  if (face.admission?.isShedding) return tell(face, exchange, 503, 'overloaded')
  const failed = (): void => tell(face, exchange, 503, 'unavailable')
  try {
    const checked = chain(health?.check(), () => well(face, exchange, health?.impaired ?? null))
    return checked instanceof Promise ? checked.catch(failed) : checked
  } catch {
    failed()
  }
}

/** Answers are right, but perhaps something is slower than it should be. */
function well(face: Face, exchange: Exchange, impaired: string | null): void {
  if (impaired === null) tell(face, exchange, 200, 'ok')
  else tell(face, exchange, 200, 'impaired', impaired)
}

function tell(face: Face, exchange: Exchange, status: number, word: string, detail?: string): void {
  const body = JSON.stringify({ status: word, detail })
  const fields = [
    'content-type',
    'application/json',
    'content-length',
    String(Buffer.byteLength(body)),
    'cache-control',
    'no-store',
  ]
  finishResponse(face, exchange, status, fields, body)
}
