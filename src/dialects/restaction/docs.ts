import { createRequire } from 'node:module'
import type * as Yaml from 'yaml'
import { SchemaError } from './text/schema-error.ts'

/** The members of a documentation text of an API, a resource or an action: `$desc`, its schemas, and others. */
export type DocsMembers = Record<string, unknown>

/** The marks that a documentation text may contain, by what it documents. */
export const marks: Readonly<Record<'api' | 'resource' | 'action', readonly string[]>> = {
  api: ['$shared', '$error'],
  resource: ['$shared'],
  action: ['$input', '$output', '$error'],
}

/**
 * Splits a documentation text. The prose becomes `$desc`. From the line with the first mark on, the text is YAML, and all its
 * members except `$desc` are kept. Unlike in restaction, the mark may be in the first line. null has no members. Throws
 * SchemaError if the YAML cannot be read, or if it has no member with the name of the mark: then the mark was only mentioned in
 * prose, and a schema would silently get lost.
 */
export function parseDocs(text: string | null | undefined, marked: readonly string[]): DocsMembers {
  if (text === null || text === undefined) return {}
  let at = -1
  let earliest = ''
  for (const mark of marked) {
    const found = text.indexOf(mark)
    if (found < 0 || (at >= 0 && found >= at)) continue
    at = found
    earliest = mark
  }
  if (at < 0) return { $desc: dedent(text).trim() }
  const start = Math.max(text.lastIndexOf('\n', at), text.lastIndexOf('\r', at)) + 1
  const data = parseYaml(dedent(text.slice(start)))
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, earliest)) {
    const line = text
      .slice(start)
      .split(/[\r\n]/, 1)[0]!
      .trim()
    throw broken(`"${line}" has the mark ${earliest}, but is no member of that name`)
  }
  return { ...data, $desc: dedent(text.slice(0, start)).trim() }
}

function broken(message: string): SchemaError {
  return new SchemaError([
    { message, position: '', fix: 'all is YAML from the first line with a mark on; prose before it must not name one' },
  ])
}

/** Removes the white space with which all lines begin. Blank lines do not count and become empty. */
export function dedent(text: string): string {
  const lines = text.split(/\r\n|\n|\r/).map(line => (/\S/.test(line) ? line : ''))
  let margin: string | null = null
  for (const line of lines) {
    if (line === '') continue
    const own = /^[ \t]*/.exec(line)![0]
    margin = margin === null ? own : common(margin, own)
  }
  return lines.map(line => line.slice(margin?.length ?? 0)).join('\n')
}

function common(a: string, b: string): string {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return a.slice(0, length)
}

let loaded: typeof Yaml | null = null

/** Loads the library when the first text needs it. Most programs have no such text and should not pay for it at start. */
function yaml(): typeof Yaml {
  return (loaded ??= createRequire(import.meta.url)('yaml') as typeof Yaml)
}

/** Characters that YAML reserves and schemas begin with, for references and list parameters. */
const reserved = ['@', '&', '*'] as const

/**
 * Parses YAML 1.1 without anchors and aliases, so that `@`, `&` and `*` are letters like any other. They are replaced by
 * letters of the private use area while the library parses, and put back in all strings of the result.
 */
function parseYaml(text: string): unknown {
  const letters = unused(text)
  const masked = reserved.reduce((masked, char, i) => masked.replaceAll(char, letters[i]!), text)
  const unmask = (from: string): string => reserved.reduce((text, char, i) => text.replaceAll(letters[i]!, char), from)
  const document = yaml().parseDocument(masked, {
    version: '1.1',
    uniqueKeys: false,
    logLevel: 'error',
    // Dates stay text, because the result is shown as JSON. `y`, `no` and `on` stay text, because they are names.
    customTags: tags => [
      ...tags.filter(tag => typeof tag === 'string' || !/:(timestamp|bool)$/.test(tag.tag)),
      boolean,
    ],
  })
  const [error] = [...document.errors, ...document.warnings]
  if (error) throw broken(unmask(error.message))
  return mapStrings(document.toJS(), unmask)
}

const boolean: Yaml.ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(?:true|True|TRUE|false|False|FALSE)$/,
  resolve: text => text.toLowerCase() === 'true',
}

/** Three letters of the private use area that do not occur in the text, neither directly nor as an escape. */
function unused(text: string): string[] {
  const lower = text.toLowerCase()
  const out: string[] = []
  for (let code = 0xe000; out.length < reserved.length; code++) {
    const letter = String.fromCharCode(code)
    if (!lower.includes(letter) && !lower.includes(code.toString(16))) out.push(letter)
  }
  return out
}

function mapStrings(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map(item => mapStrings(item, map))
  if (typeof value !== 'object' || value === null) return value
  // Only own members, `__proto__` among them.
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [map(key), mapStrings(inner, map)]))
}
