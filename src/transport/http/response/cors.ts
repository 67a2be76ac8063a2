import type { Cors } from '../face.ts'
import type { HttpOptions } from '../options.ts'

const EXPOSED =
  'ETag, Link, Location, Content-Location, X-Total-Count, Retry-After, RateLimit, RateLimit-Policy, ' +
  'Position, Ids, Preference-Applied, Idempotency-Replayed, Deprecation, Sunset, Server-Timing, X-Request-Id, ' +
  'Accept-Ranges, Content-Range, Content-Disposition, Repr-Digest'
const REQUESTED =
  'Authorization, Content-Type, Accept, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, ' +
  'Idempotency-Key, Min-Position, Prefer, Last-Event-ID, X-Request-Id, ' +
  'Range, If-Range, Content-Disposition, Content-Encoding, Repr-Digest'

/** Makes the rules from the options. Without allowed origins, nothing is ever added. */
export function corsOf(options: HttpOptions['cors']): Cors {
  const origins = new Set(options?.origins)
  if (origins.size === 0) return { vary: 'Accept', allow: () => {}, preflight: () => [] }
  const maxAge = String(options?.maxAge ?? 600)
  if (origins.has('*')) return corsForAll(maxAge, options?.credentials ?? false)
  const credentials = options?.credentials ? ['access-control-allow-credentials', 'true'] : []
  return {
    vary: 'Accept, Origin',
    allow(origin, fields) {
      if (!origins.has(origin)) return
      fields.push('access-control-allow-origin', origin, 'access-control-expose-headers', EXPOSED, ...credentials)
    },
    preflight(origin, methods) {
      const vary = ['vary', 'Origin']
      if (!origins.has(origin)) return vary
      return [
        ...vary,
        ...credentials,
        'access-control-allow-origin',
        origin,
        'access-control-allow-methods',
        methods,
        'access-control-allow-headers',
        REQUESTED,
        'access-control-max-age',
        maxAge,
      ]
    },
  }
}

/** The rules for `*`: every page may call, so none may send what the browser stores for its visitor (Fetch §3.2.5). */
function corsForAll(maxAge: string, credentials: boolean): Cors {
  if (credentials)
    throw new Error(
      'http.cors: every origin with credentials would let any page act for its visitors; name the origins',
    )
  return {
    vary: 'Accept',
    allow(_, fields) {
      fields.push('access-control-allow-origin', '*', 'access-control-expose-headers', EXPOSED)
    },
    preflight: (_, methods) => [
      'access-control-allow-origin',
      '*',
      'access-control-allow-methods',
      methods,
      'access-control-allow-headers',
      REQUESTED,
      'access-control-max-age',
      maxAge,
    ],
  }
}
