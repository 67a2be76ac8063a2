import type { Value } from '../../../schema/field.ts'

/** A validator string that was split. Its parts have no meaning yet. */
export interface ValidatorText {
  /** The text before the first `?` or `@`. null = there is neither. */
  readonly key: string | null
  readonly refers: readonly string[]
  readonly name: string | null
  readonly args: readonly Value[]
  /** In the order in which they first appear. The last value wins. */
  readonly params: ReadonlyMap<string, Value>
}

/** Where a text does not follow the grammar. */
export interface SyntaxFault {
  readonly column: number
  readonly wanted: string
}

const space = /[ \t\n\r\f\v]*/y
/**
 * Any characters except those of the grammar, trimmed. This is more than validr 0.14.1 accepts, and what its older versions
 * did.
 */
const key = /([^?@&()]*)(?=[?@])/y
const self = /\$self/y
const ident = /[A-Za-z_][A-Za-z0-9_]*/y
const paramName = /[A-Za-z_$][A-Za-z0-9_$]*/y
/** Matches a value that is no container. JSON.parse checks it (RFC 8259). */
const primitive = /"(?:[^"\\]|\\.)*"|-?\d[0-9.eE+-]*|true|false|null/y

/** Splits a validator string in one pass. A fault has the column, from 1, where the grammar is violated. */
export function parseValidator(text: string): ValidatorText | SyntaxFault {
  let at = 0
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found === undefined) return null
    at = pattern.lastIndex
    return found
  }
  /** Takes a token and the space before it. Takes nothing if the token does not follow. */
  const token = (pattern: RegExp): string | null => {
    const from = at
    match(space)
    const found = match(pattern)
    if (found === null) at = from
    return found
  }
  const mark = (char: string): boolean => {
    const from = at
    match(space)
    if (text[at] === char) {
      at++
      return true
    }
    at = from
    return false
  }
  const json = (): Value | undefined => {
    match(space)
    const end = closing(text, at)
    if (end < 0) return undefined
    try {
      const value = JSON.parse(text.slice(at, end)) as Value
      at = end
      return value
    } catch {
      return undefined
    }
  }
  const fault = (wanted: string): SyntaxFault => ({ column: at + 1, wanted })

  const found = match(key)
  if (found === null) token(self)
  const refers: string[] = []
  while (mark('@')) {
    const refer = token(ident)
    if (refer === null) return fault('the name of a shared schema')
    refers.push(refer)
  }
  const asked = mark('?')
  const name = token(ident)
  if (asked && name === null) return fault('the name of a validator')

  const args: Value[] = []
  if (mark('(') && !mark(')')) {
    do {
      const value = json()
      if (value === undefined) return fault('a JSON value')
      args.push(value)
    } while (mark(','))
    if (!mark(')')) return fault('"," or ")"')
  }
  const params = new Map<string, Value>()
  while (mark('&')) {
    const param = token(paramName)
    if (param === null) return fault('the name of a parameter')
    const value = mark('=') ? json() : true
    if (value === undefined) return fault('a JSON value')
    params.set(param, value)
  }
  match(space)
  if (at < text.length) return fault('"&" or the end')
  return { key: found === null ? null : found.trim(), refers, name, args, params }
}

export function isSyntaxFault(parsed: ValidatorText | SyntaxFault): parsed is SyntaxFault {
  return 'column' in parsed
}

/** The end of the JSON value that starts at `at`, or -1. JSON.parse checks what is in between. */
function closing(text: string, at: number): number {
  const first = text[at]
  if (first !== '[' && first !== '{') {
    primitive.lastIndex = at
    return primitive.test(text) ? primitive.lastIndex : -1
  }
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const char = text[i]
    if (char === '"') {
      primitive.lastIndex = i
      if (!primitive.test(text)) return -1
      i = primitive.lastIndex - 1
    } else if (char === '[' || char === '{') depth++
    else if ((char === ']' || char === '}') && --depth === 0) return i + 1
  }
  return -1
}
