import { getOrThrow } from '../protocol/get-or-throw.ts'
import { ApiError } from '../protocol/error.ts'
import { parseJson } from '../protocol/json.ts'
import type { Limits } from '../protocol/limits.ts'
import { decodeCursor } from './cursor.ts'
import { note, throwFaults, type Faults, type Locate } from './faults.ts'
import { parseFlat } from './query-parameters.ts'
import type { FilterReading } from './operator.ts'
import { parseFilter } from './parse.ts'
import { allOf, everything, plainShape, type Predicate, type Query, type Shape, type SortKey } from './predicate.ts'
import type { Scope } from './scope.ts'
import { parseFields, parseInclude, type WordReading } from './shape.ts'
import { parseSort, sortKeysOf } from './sort.ts'
import { jsonMode, textMode, type InputMode } from '../schema/read/input-mode.ts'

/** What the query is for: a list has all query words, a single row only those of its shape. */
export type QueryTarget = 'list' | 'item'

/** A decoded query. */
export interface Decoded {
  /** null = the query is for a single row. */
  readonly query: Query | null
  readonly shape: Shape
}

export interface QueryOptions {
  /** How values in JSON filters are read. Default: `json`, unless the API is set to `cast`. */
  readonly mode?: InputMode
  /** Rows of a page by default, and at most. null = no bound. Default: those in the limits. */
  readonly page?: number | null
  readonly maxPage?: number | null
  /** The key of the cursors' HMAC. Without it all cursors are refused. */
  readonly cursorKey?: Uint8Array
  /** If given, unknown parameters are ignored and collected here, instead of being refused (RFC 7240 §4.4, handling=lenient). */
  readonly ignored?: string[]
}

/** The query words that say what is shown. */
export const shapeWords: ReadonlySet<string> = new Set(['depth', 'include', 'fields'])
/** The query words of a list. A field with such a name can be filtered only in the JSON form. */
export const listWords: ReadonlySet<string> = new Set([
  ...shapeWords,
  'filter',
  'sort',
  'limit',
  'offset',
  'cursor',
  'total',
])

/**
 * Decodes the parameters of a URL. Query words have their meaning; any other name is a condition in the flat form. Throws
 * ApiError with all faults, each with its `parameter`. Nothing is ignored.
 */
export function decodeQuery(
  scope: Scope,
  parameters: readonly (readonly [name: string, value: string])[],
  limits: Limits,
  target: QueryTarget,
  options: QueryOptions = {},
): Decoded {
  if (parameters.length === 0) return plainOf(limits, target, options)
  if (parameters.length > limits.parameters) {
    throw new ApiError('too_complex', { detail: `A URL may have at most ${limits.parameters} parameters` })
  }
  const decoder = new Decoder(scope, limits, { target, options, base: null })
  const words = target === 'list' ? listWords : shapeWords
  const flat = new Map<string, string[]>()
  for (const [name, value] of parameters) {
    if (words.has(name)) decoder.word(name, fromText(name, value, limits))
    else if (target === 'item' || listWords.has(name)) decoder.unknown(name)
    else if (flat.has(name)) getOrThrow(flat, name).push(value)
    else flat.set(name, [value])
  }
  // After all words: `filter` and flat conditions together are one conjunction, in whatever order they stand.
  for (const [name, values] of flat) decoder.flat(name, values)
  return decoder.done()
}

/**
 * Decodes a query from an object: the body of QUERY, a message on a socket, or a call of the application. Issues have pointers.
 */
export function decodeQueryObject(
  scope: Scope,
  object: Readonly<Record<string, unknown>>,
  limits: Limits,
  target: QueryTarget,
  options: QueryOptions = {},
): Decoded {
  const decoder = new Decoder(scope, limits, { target, options, base: '#' })
  const words = target === 'list' ? listWords : shapeWords
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined) continue
    if (words.has(name)) decoder.word(name, value)
    else decoder.unknown(name)
  }
  return decoder.done()
}

/**
 * The value of a query word in a URL, in the types of the object form. A text that does not fit stays text and is refused as
 * such later.
 */
function fromText(name: string, text: string, limits: Limits): unknown {
  switch (name) {
    case 'filter':
      return text === '' ? undefined : parseParameter(name, text, limits)
    case 'sort':
      return text === '' ? undefined : sortKeysOf(text)
    case 'include':
    case 'fields':
      return text === '' ? undefined : text.split(',')
    case 'limit':
    case 'offset':
    case 'depth':
      return /^(?:0|[1-9][0-9]*)$/.test(text) ? Number(text) : text
    case 'total':
      return text === 'true' ? true : text === 'false' ? false : text
    default:
      return text
  }
}

function parseParameter(parameter: string, text: string, limits: Limits): unknown {
  try {
    return parseJson(text, limits)
  } catch (thrown) {
    const error = ApiError.from(thrown)
    const inside = error.issues.map(issue => ({
      ...issue,
      pointer: `#/${parameter}${issue.pointer?.slice(1) ?? ''}`,
      parameter,
    }))
    const issues = inside.length > 0 ? inside : [{ code: 'format' as const, parameter, detail: error.message }]
    throw new ApiError(error.code, { issues, cause: error })
  }
}

const unsorted: readonly SortKey[] = Object.freeze([])

function plainOf(limits: Limits, target: QueryTarget, options: QueryOptions): Decoded {
  const page = options.page === undefined ? limits.page : options.page
  const query: Query = { where: everything, sort: unsorted, limit: page, offset: 0, cursor: null, total: false }
  return { query: target === 'list' ? query : null, shape: plainShape }
}

/** Where the words are, and what they are for. */
interface Words {
  readonly target: QueryTarget
  readonly options: QueryOptions
  /** Pointer of the object that contains the words. null = they are in a URL. */
  readonly base: string | null
}

class Decoder {
  readonly #scope: Scope
  readonly #limits: Limits
  readonly #target: QueryTarget
  readonly #options: QueryOptions
  readonly #base: string | null
  readonly #faults: Faults = { issues: [] }
  readonly #words = new Map<string, unknown>()
  readonly #conditions: Predicate[] = []
  readonly #reading: FilterReading

  constructor(scope: Scope, limits: Limits, { target, options, base }: Words) {
    this.#scope = scope
    this.#limits = limits
    this.#target = target
    this.#options = options
    this.#base = base
    this.#reading = { mode: textMode, limits, faults: this.#faults, nodes: 0 }
  }

  word(name: string, value: unknown): void {
    if (this.#words.has(name))
      note(this.#faults, 'duplicate', this.#place(name), 'The parameter is there more than once')
    this.#words.set(name, value)
  }

  unknown(name: string): void {
    if (this.#options.ignored) this.#options.ignored.push(name)
    else note(this.#faults, 'unknown_param', this.#place(name), `There is no parameter ${name} here`)
  }

  flat(name: string, values: readonly string[]): void {
    const { issues } = this.#faults
    this.#conditions.push(parseFlat(this.#reading, this.#scope, name, values))
    if (this.#options.ignored && issues.at(-1)?.code === 'unknown_param') {
      issues.pop()
      this.#options.ignored.push(name)
    }
  }

  done(): Decoded {
    const shape = this.#shape()
    if (this.#target === 'item') {
      throwFaults(this.#faults)
      return { query: null, shape }
    }
    const where = this.#where()
    const list = this.#list('sort')
    const sort = list ? Object.freeze(parseSort(this.#readingOf('sort'), list)) : unsorted
    const limit = this.#limit()
    const offset = this.#integer('offset', this.#limits.offset) ?? 0
    const total = this.#of('total', 'boolean', 'true or false is expected') ?? false
    const text = this.#of('cursor', 'string', 'Text is expected')
    if (text !== undefined && this.#words.get('offset') !== undefined) {
      note(this.#faults, 'vague', this.#place('offset'), 'A cursor and an offset exclude each other')
    }
    throwFaults(this.#faults)
    const query: Query = { where, sort, limit, offset, cursor: null, total }
    return { query: text === undefined ? query : { ...query, cursor: this.#cursor(query, text) }, shape }
  }

  #where(): Predicate {
    const filter = this.#words.get('filter')
    if (filter === undefined) return allOf(...this.#conditions)
    const mode = this.#options.mode ?? jsonMode
    const reading: FilterReading = { ...this.#reading, mode }
    const pointer = `${this.#base ?? '#'}/filter`
    const place = this.#base === null ? { parameter: 'filter', pointer } : { pointer }
    return allOf(...this.#conditions, parseFilter(reading, this.#scope, filter, place))
  }

  #limit(): number | null {
    const { page = this.#limits.page, maxPage = this.#limits.maxPage } = this.#options
    const limit = this.#integer('limit', Infinity) ?? page
    return limit === null || maxPage === null ? limit : Math.min(limit, maxPage)
  }

  #cursor(query: Query, text: string): NonNullable<Query['cursor']> {
    const { cursorKey } = this.#options
    if (cursorKey) return decodeCursor(cursorKey, this.#scope.name, query, text)
    note(this.#faults, 'format', this.#place('cursor'), 'There are no cursors here')
    throwFaults(this.#faults)
    throw new ApiError('validation')
  }

  #shape(): Shape {
    const depth = this.#integer('depth', this.#limits.depth) ?? 1
    const include = this.#list('include')
    const fields = this.#list('fields')
    if (!include && !fields && depth === 1) return plainShape
    return Object.freeze({
      depth,
      include: include ? parseInclude(this.#readingOf('include'), include) : plainShape.include,
      fields: fields ? parseFields(this.#readingOf('fields'), fields) : null,
    })
  }

  /** The value of a word as a list: an array, or a text with commas. */
  #list(name: string): readonly unknown[] | null {
    const value = this.#words.get(name)
    if (value === undefined || Array.isArray(value)) return value ?? null
    if (typeof value === 'string') return value === '' ? null : value.split(',')
    note(this.#faults, 'type', this.#place(name), 'A list of texts is expected')
    return null
  }

  #integer(name: string, max: number): number | undefined {
    const value = this.#words.get(name)
    if (value === undefined) return undefined
    if (typeof value !== 'number' || !Number.isInteger(value)) {
      note(this.#faults, 'type', this.#place(name), 'An integer is expected')
    } else if (value < 0 || value > max) {
      note(this.#faults, 'range', this.#place(name), max === Infinity ? 'At least 0' : `Between 0 and ${max}`)
    } else return value
    return undefined
  }

  #of(name: string, type: 'boolean', detail: string): boolean | undefined
  #of(name: string, type: 'string', detail: string): string | undefined
  #of(name: string, type: string, detail: string): unknown {
    const value = this.#words.get(name)
    if (value === undefined || typeof value === type) return value
    note(this.#faults, 'type', this.#place(name), detail)
    return undefined
  }

  #readingOf(word: string): WordReading {
    return { scope: this.#scope, limits: this.#limits, faults: this.#faults, where: this.#place(word) }
  }

  #place(name: string): Locate {
    return () => (this.#base === null ? { parameter: name } : { pointer: `${this.#base}/${name}` })
  }
}
