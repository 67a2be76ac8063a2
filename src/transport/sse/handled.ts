import { uriNotFound, type HandledResources, type HandledCall } from '../../engine/actions/handled-resources.ts'
import type { Live } from '../../live/live.ts'
import type { PublishedFeed, ValuesKind } from '../../live/subscriptions/published.ts'
import { ApiError, type Issue } from '../../protocol/error.ts'
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
  const { 'min-position': min, ...asked } = wordsIn(face, exchange)
  const since = exchange.header('last-event-id') ?? asked.since ?? null
  if (min !== undefined) await live.awaitPosition(min, { parameter: 'min-position' })
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

const words = ['since', 'min-position'] as const

/** Reads `since` and `min-position`, the only parameters of such a stream. */
function wordsIn(face: Face, exchange: Exchange): { readonly [word in (typeof words)[number]]?: string } {
  const found: Partial<Record<string, string>> = {}
  const issues: Issue[] = []
  for (const [parameter, value] of readParameters(exchange.query, face.engine.limits.parameters)) {
    if (!words.some(word => word === parameter)) {
      const detail = `There is no parameter ${parameter} here; a stream has ${words.join(' and ')}`
      issues.push({ code: 'unknown_param', parameter, detail })
    } else if (Object.hasOwn(found, parameter))
      issues.push({ code: 'duplicate', parameter, detail: 'may be given once' })
    else found[parameter] = value
  }
  if (issues.length > 0) throw new ApiError('validation', { issues })
  return found
}
