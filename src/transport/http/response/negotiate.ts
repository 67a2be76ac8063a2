import { jsonFormat, type Exporter, type Format, type Negotiator } from '../format.ts'
import { ApiError } from '../../../protocol/error.ts'
import { inSlices } from '../../../engine/slices.ts'
import { writeHal } from '../hypermedia/hal.ts'
import { JSON_API, writeJsonApi, writeJsonApiValue } from '../hypermedia/json-api.ts'
import { writeSiren } from '../hypermedia/siren.ts'

/** The built-in formats. Their libraries are loaded with the first response that needs them, which most programs never send. */
const builtIn: Readonly<Record<string, Exporter>> = {
  'application/xml': async (value, { resource }) =>
    inSlices((await import('../format/xml.ts')).writeXml(value, resource)),
  'text/csv': async value => inSlices((await import('../format/csv.ts')).writeCsv(value)),
  'application/vnd.msgpack': async value => (await import('../format/message-pack.ts')).writeMessagePack(value),
}
/** Formats that link rows to each other. */
const hypermedia: Readonly<Record<string, Required<Pick<Format, 'write' | 'document'>>>> = {
  'application/hal+json': { document: writeHal, write: value => JSON.stringify(value) },
  [JSON_API]: { document: writeJsonApi, write: writeJsonApiValue },
  'application/vnd.siren+json': { document: writeSiren, write: value => JSON.stringify(value) },
}
/** Other names of the same formats. */
const aliases: Readonly<Record<string, string>> = {
  'text/xml': 'application/xml',
  'application/msgpack': 'application/vnd.msgpack',
  'application/x-msgpack': 'application/vnd.msgpack',
}

const MOST_KNOWN = 200

/** For responses that only exist in JSON. */
export function negotiate(accept: string | undefined): Format {
  return onlyJson.choose(accept)
}

/** Makes a negotiator with JSON first, then your own exporters, then the built-in formats. */
export function negotiatorOf(exporters: Readonly<Record<string, Exporter>> = {}): Negotiator {
  return negotiatorAmong({ ...exporters, ...builtIn, ...exporters }, hypermedia)
}

function negotiatorAmong(exporters: Readonly<Record<string, Exporter>>, linking: typeof hypermedia): Negotiator {
  const formats = new Map<string, Format>([[jsonFormat.type, jsonFormat]])
  for (const [type, write] of Object.entries(exporters))
    formats.set(type.toLowerCase(), {
      type: typeOf(type),
      suffix: suffixOf(type),
      write,
    })
  for (const [type, writers] of Object.entries(linking))
    if (!formats.has(type)) formats.set(type, { type, suffix: suffixOf(type), ...writers })
  // Problems are JSON too, so a client that accepts only them may still ask.
  const ranges: [string, Format][] = [...formats, ['application/problem+json', jsonFormat]]
  for (const [alias, type] of Object.entries(aliases)) {
    const format = formats.get(type)
    if (format && !formats.has(alias)) ranges.push([alias, { ...format, type: typeOf(alias) }])
  }
  const available = [...formats.values()].map(one => one.type)
  /** Results by field value, because clients send the same few. Emptied when full. */
  const known = new Map<string, Format | null>()
  return {
    choose: (accept, lenient = false) => {
      if (accept === undefined || accept === '*/*' || accept === jsonFormat.type) return jsonFormat
      let format = known.get(accept)
      if (format === undefined) {
        format = best(accept, ranges)
        if (known.size >= MOST_KNOWN) known.clear()
        known.set(accept, format)
      }
      if (format !== null) return format
      if (lenient) return jsonFormat
      throw new ApiError('not_acceptable', { members: { available } })
    },
  }
}

const suffixOf = (type: string): string => `.${type.toLowerCase().replaceAll(/[/+]/g, '-')}`

const typeOf = (type: string): string => (type.startsWith('text/') ? `${type}; charset=utf-8` : type)

/** The format with the highest quality; among equals the one that is named most exactly, then the first one. */
function best(accept: string, ranges: readonly (readonly [string, Format])[]): Format | null {
  const asked = accept.split(',').map(readRange)
  // Browsers name XML only for the sake of XHTML. Whoever opens an address there is shown JSON.
  const isBrowser = asked.some(({ type }) => type === 'application/xhtml+xml')
  const wanted = isBrowser ? asked.filter(({ type }) => type !== 'application/xml') : asked
  let found: Format | null = null
  let highest: Weight = { quality: 0, exactness: 0 }
  for (const [type, format] of ranges) {
    const weight = weightOf(type, wanted)
    if (weight.quality === 0) continue
    if (
      weight.quality > highest.quality ||
      (weight.quality === highest.quality && weight.exactness > highest.exactness)
    ) {
      found = format
      highest = weight
    }
  }
  return found
}

interface Range {
  readonly type: string
  readonly quality: number
}
interface Weight {
  readonly quality: number
  readonly exactness: number
}

function readRange(text: string): Range {
  const parts = text.split(';')
  const weight = parts.find((part, i) => i > 0 && /^\s*q=/i.test(part))
  const quality = weight === undefined ? 1 : Number(weight.slice(weight.indexOf('=') + 1))
  const type = parts[0]!.trim().toLowerCase()
  // JSON:API 1.1 (Server Responsibilities): with unknown parameters, the media type does not count as requested.
  if (type === JSON_API && parts.some((part, i) => i > 0 && !/^\s*(q|profile)=/i.test(part)))
    return { type: '', quality: 0 }
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 }
}

/** The most specific range that matches a type decides, even if its quality is 0. */
function weightOf(type: string, wanted: readonly Range[]): Weight {
  const group = `${type.slice(0, type.indexOf('/'))}/*`
  for (const [i, range] of [type, group, '*/*'].entries()) {
    const found = wanted.filter(one => one.type === range)
    if (found.length > 0) return { quality: Math.max(...found.map(one => one.quality)), exactness: 3 - i }
  }
  return { quality: 0, exactness: 0 }
}

const onlyJson = negotiatorAmong({}, {})
