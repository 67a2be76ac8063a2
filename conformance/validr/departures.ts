import { isSyntaxFault, parseValidator } from '../../src/dialects/restaction/text/syntax.ts'
import { isObject } from '../object.ts'
import { outcome, type Expect, type SchemaCase } from './outcome.ts'
import { renamed } from './wide-keys.ts'

/** Where a schema text means something else here than to the recorded ancestor; null = it does not speak of the case. */
export interface Departure {
  readonly id: string
  readonly why: string
  rewrite(one: SchemaCase, expected: Expect): Expect | null
}

const safe = Number.MAX_SAFE_INTEGER

export const departures: readonly Departure[] = [
  {
    id: 'wide-keys',
    why: 'Names of fields may hold all but ?@&(), as in its older versions and its manual: they mean what other names mean',
    rewrite: (one, expected) => {
      if (!('schemaError' in expected)) return null
      const { plain, back } = renamed(one)
      return back.size === 0 ? null : withNames(outcome(plain, !('value' in one)), back)
    },
  },
  {
    id: 'bounds-are-numbers',
    why: 'A bound or a format of a wrong type stops the start instead of failing every request',
    rewrite: ({ schema, shared = {} }, expected) =>
      !('schemaError' in expected) && [schema, ...Object.values(shared)].some(hasOddBound)
        ? { schemaError: '', messageExact: false }
        : null,
  },
  {
    id: 'safe-integers',
    why: 'Integers end where JSON numbers cease to be exact, not at 64 bits',
    rewrite: (_, expected) => {
      const error = expected.error?.replace('9223372036854775807', String(safe))
      return error === undefined || error === expected.error ? null : { ...expected, error }
    },
  },
  {
    id: 'numbers-of-json',
    why: 'JSON has neither NaN nor integers that are not exact',
    rewrite: (_, expected) => ('ok' in expected ? refusalOf(expected.ok, '') : null),
  },
]

/** What an output must be refused for: its first NaN or large integer, and where that is. */
function refusalOf(value: unknown, position: string): Expect | null {
  if (Array.isArray(value)) return first(value.map((one, i) => refusalOf(one, `${position}[${i}]`)))
  if (!isObject(value)) return null
  if (value['$number'] === 'nan') return { error: 'invalid float', position }
  const large = value['$bigint']
  if (typeof large === 'string')
    return { error: large.startsWith('-') ? `value must >= -${safe}` : `value must <= ${safe}`, position }
  const at = (name: string): string => (position === '' ? name : `${position}.${name}`)
  return first(Object.entries(value).map(([name, one]) => refusalOf(one, at(name))))
}

const first = (refusals: readonly (Expect | null)[]): Expect | null => refusals.find(one => one !== null) ?? null

/** What parameters have to be of; the rest may be anything. */
const kinds: Readonly<Record<string, readonly (readonly [name: string, kind: 'number' | 'string'])[]>> = {
  int: [
    ['min', 'number'],
    ['max', 'number'],
  ],
  float: [
    ['min', 'number'],
    ['max', 'number'],
  ],
  str: [
    ['minlen', 'number'],
    ['maxlen', 'number'],
  ],
  list: [
    ['minlen', 'number'],
    ['maxlen', 'number'],
  ],
  date: [['format', 'string']],
  time: [['format', 'string']],
  datetime: [['format', 'string']],
}

/** Whether a text of a schema, at a scalar place, as the key of a dict or of a list itself, has a bound of a wrong type. */
function hasOddBound(schema: unknown): boolean {
  if (typeof schema === 'string') return isOdd(schema, null)
  if (Array.isArray(schema)) {
    const [own, inner] = schema as unknown[]
    return schema.length === 2 ? isOdd(String(own), 'list') || hasOddBound(inner) : schema.some(hasOddBound)
  }
  if (!isObject(schema)) return false
  return Object.entries(schema).some(([key, inner]) =>
    typeof inner === 'object' && inner !== null ? hasOddBound(inner) : isOdd(key, null),
  )
}

function isOdd(text: string, of: string | null): boolean {
  const parsed = parseValidator(text)
  if (isSyntaxFault(parsed) || parsed.refers.length > 0) return false
  return (kinds[of ?? parsed.name ?? ''] ?? []).some(([name, kind], i) => {
    const given = parsed.params.get(name) ?? parsed.args[i]
    return given !== undefined && typeof given !== kind
  })
}

/** An outcome in the names that the case has. */
function withNames(expected: Expect, back: ReadonlyMap<string, string>): Expect {
  const named = (text: string): string => text.replaceAll(/plain_\d+/g, name => back.get(name) ?? name)
  return JSON.parse(named(JSON.stringify(expected))) as Expect
}
