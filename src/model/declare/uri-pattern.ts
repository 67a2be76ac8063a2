/** The variable parts of a URI, by name. */
export type UriParams = Readonly<Record<string, string | number>>

/** A pattern for URIs: `/apples/<int:key>`, or `/apples/:key`. */
export interface UriPattern {
  readonly text: string
  /** Whether it ends with a slash, so that it is the URI of a list. */
  readonly isList: boolean
  /** The segments before the first one with a variable. */
  readonly fixed: readonly string[]
  /** A weight per segment. Lower ones are preferred: fixed text, then a number, any text, several segments. */
  readonly weights: readonly number[]
  /** The variables of a URI that has a leading slash and no percent-encoding. null = it does not fit. */
  match(uri: string): UriParams | null
}

/**
 * The type of a pattern's variables: `ParamsOf<'/apples/<int:key>'>` is `{ readonly key: number }`.
 *
 * @example
 * type Params = ParamsOf<'/lamps/<int:id>'> // { id: number }
 */
export type ParamsOf<P extends string> = { readonly [V in Variable<P> as V[0]]: V[1] }

type Variable<P extends string> = Bracketed<P> | Coloned<P>
type Bracketed<P extends string> = P extends `${string}<${infer V}>${infer R}` ? Typed<V> | Bracketed<R> : never
type Typed<V extends string> = V extends `${infer C}:${infer N}` ? [N, Kind<C>] : [V, string]
type Kind<C extends string> = C extends `int${string}` | `float${string}` ? number : string
type Coloned<P extends string> = P extends `${infer S}/${infer R}` ? Segment<S> | Coloned<R> : Segment<P>
type Segment<S extends string> = S extends `:${infer N}` ? [N, string] : never

interface Converter {
  /** The text of a regular expression without capturing groups. */
  readonly source: string
  readonly weight: number
  /** Converts the text. undefined = it does not fit after all. */
  readonly read?: (text: string) => string | number | undefined
}

type Arguments = ReadonlyMap<string, string>

/** The converters of Werkzeug. Unlike there, a number has only one spelling: `01` does not mean 1 (protocol §1.2). */
const converters: Readonly<Record<string, (given: Arguments, words: readonly string[]) => Converter>> = {
  string: given => {
    const exact = given.get('length')
    const bounds = exact ?? `${given.get('minlength') ?? 1},${given.get('maxlength') ?? ''}`
    return { source: `[^/]{${bounds}}`, weight: 3 }
  },
  int: given => ({ source: given.get('signed') === 'True' ? '-?[0-9]+' : '[0-9]+', weight: 2, read: integer(given) }),
  float: given => ({
    source: `${given.get('signed') === 'True' ? '-?' : ''}[0-9]+\\.[0-9]+`,
    weight: 2,
    read: text => within(Number(text), given),
  }),
  path: () => ({ source: '[^/].*?', weight: 4 }),
  any: (_, words) => ({ source: words.map(escaped).join('|'), weight: 1 }),
  uuid: () => ({ source: '[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}', weight: 2 }),
}

const known: Readonly<Record<string, ReadonlySet<string>>> = {
  string: new Set(['length', 'minlength', 'maxlength']),
  int: new Set(['min', 'max', 'signed', 'fixed_digits']),
  float: new Set(['min', 'max', 'signed']),
  path: new Set(),
  any: new Set(),
  uuid: new Set(),
}

function integer(given: Arguments): (text: string) => number | undefined {
  const digits = given.get('fixed_digits')
  return text => {
    const value = Number(text)
    if (!Number.isSafeInteger(value)) return undefined
    if (digits === undefined ? String(value) !== text : text.replace('-', '').length !== Number(digits))
      return undefined
    return within(value, given)
  }
}

function within(value: number, given: Arguments): number | undefined {
  const { min = '-Infinity', max = 'Infinity' } = Object.fromEntries(given)
  return value >= Number(min) && value <= Number(max) ? value : undefined
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)

/** Compiles a pattern. If it is wrong, returns a text that says why. */
export function uriPattern(text: string): UriPattern | string {
  if (!text.startsWith('/')) return 'does not begin with a slash'
  if (/\/\/|[?#\s]/.test(text.replaceAll(/<[^>]*>/g, 'x')))
    return 'is not a path: it has an empty segment, a space, "?" or "#"'
  const names: string[] = []
  const readers: Converter[] = []
  const weights: number[] = []
  let source = ''
  // The arguments of a converter may contain anything but `>`.
  for (const segment of text.slice(1).split(/\/(?![^<]*>)/)) {
    let weight = 0
    let part = ''
    for (const piece of segment.split(/(<[^>]*>|^:\w+$)/)) {
      if (!/^[<:]/.test(piece)) {
        part += escaped(piece)
        continue
      }
      const made = variable(piece)
      if (typeof made === 'string') return made
      if (names.includes(made.name)) return `has two variables called "${made.name}"`
      names.push(made.name)
      readers.push(made.converter)
      weight = Math.max(weight, made.converter.weight)
      part += `(${made.converter.source})`
    }
    if (/[<>]/.test(part)) return `has a bracket without its other half in "${segment}"`
    weights.push(weight)
    source += `\\/${part}`
  }
  const pattern = new RegExp(`^${source}$`, 'u')
  const fixed = text.slice(1).split('/')
  const varying = weights.findIndex(weight => weight > 0)
  return Object.freeze<UriPattern>({
    text,
    isList: text.endsWith('/'),
    fixed: Object.freeze(fixed.slice(0, varying < 0 ? undefined : varying).filter(Boolean)),
    weights: Object.freeze(weights),
    match: uri => {
      const found = pattern.exec(uri)
      if (!found) return null
      const params: Record<string, string | number> = {}
      for (const [i, name] of names.entries()) {
        const text = found[i + 1]
        const read = readers[i]?.read
        const value = read && text !== undefined ? read(text) : text
        if (value === undefined) return null
        params[name] = value
      }
      return params
    },
  })
}

function variable(piece: string): { readonly name: string; readonly converter: Converter } | string {
  const parts = piece.startsWith(':')
    ? [piece, undefined, undefined, piece.slice(1)]
    : /^<(?:([a-z]+)(?:\(([^)]*)\))?:)?([A-Za-z_]\w*)>$/.exec(piece)
  if (!parts) return `has "${piece}", which is no <converter(arguments):name>`
  const [, kind = 'string', given, name] = parts
  if (!Object.hasOwn(converters, kind)) {
    return `has the converter "${kind}"; there are ${Object.keys(converters).join(', ')}`
  }
  if (name === '__proto__') return 'has a variable whose name belongs to JavaScript objects'
  const words = (given ?? '')
    .split(',')
    .map(word => word.trim())
    .filter(Boolean)
  const named = words.filter(word => word.includes('=')).map(word => word.split('=', 2) as [string, string])
  const positional = words.filter(word => !word.includes('='))
  if (kind === 'any' ? positional.length === 0 : positional.length > 0) {
    return kind === 'any' ? 'has any() without words to choose from' : `has ${kind}(${given}), which needs name=value`
  }
  const odd = named.find(([key, value]) => !known[kind]?.has(key) || !/^(?:-?[0-9.]+|True|False)$/.test(value))
  if (odd) return `has ${kind}(${odd.join('=')}), which means nothing`
  return { name: name!, converter: converters[kind]!(new Map(named), positional) }
}

/** Sorts patterns by exactness, the most exact one first. Equally exact ones keep their order. */
export function byExactness(a: UriPattern, b: UriPattern): number {
  for (const [i, weight] of a.weights.entries()) {
    const other = b.weights[i]
    if (other === undefined) return 1
    if (weight !== other) return weight - other
  }
  return b.weights.length > a.weights.length ? -1 : 0
}

/** A URI in the form that patterns and the log use: with one leading slash. */
export function canonicalUri(uri: string): string {
  return `/${uri.replace(/^\/+/, '')}`
}

/** The list that contains an item: the URI up to its last slash. A list is its own. */
export function listOf(uri: string): string {
  return uri.slice(0, uri.lastIndexOf('/') + 1)
}
