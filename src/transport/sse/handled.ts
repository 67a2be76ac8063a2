import { uriNotFound, type HandledResources, type HandledCall } from '../../engine/actions/handled-resources.ts'
import type { Live } from '../../live/live.ts'
import type { PublishedFeed, ValuesKind } from '../../live/subscriptions/published.ts'
import { ApiError } from '../../protocol/error.ts'
import type { Exchange, FieldLines } from '../http/exchange.ts'
import type { Face } from '../http/face.ts'
import { readParameters } from '../http/request/parameters.ts'
import { followAsStream, streamFields } from './face.ts'
import { streamedValues } from './frames.ts'

/** What a stream of a handled resource needs. */
export interface HandledSource {
  readonly live: Live
  readonly published: PublishedFeed
  readonly handled: HandledResources
}

/** Answers `GET` of a handled resource with a stream: first what the getter returns, then every log record about it. */
export async function sendHandledStream(
  face: Face,
  { live, published, handled }: HandledSource,
  exchange: Exchange,
  { uri, principal }: HandledCall,
): Promise<void> {
  const since = exchange.header('last-event-id') ?? sinceIn(face, exchange)
  const fields = (): FieldLines => streamFields(face, exchange)
  if (exchange.method === 'HEAD') {
    handled.permitFollowing(uri, principal)
    if ((await handled.get({ uri, principal }))?.value == null) throw uriNotFound(uri)
    return exchange.send(200, fields(), null)
  }
  await followAsStream<ValuesKind>(face, live, exchange, {
    fields,
    teller: streamedValues(live.terms, uri.endsWith('/')),
    begin: (stream, standing) => {
      const followed = { uri, owner: stream, principal, mustExist: true }
      return published.subscribe(followed, stream, since, standing)
    },
    // Rules of handled resources are functions, which decide when a stream begins. A reader with other rights has to connect
    // again.
    changed: stream => stream.end(new ApiError('unauthenticated')),
  })
}

/** Reads `since`, the only parameter of such a stream. */
function sinceIn(face: Face, exchange: Exchange): string | null {
  const parameters = readParameters(exchange.query, face.engine.limits.parameters)
  const other = parameters.find(([name], i) => name !== 'since' || i > 0)
  if (!other) return parameters[0]?.[1] ?? null
  const [parameter] = other
  throw new ApiError('validation', {
    issues: [
      parameter === 'since'
        ? { code: 'duplicate', parameter, detail: 'may be given once' }
        : { code: 'unknown_param', parameter, detail: `There is no parameter ${parameter} here; a stream has since` },
    ],
  })
}
