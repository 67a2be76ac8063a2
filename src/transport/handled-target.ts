import type { Handled, HandledCall, HandledValue } from '../engine/actions/handled-resources.ts'
import type { HandledOperation } from '../model/declare/handled.ts'
import { canonicalUri } from '../model/declare/uri-pattern.ts'
import { ApiError } from '../protocol/error.ts'

/** What of what functions serve a URI names. */
export interface HandledTarget {
  /** As patterns and the log know it: with one leading slash, nothing encoded. */
  readonly uri: string
  /** What stands behind the `?`. */
  readonly query: string
  /** What may be asked there, one at least. */
  readonly operations: readonly HandledOperation[]
}

const all: readonly HandledOperation[] = ['get', 'create', 'patch', 'delete']

/** Finds what HTTP finds at a URI: `/apples` and `/apples/` are the same as long as they are not both declared. */
export function findHandled({ routes }: Handled, spelled: string): HandledTarget | null {
  const mark = spelled.indexOf('?')
  const uri = decoded(canonicalUri(mark < 0 ? spelled : spelled.slice(0, mark)))
  if (uri === null) return null
  for (const one of [uri, uri.endsWith('/') ? uri.slice(0, -1) : `${uri}/`]) {
    const operations = all.filter(operation => routes.find(operation, one) !== null)
    if (operations.length > 0) return { uri: one, query: mark < 0 ? '' : spelled.slice(mark + 1), operations }
  }
  return null
}

/** What a write left behind, for those who may read it: that others may not does not undo the write. Null = nothing to show. */
export async function valueAfter(handled: Handled, { uri, principal }: HandledCall): Promise<HandledValue | null> {
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

/** Each segment decoded; null where one of them holds a slash, which no pattern means. */
function decoded(path: string): string | null {
  if (!path.includes('%')) return path
  try {
    const segments = path.split('/').map(decodeURIComponent)
    return segments.some(segment => segment.includes('/')) ? null : segments.join('/')
  } catch {
    throw new ApiError('bad_encoding', { detail: 'The path is not percent-encoded UTF-8' })
  }
}
