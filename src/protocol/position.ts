/** A place in the change log as clients see it: `epoch.seq`. The same text serves as entity tag, event id and `since`. */
export interface Position {
  /** Names the stretch of history. Positions with different epochs cannot be compared by `seq` alone. */
  readonly epoch: string
  readonly seq: number
}

/** Writes a position: `k3x9q0.17`. */
export function formatPosition(epoch: string, seq: number): string {
  return `${epoch}.${seq}`
}

/**
 * The positions in one of our entity tags: that of the row or list itself, and that of the newest change to other rows
 * that it shows. A client that has the tag has read up to the later one. null = the text is no tag of a row or list.
 */
export function positionsOfTag(tag: string): readonly Position[] | null {
  const [epoch = '', seq = '', , ...more] = tag.replaceAll(/~[0-9]+/g, '').split('.')
  const own = parsePosition(`${epoch}.${seq}`)
  if (own === null) return null
  const other = parsePosition(`${epoch}.${more[0] ?? ''}`) ?? parsePosition(`${more[0] ?? ''}.${more[1] ?? ''}`)
  return other === null ? [own] : [own, other]
}

/** The inverse of formatPosition; null for anything that formatPosition does not write (so `e.07` and `e.1e3` are no positions). */
export function parsePosition(text: string): Position | null {
  const match = /^([0-9a-z]{6})\.(0|[1-9][0-9]{0,15})$/.exec(text)
  if (!match) return null
  const seq = Number(match[2])
  return Number.isSafeInteger(seq) ? { epoch: match[1]!, seq } : null
}
