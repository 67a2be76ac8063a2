import { ApiError } from '../../protocol/error.ts'

/** A way to write a representation. Others than JSON join `formats`; nothing else asks for a media type. */
export interface Format {
  readonly type: string
}

export const json: Format = { type: 'application/json' }

/** What a representation can be had in, the preferred first. */
const formats: readonly Format[] = [json]

// Problems are JSON as well: who accepts only them may still ask.
const ranges: readonly (readonly [string, Format])[] = [
  ...formats.map(format => [format.type, format] as const),
  ['application/problem+json', json],
]

/** Answers of `choose` by field value: clients send the same few. Emptied when full. */
const known = new Map<string, Format | null>()
const MOST_KNOWN = 200

/** The format to answer in (RFC 9110 §12.5.1); throws not_acceptable, naming what there is, or is lenient and answers in JSON. */
export function negotiate(accept: string | undefined, lenient = false): Format {
  if (accept === undefined || accept === '*/*' || accept === json.type) return json
  let format = known.get(accept)
  if (format === undefined) {
    format = choose(accept)
    if (known.size >= MOST_KNOWN) known.clear()
    known.set(accept, format)
  }
  if (format === null) {
    if (lenient) return json
    throw new ApiError('not_acceptable', { members: { available: formats.map(one => one.type) } })
  }
  return format
}

function choose(accept: string): Format | null {
  const wanted = accept.split(',').map(readRange)
  let best: Format | null = null
  let quality = 0
  for (const [type, format] of ranges) {
    const q = qualityOf(type, wanted)
    if (q > quality) {
      best = format
      quality = q
    }
  }
  return best
}

interface Range {
  readonly type: string
  readonly quality: number
}

function readRange(text: string): Range {
  const parts = text.split(';')
  const weight = parts.find((part, i) => i > 0 && /^\s*q=/i.test(part))
  const quality = weight === undefined ? 1 : Number(weight.slice(weight.indexOf('=') + 1))
  return { type: parts[0]!.trim().toLowerCase(), quality: quality >= 0 && quality <= 1 ? quality : 0 }
}

/** The most specific range that covers the type decides, even if it says 0. */
function qualityOf(type: string, wanted: readonly Range[]): number {
  const group = `${type.slice(0, type.indexOf('/'))}/*`
  for (const range of [type, group, '*/*']) {
    const found = wanted.filter(one => one.type === range)
    if (found.length > 0) return Math.max(...found.map(one => one.quality))
  }
  return 0
}
