import type { Commit } from './store.ts'

/** The parts of a caller that a signature names. null = anonymous: all of them count as one caller. */
type Writer = { readonly id: number | string } | null

/** How the log notes a write with an idempotency key: the id of its caller as JSON text, a space, and the key. */
export function signatureOf(writer: Writer, key: string): string {
  return `${JSON.stringify(writer?.id ?? null)} ${key}`
}

/** The keys among signatures that a caller has chosen. Nobody is told the keys of others. */
export function keysOf(signatures: readonly string[], writer: Writer): readonly string[] {
  if (signatures.length === 0) return none
  const begin = signatureOf(writer, '')
  const keys = signatures.filter(one => one.startsWith(begin)).map(one => one.slice(begin.length))
  // The writes of a batch share a key.
  return keys.length > 1 ? [...new Set(keys)] : keys
}

/** The signatures of the writes in commits. */
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
  if (changes.length === 1) return changes[0]!.by === undefined ? none : [changes[0]!.by]
  let found = known.get(commit)
  if (!found) {
    const own = changes.flatMap(({ by }) => by ?? [])
    known.set(commit, (found = own.length > 0 ? own : none))
  }
  return found
}

const none: readonly string[] = Object.freeze([])
