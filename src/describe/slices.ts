import type { Maybe } from '../store/work.ts'

/** Work that may be interrupted wherever it yields. */
export type Sliced<T> = Generator<void, T>

/** Milliseconds of one turn of the event loop that such work may take. */
const SLICE = 10

/** Does work turn by turn, so that requests are answered in between. If one turn is enough, the result comes at once. */
export function inSlices<T>(work: Sliced<T>): Maybe<T> {
  const end = performance.now() + SLICE
  do {
    const { done, value } = work.next()
    if (done) return value
  } while (performance.now() < end)
  return new Promise(resolve => setImmediate(resolve)).then(() => inSlices(work))
}

/** Writes JSON like `JSON.stringify`, and may be interrupted between the members of the outer objects, so many levels deep. */
export function* jsonText(value: unknown, levels = 3): Sliced<string> {
  if (levels === 0 || typeof value !== 'object' || value === null || Array.isArray(value)) {
    yield
    return JSON.stringify(value)
  }
  const members: string[] = []
  for (const [key, member] of Object.entries(value))
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${yield* jsonText(member, levels - 1)}`)
  return `{${members.join(',')}}`
}
