/** 135233 → `135,233`. */
export const countWords = (n: number): string => n.toLocaleString('en')

/** 1 → `1 row`, 2 → `2 rows`. */
export const nounWords = (n: number, noun: string): string => `${countWords(n)} ${noun}${n === 1 ? '' : 's'}`

/** 12582912 → `12 MB`. */
export function byteWords(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB']
  let [at, n] = [0, bytes]
  while (n >= 1_000 && at < units.length - 1) [at, n] = [at + 1, n / 1_000]
  return `${at === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[at]}`
}

/** 0.04 milliseconds → `40 µs`, 12.34 → `12.3 ms`. */
export const spanWords = (ms: number): string => (ms < 1 ? `${Math.round(ms * 1_000)} µs` : `${ms.toFixed(1)} ms`)

/** How long ago something was: `now`, `12 s ago`, `3 min ago`. */
export function agoWords(at: number, now: number = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - at) / 1_000))
  if (seconds < 2) return 'now'
  return `${durationWords(seconds)} ago`
}

export function durationWords(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.round(seconds / 3_600)} h`
  return `${Math.round(seconds / 86_400)} d`
}

/** A value as text. */
export const plainText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))

/** A value as one line. */
export function lineOf(value: unknown, most = 300): string {
  const text = plainText(value)
  return (text.length > most ? `${text.slice(0, most)}…` : text).replaceAll(/\s+/g, ' ')
}
