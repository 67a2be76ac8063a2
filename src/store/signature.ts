import type { Id } from '../model/model.ts'
import type { Commit, RowChange } from './store.ts'

/** The parts of a caller that a signature names. null = anonymous: all of them count as one caller. */
type Writer = { readonly id: number | string } | null

/**
 * How the log notes who wrote, under which idempotency key: the id of the caller as JSON text, a space, and the key. Without a key
 * nothing follows the space.
 */
export function signatureOf(writer: Writer, key: string): string {
  return `${JSON.stringify(writer?.id ?? null)} ${key}`
}

/** The changes of a write with who wrote them; null = nobody knows. The first one has the key as well. */
export function signed(changes: RowChange[], signature: string | null): RowChange[] {
  if (signature === null) return changes
  const author = authorIn(signature)
  return changes.map((change, i) => ({ ...change, by: i === 0 ? signature : author }))
}

/** Who wrote, by a signature; null = somebody who was not logged in. Keys have no spaces. */
export function writerOf(signature: string): Id | null {
  return JSON.parse(authorIn(signature)) as Id | null
}

const authorIn = (signature: string): string => signature.slice(0, signature.lastIndexOf(' ') + 1)

const hasKey = (signature: string): boolean => !signature.endsWith(' ')

/** The keys among signatures that a caller has chosen. Nobody is told the keys of others. */
export function keysOf(signatures: readonly string[], writer: Writer): readonly string[] {
  if (signatures.length === 0) return none
  const begin = signatureOf(writer, '')
  const keys = signatures.filter(one => one.startsWith(begin)).map(one => one.slice(begin.length))
  // The writes of a batch share a key.
  return keys.length > 1 ? [...new Set(keys)] : keys
}

/** The signatures of the writes in commits that have idempotency keys. */
export function signaturesOf(commits: readonly Commit[]): readonly string[] {
  const [only] = commits
  if (commits.length === 1) return signaturesIn(only!)
  const all = commits.flatMap(signaturesIn)
  return all.length > 0 ? all : none
}

/** Found once for commits with many changes, because each view asks for them. */
const known = new WeakMap<Commit, readonly string[]>()

function signaturesIn(commit: Commit): readonly string[] {
  const { changes } = commit
  if (changes.length === 1) {
    const { by } = changes[0]!
    return by !== undefined && hasKey(by) ? [by] : none
  }
  let found = known.get(commit)
  if (!found) {
    const own = changes.flatMap(({ by }) => (by !== undefined && hasKey(by) ? by : []))
    known.set(commit, (found = own.length > 0 ? own : none))
  }
  return found
}

const none: readonly string[] = Object.freeze([])
