import { ApiError, pointer } from './error.ts'
import type { Limits } from './limits.ts'

export type JsonLimits = Pick<Limits, 'jsonDepth' | 'keys' | 'totalKeys' | 'items'>

// Longer objects get a Set. For shorter ones comparing strings is faster than hashing them.
const FEW = 12

/**
 * Parses JSON more strictly than JSON.parse. That takes the last of two equal keys, any depth and lone surrogates, which RFC
 * 8259 (§4, §8 and §9) leaves to the parser. The text is scanned once, before JSON.parse builds anything.
 *
 * @throws {ApiError} `bad_encoding` for bytes that are not UTF-8, `bad_json` for text that is not JSON, `duplicate_key`,
 * `depth_exceeded`, `too_many_keys`, `too_many_items`, and `validation` with a pointer for values that no store could keep:
 * U+0000, lone surrogates, numbers out of range, and keys that reach a prototype.
 */
export function parseJson(input: Uint8Array | string, limits: JsonLimits): unknown {
  let text: string
  try {
    text = typeof input === 'string' ? input : utf8.decode(input)
  } catch (cause) {
    throw new ApiError('bad_encoding', { detail: 'The text is not valid UTF-8', cause })
  }
  if (typeof input === 'string' && !input.isWellFormed()) throw new ApiError('bad_encoding')
  new Scanner(text, limits).scan()
  return JSON.parse(text)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

class Scanner {
  readonly #text: string
  readonly #limits: JsonLimits
  #at = 0
  #keys = 0
  /** The key or index at each level above the current value. */
  readonly #path: (string | number)[] = []
  #depth = 0

  constructor(text: string, limits: JsonLimits) {
    this.#text = text
    this.#limits = limits
  }

  scan(): void {
    if (this.#text.charCodeAt(0) === 0xfe_ff) this.#fail('A byte order mark is not allowed (RFC 8259 §8.1)')
    this.#value(this.#next())
    if (!Number.isNaN(this.#next())) this.#fail('Text after the end of the value')
  }

  /** Skips whitespace. Returns the code unit that follows, NaN at the end. */
  #next(): number {
    let c = this.#text.charCodeAt(this.#at)
    while (c === 32 || c === 10 || c === 13 || c === 9) c = this.#text.charCodeAt(++this.#at)
    return c
  }

  /** Scans a value. `c` is the code unit at the current place, the first one of the value. */
  #value(c: number): void {
    if (c === 34) this.#string()
    else if (c === 123) this.#object()
    else if (c === 91) this.#array()
    else if (c === 45 || (c >= 48 && c <= 57)) this.#number(c)
    else if (c === 116) this.#literal('true')
    else if (c === 102) this.#literal('false')
    else if (c === 110) this.#literal('null')
    else this.#fail(Number.isNaN(c) ? 'The text ends where a value was expected' : 'A value was expected')
  }

  #literal(word: string): void {
    if (!this.#text.startsWith(word, this.#at)) this.#fail('A value was expected')
    this.#at += word.length
  }

  #tooDeep(): never {
    const detail = `Nested more than ${this.#limits.jsonDepth} levels deep at ${this.#place()}`
    throw new ApiError('depth_exceeded', { detail })
  }

  #object(): void {
    if (++this.#depth > this.#limits.jsonDepth) this.#tooDeep()
    const level = this.#depth - 1
    this.#at++
    let c = this.#next()
    if (c === 125) return this.#leave()
    const seen: string[] = []
    let many: Set<string> | null = null
    let count = 0
    for (;;) {
      if (c !== 34) this.#fail(c === 125 ? 'A trailing comma is not allowed' : 'A key in double quotes was expected')
      const start = this.#at
      this.#depth-- // a faulty key is reported at its object
      const escaped = this.#string()
      this.#depth++
      const key = escaped
        ? (JSON.parse(this.#text.slice(start, this.#at)) as string)
        : this.#text.slice(start + 1, this.#at - 1)
      this.#path[level] = key
      if (level === 0 && pollutingNames.has(key)) this.#refuse('unknown_field', 'No field may have this name')
      if (++count > this.#limits.keys || ++this.#keys > this.#limits.totalKeys) {
        throw new ApiError('too_many_keys', { detail: `Too many members at ${this.#place()}` })
      }
      if (many ? many.has(key) : seen.includes(key)) {
        const detail = `The member is there twice (${this.#place()})`
        throw new ApiError('duplicate_key', { issues: [{ code: 'duplicate', pointer: this.#pointer(), detail }] })
      }
      if (many) many.add(key)
      else if (seen.push(key) > FEW) many = new Set(seen)
      if (this.#next() !== 58) this.#fail('A colon was expected')
      this.#at++
      this.#value(this.#next())
      c = this.#next()
      if (c === 125) return this.#leave()
      if (c !== 44) this.#fail('A comma or the end of the object was expected')
      this.#at++
      c = this.#next()
    }
  }

  #array(): void {
    if (++this.#depth > this.#limits.jsonDepth) this.#tooDeep()
    const level = this.#depth - 1
    this.#at++
    let c = this.#next()
    if (c === 93) return this.#leave()
    for (let i = 0; ; i++) {
      this.#path[level] = i
      if (i >= this.#limits.items) {
        const detail = `An array has more than ${this.#limits.items} items at ${this.#place()}`
        throw new ApiError('too_many_items', { detail })
      }
      if (c === 93) this.#fail('A trailing comma is not allowed')
      this.#value(c)
      c = this.#next()
      if (c === 93) return this.#leave()
      if (c !== 44) this.#fail('A comma or the end of the array was expected')
      this.#at++
      c = this.#next()
    }
  }

  #leave(): void {
    this.#at++
    this.#depth--
  }

  /** Scans a string. True if it contains an escape. */
  #string(): boolean {
    const text = this.#text
    let at = this.#at + 1
    let escaped = false
    for (;;) {
      const c = text.charCodeAt(at)
      if (c === 34) break
      if (c === 92) {
        escaped = true
        at = this.#escape(at)
      } else if (c >= 32) at++
      else {
        this.#at = at
        this.#fail(Number.isNaN(c) ? 'A string has no end' : 'A control character must be escaped')
      }
    }
    this.#at = at + 1
    return escaped
  }

  /** Scans the escape at `at` and returns the place after it. Two halves of a surrogate pair are scanned together. */
  #escape(at: number): number {
    const c = this.#text.charCodeAt(at + 1)
    if (c !== 117) {
      // " \ / b f n r t
      if (!(c === 34 || c === 92 || c === 47 || c === 98 || c === 102 || c === 110 || c === 114 || c === 116)) {
        this.#at = at
        this.#fail('The escape is not known')
      }
      return at + 2
    }
    const unit = this.#unit(at)
    if (unit === 0) this.#badText(at, 'U+0000 cannot be stored')
    if ((unit & 0xf8_00) !== 0xd8_00) return at + 6
    const pair = unit < 0xdc_00 && this.#text.startsWith('\\u', at + 6) && (this.#unit(at + 6) & 0xfc_00) === 0xdc_00
    if (!pair) this.#badText(at, 'A surrogate without its other half is not a character')
    return at + 12
  }

  #unit(at: number): number {
    const digits = this.#text.slice(at + 2, at + 6)
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) {
      this.#at = at
      this.#fail('Four hexadecimal digits were expected')
    }
    return Number.parseInt(digits, 16)
  }

  #badText(at: number, detail: string): never {
    this.#at = at
    return this.#refuse('format', detail)
  }

  #number(first: number): void {
    const text = this.#text
    const start = this.#at
    let at = start
    let c = first
    if (c === 45) c = text.charCodeAt(++at)
    const digits = at
    while (c >= 48 && c <= 57) c = text.charCodeAt(++at)
    const length = at - digits
    let whole = true
    if (length === 0 || (length > 1 && text.charCodeAt(digits) === 48)) return this.#badNumber(at)
    if (c === 46) {
      whole = false
      const from = at + 1
      do c = text.charCodeAt(++at)
      while (c >= 48 && c <= 57)
      if (at === from) return this.#badNumber(at)
    }
    if (c === 101 || c === 69) {
      whole = false
      c = text.charCodeAt(++at)
      if (c === 43 || c === 45) c = text.charCodeAt(++at)
      const from = at
      while (c >= 48 && c <= 57) c = text.charCodeAt(++at)
      if (at === from) return this.#badNumber(at)
    }
    this.#at = at
    // Beyond 2^53 most integers would silently become other ones: those stay that JSON.stringify writes the same way, so that
    // whatever was read can be sent back. Beyond 10^308 a number becomes infinite.
    if (whole) {
      if (length > 15 && !isExact(text.slice(start, at))) {
        this.#refuse('range', 'The integer is too large to be exact')
      }
    } else if (at - start > 4 && (length > 308 || !Number.isFinite(Number(text.slice(start, at))))) {
      this.#refuse('range', 'The number is too large')
    }
  }

  #badNumber(at: number): never {
    this.#at = at
    return this.#fail('A number is not valid JSON')
  }

  #fail(detail: string): never {
    throw new ApiError('bad_json', { detail: `${detail}, at ${this.#place()}` })
  }

  #refuse(code: 'unknown_field' | 'format' | 'range', detail: string): never {
    throw new ApiError('validation', {
      issues: [{ code, pointer: this.#pointer(), detail: `${detail} (${this.#place()})` }],
    })
  }

  #pointer(): string {
    return pointer('#', ...this.#path.slice(0, this.#depth))
  }

  #place(): string {
    return `byte ${new TextEncoder().encode(this.#text.slice(0, this.#at)).length}`
  }
}

/** Whether the digits of an integer are those of the number that they are read as. */
function isExact(digits: string): boolean {
  return String(Number(digits)) === digits
}

/**
 * Names that reach the prototype of an object. No field, parameter or member of a message may be called so. Within a value
 * they are members like others: JSON that was stored with them can be sent back.
 */
export const pollutingNames: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
