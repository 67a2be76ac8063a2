/** A client's wish not to wait (`respond-async`, RFC 7240 §4.1), and for how many seconds it would (`wait`, §4.3). */
export interface RespondAsync {
  readonly wait: number
}

/** The longest that a request is held open, in seconds, whatever it asks for. */
const LONGEST = 60

/** Reads `respond-async` from a Prefer field. null if the client is willing to wait for the result. */
export function readAsync(prefer: string | undefined): RespondAsync | null {
  if (prefer === undefined) return null
  let wait = 0
  let isAsync = false
  for (const part of prefer.split(',')) {
    const text = part.split(';')[0]!.replaceAll(/[\s"]/g, '').toLowerCase()
    if (text === 'respond-async') isAsync = true
    const seconds = /^wait=(\d{1,6})$/.exec(text)
    if (seconds) wait = Math.min(Number(seconds[1]), LONGEST)
  }
  return isAsync ? { wait } : null
}
