import { brotliCompress, constants, gzip, zstdCompress, type InputType } from 'node:zlib'
import type { FieldLines } from '../exchange.ts'

/** A way to write a body smaller (RFC 9110 §8.4.1, RFC 8878). */
export interface Coding {
  readonly name: 'zstd' | 'br' | 'gzip'
  /** Tells its bytes from those of others in entity tags: they are another representation (RFC 9110 §8.8.3.3). */
  readonly suffix: string
  readonly compress: (body: InputType, done: (error: Error | null, bytes: Buffer) => void) => void
}

/** The preferred first. Levels are those at which the time for an answer of some kilobytes does not show. */
const codings: readonly Coding[] = [
  { name: 'zstd', suffix: '-zst', compress: (body, done) => zstdCompress(body, done) },
  {
    name: 'br',
    suffix: '-br',
    compress: (body, done) => brotliCompress(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }, done),
  },
  { name: 'gzip', suffix: '-gz', compress: (body, done) => gzip(body, done) },
]

/** Answers of `choose` by field value: clients send the same few. Emptied when full. */
const known = new Map<string, Coding | null>()
const MOST_KNOWN = 100

/** The coding that a client would like best of those that there are; null = none. */
export function codingOf(accept: string): Coding | null {
  let coding = known.get(accept)
  if (coding === undefined) {
    if (known.size >= MOST_KNOWN) known.clear()
    known.set(accept, (coding = choose(accept)))
  }
  return coding
}

function choose(accept: string): Coding | null {
  const qualities = new Map<string, number>()
  for (const part of accept.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';')
    const weight = parameters.find(one => one.trim().startsWith('q='))
    const quality = weight === undefined ? 1 : Number(weight.trim().slice(2))
    qualities.set(name.trim(), quality >= 0 && quality <= 1 ? quality : 0)
  }
  const of = (name: string): number => qualities.get(name) ?? qualities.get('*') ?? 0
  let best: Coding | null = null
  // What is not said of identity, it has (RFC 9110 §12.5.3); it wins only where it is wanted more.
  let quality = qualities.get('identity') ?? 0
  for (const coding of codings) {
    if (of(coding.name) <= 0 || of(coding.name) < quality || (best && of(coding.name) === quality)) continue
    best = coding
    quality = of(coding.name)
  }
  return best
}

/** The suffix that a coding gave an entity tag, '' for none. */
export function codedSuffix(tag: string): string {
  return /-(?:zst|br|gz)$/.exec(tag)?.[0] ?? ''
}

/** Gives the entity tag among the fields a coding's suffix. */
export function suffixTag(fields: FieldLines, suffix: string): void {
  const at = fields.indexOf('etag')
  if (at >= 0) fields[at + 1] = fields[at + 1]!.replace(/"$/, `${suffix}"`)
}

/**
 * Whether a body may be compressed: it is text, is not coded yet and may be changed on the way. What must not be stored
 * holds secrets, whose length would tell about them (BREACH).
 */
export function isCompressible(fields: FieldLines): boolean {
  let text = false
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const value = fields[i + 1]!
    switch (fields[i]!) {
      case 'content-type':
        text = /^(?:text\/(?!event-stream)|application\/(?:[\w.+-]*\+)?(?:json|xml|yaml|javascript)\b|image\/svg)/.test(
          value,
        )
        break
      case 'content-encoding':
        return false
      case 'cache-control':
        if (value.includes('no-transform') || value.includes('no-store')) return false
        break
    }
  }
  return text
}
