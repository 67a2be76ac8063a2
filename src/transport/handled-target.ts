import type { HandledResources, HandledCall, HandledValue } from '../engine/actions/handled-resources.ts'
import type { HandledOperation } from '../model/declare/handled.ts'
import { canonicalUri } from '../model/declare/uri-pattern.ts'
import type { Id } from '../model/model.ts'
import { ApiError } from '../protocol/error.ts'

/** The part of a URI that names a handled resource. */
export interface HandledTarget {
  /** The URI in the form that patterns and the log use: one leading slash, nothing encoded. */
  readonly uri: string
  /** The text after the `?`. */
  readonly query: string
  /** The operations that are declared there, at least one. */
  readonly operations: readonly HandledOperation[]
}

const all: readonly HandledOperation[] = ['get', 'create', 'patch', 'delete']

/** Finds a handled resource. `/apples` and `/apples/` are the same unless both are declared. */
export function findHandled({ routes }: HandledResources, spelled: string): HandledTarget | null {
  const mark = spelled.indexOf('?')
  const uri = decoded(canonicalUri(mark < 0 ? spelled : spelled.slice(0, mark)))
  if (uri === null) return null
  for (const one of [uri, uri.endsWith('/') ? uri.slice(0, -1) : `${uri}/`]) {
    const operations = all.filter(operation => routes.find(operation, one) !== null)
    if (operations.length > 0) return { uri: one, query: mark < 0 ? '' : spelled.slice(mark + 1), operations }
  }
  return null
}

/**
 * The value after a write, if the caller may read it; otherwise null. A caller who may write but not read gets no value, but
 * the write stays.
 */
export async function valueAfter(
  handled: HandledResources,
  { uri, principal }: HandledCall,
): Promise<HandledValue | null> {
  const match = handled.routes.find('get', uri)
  if (!match) return null
  try {
    handled.permit(match, 'get', principal)
  } catch {
    return null
  }
  const now = await handled.get({ uri, principal })
  return now?.value == null ? null : now
}

/** The id of a value that functions serve. null = it has none. */
export function idOfValue(value: unknown): Id | null {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : null
  return typeof id === 'string' || typeof id === 'number' ? id : null
}

/** Decodes the segments of a path. null if one of them contains an encoded slash, which no pattern matches. */
function decoded(path: string): string | null {
  if (!path.includes('%')) return path
  try {
    const segments = path.split('/').map(decodeURIComponent)
    return segments.some(segment => segment.includes('/')) ? null : segments.join('/')
  } catch {
    throw new ApiError('bad_encoding', { detail: 'The path is not percent-encoded UTF-8' })
  }
}
