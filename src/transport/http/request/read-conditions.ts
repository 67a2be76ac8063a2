import type { Conditions, Tag } from '../../../engine/call/call.ts'
import { ApiError } from '../../../protocol/error.ts'
import type { Exchange, FieldLines } from '../exchange.ts'

/**
 * Reads the preconditions of a request (RFC 9110 §13.1); null if there are none. `suffix` is that of entity tags in the format of
 * the answer. What the conditions mean is decided in engine/read/preconditions.ts.
 */
export function readConditions(exchange: Exchange, suffix: string = ''): Conditions | null {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = exchange
  if (
    ifMatch === undefined &&
    ifNoneMatch === undefined &&
    ifModifiedSince === undefined &&
    ifUnmodifiedSince === undefined
  ) {
    return null
  }
  const conditions: Conditions = {
    ifMatch: ifMatch === undefined ? null : uncoded(exchange, readTags('if-match', ifMatch)),
    ifNoneMatch: ifNoneMatch === undefined ? null : uncoded(exchange, readTags('if-none-match', ifNoneMatch)),
    ifModifiedSince: ifModifiedSince === undefined ? null : readDate(ifModifiedSince),
    ifUnmodifiedSince: ifUnmodifiedSince === undefined ? null : readDate(ifUnmodifiedSince),
  }
  // Writes are about the version, in whatever format it was read.
  const isRead = exchange.method === 'GET' || exchange.method === 'HEAD' || exchange.method === 'QUERY'
  return suffix !== '' && isRead ? ofFormat(conditions, suffix) : conditions
}

/** The suffix that a coding has added to an entity tag. */
const CODED = /-(?:zst|br|gz)$/

/** Removes the suffix of a content coding from tags: it is about the bytes on the wire, not about the version. */
function uncoded(exchange: Exchange, tags: '*' | readonly Tag[]): '*' | readonly Tag[] {
  if (tags === '*') return tags
  return tags.map(tag => {
    const suffix = CODED.exec(tag.value)?.[0]
    if (suffix === undefined) return tag
    exchange.coded = suffix
    return { ...tag, value: tag.value.slice(0, -suffix.length) }
  })
}

/**
 * Adapts the conditions of a read to the engine, which knows nothing of formats: tags of this format lose its suffix, and tags
 * of other formats cannot match.
 */
function ofFormat(conditions: Conditions, suffix: string): Conditions {
  const own = (tags: Conditions['ifMatch']): Conditions['ifMatch'] =>
    tags === null || tags === '*'
      ? tags
      : tags.map(({ value, weak }) => ({
          value: value.endsWith(suffix) ? value.slice(0, -suffix.length) : `${value}.another-format`,
          weak,
        }))
  return { ...conditions, ifMatch: own(conditions.ifMatch), ifNoneMatch: own(conditions.ifNoneMatch) }
}

/**
 * Parses entity tags by the grammar of RFC 9110 §8.8.3: `*` or `[W/]"…", …`. A tag may contain commas. Anything malformed is
 * refused: ignoring a condition could let a write through.
 */
export function readTags(header: string, text: string): '*' | readonly Tag[] {
  if (text === '*') return '*'
  const tags: Tag[] = []
  let at = 0
  for (;;) {
    while (isGap(text.charCodeAt(at))) at++
    if (at >= text.length) break
    const weak = text.startsWith('W/', at)
    if (weak) at += 2
    const end = text.charCodeAt(at) === 0x22 ? text.indexOf('"', at + 1) : -1
    if (end < 0) throw malformed(header)
    tags.push({ value: text.slice(at + 1, end), weak })
    at = end + 1
    if (at < text.length && !isGap(text.charCodeAt(at))) throw malformed(header)
  }
  if (tags.length === 0) throw malformed(header)
  return tags
}

// Between tags there may be commas, spaces and tabs. Empty list elements are allowed (RFC 9110 §5.6.1.2).
const isGap = (code: number): boolean => code === 0x2c || code === 0x20 || code === 0x09

const malformed = (header: string): ApiError =>
  new ApiError('bad_request', {
    issues: [{ header, code: 'format', detail: 'is neither * nor a list of quoted entity tags' }],
  })

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const imf = /^[A-Z][a-z]{2}, (?<day>\d\d) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) GMT$/
const rfc850 = /^[A-Z][a-z]{5,8}, (?<day>\d\d)-(?<month>[A-Z][a-z]{2})-(?<year>\d\d) (?<time>\d\d:\d\d:\d\d) GMT$/
const asctime = /^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})$/

/**
 * Parses a date in any of the three forms of RFC 9110 §5.6.7, to milliseconds since 1970. null for anything else; such a
 * condition is ignored.
 */
export function readDate(text: string): number | null {
  const { groups } = imf.exec(text) ?? rfc850.exec(text) ?? asctime.exec(text) ?? {}
  return groups ? moment(groups) : null
}

function moment({ year = '', month = '', day, time }: Readonly<Record<string, string>>): number | null {
  const index = months.indexOf(month)
  if (index < 0) return null
  const [h, m, s] = time?.split(':').map(Number) ?? []
  const at = Date.UTC(year.length === 2 ? wholeYear(Number(year)) : Number(year), index, Number(day), h, m, s)
  return new Date(at).getUTCDate() === Number(day) ? at : null
}

/** A two-digit year that would be more than 50 years ahead is in the previous century. */
function wholeYear(year: number): number {
  const thisYear = new Date().getUTCFullYear()
  const next = thisYear - (thisYear % 100) + year
  return next > thisYear + 50 ? next - 100 : next
}

let lastSecond = -1
let lastText = ''

/** Writes an HTTP date. The last one is remembered, because many rows share their second. */
export function writeDate(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1000)
  if (second !== lastSecond) {
    lastSecond = second
    lastText = new Date(second * 1000).toUTCString()
  }
  return lastText
}

/** Adds the suffix of a coding to the entity tag among the fields. */
export function suffixTag(fields: FieldLines, suffix: string): void {
  const at = fields.indexOf('etag')
  if (at >= 0) fields[at + 1] = fields[at + 1]!.replace(/"$/, `${suffix}"`)
}
