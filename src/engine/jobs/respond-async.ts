/** That a client would rather not wait (RFC 7240 §4.1), and how many seconds it would (§4.3). */
export interface RespondAsync {
  readonly wait: number
}

/** Seconds that a request is held at most, whatever it says. */
const LONGEST = 60

/** The preference of a request's Prefer field; null if it does not mind to wait. */
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
