import { brotliCompress, constants, gzip, zstdCompress, type InputType } from 'node:zlib'
import type { FieldLines } from '../exchange.ts'

/** A content coding for responses (RFC 9110 §8.4.1, RFC 8878). */
export interface Coding {
  readonly name: 'zstd' | 'br' | 'gzip'
  /** The suffix in entity tags: compressed bytes are another representation (RFC 9110 §8.8.3.3). */
  readonly suffix: string
  readonly compress: (body: InputType, done: (error: Error | null, bytes: Buffer) => void) => void
}

/** In order of preference. The levels are so low that compressing a few kilobytes does not noticeably delay a response. */
const codings: readonly Coding[] = [
  { name: 'zstd', suffix: '-zst', compress: (body, done) => zstdCompress(body, done) },
  {
    name: 'br',
    suffix: '-br',
    compress: (body, done) => brotliCompress(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }, done),
  },
  { name: 'gzip', suffix: '-gz', compress: (body, done) => gzip(body, done) },
]

/** Results of `choose` by field value, because clients send the same few. Emptied when full. */
const known = new Map<string, Coding | null>()
const MOST_KNOWN = 100

/** The coding that the client prefers among ours; null = none. */
export function codingOf(accept: string): Coding | null {
  let coding = known.get(accept)
  if (coding === undefined) {
    if (known.size >= MOST_KNOWN) known.clear()
    known.set(accept, (coding = choose(accept)))
  }
  return coding
}

/** How much a client wants each coding, from 0 (not at all) to 1. */
function weigh(accept: string): (name: string) => number {
  const qualities = new Map<string, number>()
  for (const part of accept.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';')
    const weight = parameters.find(one => one.trim().startsWith('q='))
    const quality = weight === undefined ? 1 : Number(weight.trim().slice(2))
    qualities.set(name.trim(), quality >= 0 && quality <= 1 ? quality : 0)
  }
  // By default, `identity` is acceptable (RFC 9110 §12.5.3). It only wins if the client prefers it.
  return name => qualities.get(name) ?? (name === 'identity' ? 0 : (qualities.get('*') ?? 0))
}

/** Whether a client takes a coding. */
export function takesCoding(accept: string, name: Coding['name']): boolean {
  return weigh(accept)(name) > 0
}

function choose(accept: string): Coding | null {
  const of = weigh(accept)
  let best: Coding | null = null
  let quality = of('identity')
  for (const coding of codings) {
    if (of(coding.name) <= 0 || of(coding.name) < quality || (best && of(coding.name) === quality)) continue
    best = coding
    quality = of(coding.name)
  }
  return best
}

/**
 * Whether a body may be compressed: it is text, has no coding yet and may be transformed. Responses that must not be stored
 * contain secrets, and their compressed length would reveal something about them (BREACH).
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
