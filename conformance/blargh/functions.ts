import type { ReadRow } from '../../src/schema/field.ts'
import type { ScalarType } from '../../src/schema/scalar-type.ts'
import * as types from '../../src/schema/field-types/built-in.ts'
import { ApiError } from '../../src/protocol/error.ts'
import { Unknown } from '../result.ts'

/** What a file says of its functions, by name. */
export type Definitions = Readonly<Record<string, { readonly kind: string; readonly def: string }>>

/** A function of a file, read from its definition, with the fields (internal names) that it reads. */
export interface Named {
  readonly uses: readonly string[]
  /** What it answers with, as far as the definition says; only of getters. */
  readonly type: ScalarType
  /** Of a getter and a `writable`: a value; of a setter: members by external name. */
  readonly run: (read: Read, value: unknown) => unknown
}

/** What a function sees: the row by internal name, and which object it belongs to. */
export interface Read {
  readonly object: string
  readonly id: unknown
  get(name: string): unknown
}

const text: ScalarType = types.text({ max: 10_000 })
const integer: ScalarType = types.integer()
const bool: ScalarType = types.bool()
const json: ScalarType = types.json()

type Form = readonly [pattern: RegExp, make: (...groups: string[]) => Named]

const getter = (type: ScalarType, uses: readonly string[], run: (read: Read) => unknown): Named => ({ type, uses, run })
const setter = (uses: readonly string[], run: Named['run']): Named => ({ type: json, uses, run })

/** The sentences that definitions are made of. A note in parentheses at the end of one says nothing new. */
const forms: readonly Form[] = [
  [/^((?!.*->).+) or (.+)$/, (one, other) => either(defined(one), defined(other))],
  [/^((?!.*->).+) and (.+)$/, (one, other) => negated(either(negated(defined(one)), negated(defined(other))))],
  [/^always (.+)$/, value => ((constant: unknown) => getter(typeOf(constant), [], () => constant))(JSON.parse(value))],
  [/^not (.+)$/, inner => negated(defined(inner))],
  [/^truthy\((.+)\)$/, inner => truth(defined(inner))],
  [/^relation "(\w+)" is empty$/, name => getter(bool, [name], read => ids(read.get(name)).length === 0)],
  [/^relation "(\w+)" is non-empty$/, name => getter(bool, [name], read => ids(read.get(name)).length > 0)],
  [/^number of ids in relation "(\w+)"$/, name => getter(integer, [name], read => ids(read.get(name)).length)],
  [/^(?:value of scalar|stored) "(\w+)" is not (true|false|null)$/, (name, word) => equals(name, word, true)],
  [/^(?:value of scalar|stored) "(\w+)" is (true|false|null)$/, (name, word) => equals(name, word, false)],
  [/^(?:value of scalar|stored) "(\w+)" (?:==|equals) (.+)$/, (name, word) => equals(name, word, false)],
  [/^(?:value of scalar|stored) "(\w+)" != (.+)$/, (name, word) => equals(name, word, true)],
  [
    /^(.+) (<=|>=|<|>|at least|at most|more than|less than) (-?\d+(?:\.\d+)?)$/,
    (inner, word, bound) => compared(defined(inner), word, Number(bound)),
  ],
  [/^(?:value of scalar|stored) "(\w+)"$/, name => getter(json, [name], read => read.get(name) ?? null)],
  [/^null if id is null else (.+)$/, inner => unlessNew(defined(inner))],
  [/^((?:"[^"]*"|id|object name|(?:value of scalar|stored) "\w+")(?: \+ .+)+)$/, sum => joined(sum)],
  [/^value (\w+) -> (\{.*\})$/, (value, members) => setter([], membersOf(members, value))],
  [
    /^truthy -> (\{.*\});? (?:else|otherwise) (\{.*\})$/,
    (yes, no) => setter([], (read, value) => membersOf(truthy(value) ? yes : no, '')(read, value)),
  ],
  [
    /^value (\w+): cur = ids of "(\w+)" \(ascending\); \1<len\(cur\) -> \{(\w+): first \1 of cur\}; otherwise \{\3: cur \+ \(\1-len\(cur\)\) times \{\}\}$/,
    (_, name, target) => resized(name, target),
  ],
]

/** The function of a name; `Unknown` if the file does not define it, or in words that the runner does not know. */
export function functionOf(definitions: Definitions, name: string, kind: string): Named {
  const found = definitions[name]
  if (found?.kind !== kind) throw new Unknown(`${kind} ${name}`)
  try {
    return defined(found.def)
  } catch {
    throw new Unknown(`${kind} ${name}: ${found.def}`)
  }
}

function defined(text: string): Named {
  const said = text.trim().replace(/ \([^()]*\)$/, '')
  for (const [pattern, make] of forms) {
    const [, ...groups] = pattern.exec(said) ?? pattern.exec(text.trim()) ?? ['']
    if (groups.length > 0) return make(...groups)
  }
  throw new Unknown(text)
}

function equals(name: string, word: string, isNot: boolean): Named {
  const wanted: unknown = JSON.parse(word)
  return getter(bool, [name], read => ((read.get(name) ?? null) === wanted) !== isNot)
}

const negated = ({ uses, run }: Named): Named => getter(bool, uses, read => !truthy(run(read, null)))
const truth = ({ uses, run }: Named): Named => getter(bool, uses, read => truthy(run(read, null)))
const unlessNew = ({ type, uses, run }: Named): Named =>
  getter(type, uses, read => (isPresent(read.id) ? run(read, null) : null))

const either = (one: Named, other: Named): Named =>
  getter(bool, [...one.uses, ...other.uses], read => truthy(one.run(read, null)) || truthy(other.run(read, null)))

/** A number against a bound; nothing counts as 0. */
function compared({ uses, run }: Named, word: string, bound: number): Named {
  const holds: Readonly<Record<string, (number: number) => boolean>> = {
    '<': number => number < bound,
    '<=': number => number <= bound,
    '>': number => number > bound,
    '>=': number => number >= bound,
  }
  const sign = { 'at least': '>=', 'at most': '<=', 'more than': '>', 'less than': '<' }[word] ?? word
  return getter(bool, uses, read => holds[sign]!(Number(run(read, null) ?? 0)))
}

function joined(sum: string): Named {
  const parts = sum.split(' + ').map(part => part.trim())
  const fields = parts.flatMap(part => /"(\w+)"$/.exec(part.replace(/^"[^"]*"$/, ''))?.[1] ?? [])
  const value = (part: string, read: Read): string => {
    if (part === 'id') return String(read.id)
    if (part === 'object name') return read.object
    return part.startsWith('"') ? (JSON.parse(part) as string) : String(read.get(/"(\w+)"$/.exec(part)![1]!))
  }
  return getter(text, fields, read => parts.map(part => value(part, read)).join(''))
}

/** Members of an object as prose writes it, `{h: x}`, where `x` stands for the value that is set. */
function membersOf(prose: string, parameter: string): Named['run'] {
  const quoted = prose.replaceAll(/([{,]\s*)([A-Za-z_]\w*)\s*:/g, '$1"$2":')
  const marker = '\u0000value'
  const named =
    parameter === '' ? quoted : quoted.replaceAll(new RegExp(`: *${parameter}(?=[,}])`, 'g'), `:"${marker}"`)
  const members = JSON.parse(named.replaceAll('\u0000', '\\u0000')) as Record<string, unknown>
  return (_, value) =>
    Object.fromEntries(Object.entries(members).map(([name, one]) => [name, one === marker ? value : one]))
}

/** Keeps the first ids of a list, or adds new rows to it, so that it has as many as are asked for. */
function resized(name: string, target: string): Named {
  return setter([name], (read, value) => {
    const now = ids(read.get(name))
    if (!Number.isInteger(value)) throw new ApiError('validation', { detail: 'how many is an integer' })
    const size = Number(value)
    const more = Array.from({ length: Math.max(size - now.length, 0) }, () => ({}))
    return { [target]: size < now.length ? now.slice(0, size) : [...now, ...more] }
  })
}

/** Gives a function its view of a row; rows of the engine are by external name. */
export function reading(object: string, key: string, externalOf: ReadonlyMap<string, string>, row: ReadRow): Read {
  return { object, id: row[key], get: name => row[externalOf.get(name) ?? name] }
}

function typeOf(value: unknown): ScalarType {
  if (typeof value === 'boolean') return bool
  if (Number.isInteger(value)) return integer
  return typeof value === 'string' ? text : json
}

function ids(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  return isPresent(value) ? [value] : []
}

function isPresent(value: unknown): boolean {
  return value !== null && value !== undefined
}

/** Python's truth: empty containers are false as well. */
function truthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return Boolean(value)
}
