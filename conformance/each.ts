import { isDeepStrictEqual } from 'node:util'
import { Unknown, type CaseResult, type RunOptions } from './result.ts'

/** Collects what a case opens. It is closed afterwards in reverse order, even if the case took too long. */
export type Closing = Pick<AsyncDisposableStack, 'defer'>

/**
 * Plays one case. Resolves to what is wrong with it, null = nothing. It throws `Unknown` for words that it does not know. It
 * reports where it is, so that a case that takes too long can name the step.
 */
export type Play<C> = (one: C, closing: Closing, at: (place: string) => void) => Promise<string | null> | string | null

const usualLimitMs = 60_000
const closingMs = 10_000

/** Plays cases one after the other, each with its own time limit and its own catch: none can take the others along. */
export async function playEach<C>(
  cases: readonly C[],
  nameOf: (one: C, index: number) => string,
  { limitMs = usualLimitMs }: RunOptions,
  play: Play<C>,
): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  for (const [index, one] of cases.entries()) {
    let place = ''
    const closing = new AsyncDisposableStack()
    const outcome = await within(
      limitMs,
      attempt(one, play, closing, text => (place = text)),
    )
    const closed = await within(
      closingMs,
      closing.disposeAsync().catch(() => undefined),
    )
    const found = outcome === late ? { outcome: 'failed' as const, detail: `not done after ${limitMs} ms` } : outcome
    const detail = [place, found.detail].filter(Boolean).join(': ')
    results.push({
      name: nameOf(one, index),
      outcome: found.outcome,
      ...(found.outcome === 'failed' && {
        detail: closed === late ? `${detail}; what it opened did not close` : detail,
      }),
      ...(found.outcome === 'skipped' && { detail: found.detail ?? '' }),
    })
  }
  return results
}

async function attempt<C>(
  one: C,
  play: Play<C>,
  closing: Closing,
  at: (place: string) => void,
): Promise<Omit<CaseResult, 'name'>> {
  try {
    const fault = await play(one, closing, at)
    return fault === null ? { outcome: 'passed' } : { outcome: 'failed', detail: fault }
  } catch (error) {
    if (error instanceof Unknown) return { outcome: 'skipped', detail: error.message }
    return { outcome: 'failed', detail: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

export const late: unique symbol = Symbol('late')

/** The result of a promise, or `late` after so many milliseconds. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T | typeof late> {
  const { promise, resolve } = Promise.withResolvers<typeof late>()
  const timer = setTimeout(() => resolve(late), milliseconds)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}

/** Applies all departures that concern a place. A rule returns `null` if it does not concern it. */
export function departed<T, At>(
  rules: readonly { readonly id: string; rewrite(at: At, expected: T): T | null }[],
  at: At,
  recorded: T,
  note: (id: string) => void,
): T {
  return rules.reduce((expected, rule) => {
    const other = rule.rewrite(at, expected)
    if (other === null || isDeepStrictEqual(other, expected)) return expected
    note(rule.id)
    return other
  }, recorded)
}

/** Refuses words of a case that nothing reads, so that none is passed over in silence. */
export function knownWords(what: string, object: object, words: ReadonlySet<string>): void {
  const odd = Object.keys(object).filter(word => !words.has(word))
  if (odd.length > 0) throw new Unknown(`${what} ${odd.join(', ')}`)
}
