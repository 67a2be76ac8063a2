import { ApiError, type NamedAt } from '../../protocol/error.ts'
import { parsePosition } from '../../protocol/position.ts'
import type { Store } from '../../store/store.ts'

/** The seq of a position that a request names. Throws ApiError `validation` if it is not a position of this history. */
export function seqOfParameter({ terms }: Store, text: string, named: NamedAt): number {
  const seq = terms.seqOf(text)
  if (seq !== null) return seq
  const detail = parsePosition(text)
    ? 'is of another history than this one'
    : 'is not a position: it is epoch.seq, as entity tags and streams name it'
  throw new ApiError('validation', { issues: [{ ...named, code: 'format', detail }] })
}
