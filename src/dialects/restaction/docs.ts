import { createRequire } from 'node:module'
import type * as Yaml from 'yaml'
import { SchemaError } from './text/schema-error.ts'

/** The members of the documentation of an API, a resource or an action, `$desc` and its schemas among them. */
export type DocsMembers = Record<string, unknown>

/** The members that a documentation text may have, by what it documents. */
export const marks: Readonly<Record<'api' | 'resource' | 'action', readonly string[]>> = {
  api: ['$shared', '$error'],
  resource: ['$shared'],
  action: ['$input', '$output', '$error'],
}

/**
 * Takes a documentation text apart: prose becomes `$desc`, and from the line of the earliest mark on it is YAML, all of
 * whose members are kept, but for `$desc`. No text at all gives no members. Throws a SchemaError
 * if the YAML cannot be read or has no such member: prose spoke of the mark, which would lose the schema silently.
 * Other than in the original, the mark may stand in the first line.
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

/** Takes away the white space that all lines begin with; blank lines have no say and become empty. */
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

/** Read when the first document needs it: most programs have none, and start-up is paid by all. */
function yaml(): typeof Yaml {
  return (loaded ??= createRequire(import.meta.url)('yaml') as typeof Yaml)
}

/** What YAML reserves and a schema begins with: references, parameters of lists. */
const reserved = ['@', '&', '*'] as const

/**
 * YAML 1.1 in which `@`, `&` and `*` are letters like any other, so that there are no anchors and no aliases. They are
 * exchanged for letters of the private use area while the library reads, and put back in every string that comes out.
 */
function parseYaml(text: string): unknown {
  const letters = unused(text)
  const masked = reserved.reduce((masked, char, i) => masked.replaceAll(char, letters[i]!), text)
  const unmask = (from: string): string => reserved.reduce((text, char, i) => text.replaceAll(letters[i]!, char), from)
  const document = yaml().parseDocument(masked, {
    version: '1.1',
    uniqueKeys: false,
    logLevel: 'error',
    // Dates stay as they are written: what is read here is told as JSON.
    customTags: tags => tags.filter(tag => typeof tag === 'string' || !tag.tag.endsWith(':timestamp')),
  })
  const [error] = [...document.errors, ...document.warnings]
  if (error) throw broken(unmask(error.message))
  return mapStrings(document.toJS(), unmask)
}

/** Three letters of the private use area that the text has neither as such nor as an escape. */
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
  // Own members only, `__proto__` among them.
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [map(key), mapStrings(inner, map)]))
}
