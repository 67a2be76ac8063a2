/** A place in the change log, as clients see it: `epoch.seq`. It is an ETag, an event id and a `since` at once. */
export interface Position {
  /** Names the history; positions of two histories cannot be compared. */
  readonly epoch: string
  readonly seq: number
}

/** `k3x9q0.17`. */
export function formatPosition(epoch: string, seq: number): string {
  return `${epoch}.${seq}`
}

/** The inverse; null for anything that formatPosition does not write (so `e.07` and `e.1e3` are no positions). */
export function parsePosition(text: string): Position | null {
  const match = /^([0-9a-z]{6})\.(0|[1-9][0-9]{0,15})$/.exec(text)
  if (!match) return null
  const seq = Number(match[2])
  return Number.isSafeInteger(seq) ? { epoch: match[1]!, seq } : null
}
