/** How names of tables and columns become names of resources and fields. The result is the same on every run. */

// Words that the rules below would get wrong, if tables are commonly named so.
const IRREGULAR: readonly (readonly [singular: string, plural: string])[] = [
  ['person', 'people'],
  ['child', 'children'],
  ['man', 'men'],
  ['woman', 'women'],
  ['foot', 'feet'],
  ['tooth', 'teeth'],
  ['goose', 'geese'],
  ['mouse', 'mice'],
  ['movie', 'movies'],
  ['cookie', 'cookies'],
  ['zombie', 'zombies'],
  ['pie', 'pies'],
  ['tie', 'ties'],
  ['analysis', 'analyses'],
  ['basis', 'bases'],
  ['axis', 'axes'],
  ['index', 'indexes'],
  ['virus', 'viruses'],
  ['status', 'statuses'],
  ['bonus', 'bonuses'],
  ['bus', 'buses'],
  ['alias', 'aliases'],
  ['quiz', 'quizzes'],
  ['half', 'halves'],
  ['leaf', 'leaves'],
  ['shelf', 'shelves'],
  ['life', 'lives'],
  ['wife', 'wives'],
  ['knife', 'knives'],
  ['hero', 'heroes'],
  ['potato', 'potatoes'],
  ['tomato', 'tomatoes'],
  ['cache', 'caches'],
  ['campus', 'campuses'],
  ['census', 'censuses'],
  ['corpus', 'corpora'],
  ['genus', 'genera'],
  ['radius', 'radii'],
  ['criterion', 'criteria'],
  ['vertex', 'vertices'],
  ['matrix', 'matrices'],
  ['gas', 'gases'],
  ['atlas', 'atlases'],
  ['canvas', 'canvases'],
  ['echo', 'echoes'],
]
const SAME: ReadonlySet<string> = new Set(
  'series species news data media metadata equipment information sheep fish aircraft staff feedback kudos'.split(' '),
)
const PLURAL_OF: ReadonlyMap<string, string> = new Map(IRREGULAR)
const SINGULAR_OF: ReadonlyMap<string, string> = new Map(IRREGULAR.map(([one, many]) => [many, one]))

/** `invoiceLines` → `invoiceLine`: makes the last word of a camel-case name singular, unless it already is. */
export function singular(name: string): string {
  return lastWord(name, word => {
    if (SAME.has(word) || PLURAL_OF.has(word)) return word
    const known = SINGULAR_OF.get(word)
    if (known !== undefined) return known
    if (/[^aeiou]ies$/.test(word) && word.length > 4) return word.slice(0, -3) + 'y'
    if (/(ss|x|ch|sh)es$/.test(word)) return word.slice(0, -2)
    return /[^su]s$/.test(word) && !word.endsWith('is') && word.length > 2 ? word.slice(0, -1) : word
  })
}

/** `invoiceLine` → `invoiceLines`: makes the last word of a camel-case name plural, unless it already is. */
export function plural(name: string): string {
  return lastWord(name, word => {
    if (SAME.has(word) || SINGULAR_OF.has(word)) return word
    const known = PLURAL_OF.get(word)
    if (known !== undefined) return known
    if (/[^aeiou]y$/.test(word)) return word.slice(0, -1) + 'ies'
    if (/(s|x|z|ch|sh)$/.test(word)) return singular(word) === word ? word + 'es' : word
    return word + 's'
  })
}

/**
 * `InvoiceLine`, `invoice_lines`, `Order Details` → `invoiceLine`, `invoiceLines`, `orderDetails`. Letters and digits of any
 * script are kept. Everything else separates words. A name without letters and digits becomes `fallback`.
 */
export function camelCase(name: string, fallback: string): string {
  const words = name
    .normalize('NFC')
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter(word => word !== '')
  if (words.length === 0) return fallback
  const joined = words.map((word, i) => (i === 0 ? word.toLowerCase() : capital(word.toLowerCase()))).join('')
  return /^\p{N}/u.test(joined) ? fallback + capital(joined) : joined
}

/** `invoiceLine` → `InvoiceLine`. */
export function capital(name: string): string {
  const first = String.fromCodePoint(name.codePointAt(0) ?? 32)
  return first.toUpperCase() + name.slice(first.length)
}

/** The name of the relation that a foreign key column represents: `AlbumId`, `album_id` → `album`, `ReportsTo` → `reportsTo`. */
export function relationName(column: string, target: string): string {
  const base = column.replace(/(?:[_\s-]?(?:id|ID)|Id|_fk|FK)$/, '')
  // `id` alone is no suffix, and neither is the end of a word like `paid`. Only a separator or a change of case marks one.
  const marked =
    base !== column && base !== '' && (/[_\s-](id|ID|fk)$/.test(column) || /\p{Ll}(Id|ID|FK)$/u.test(column))
  return marked ? camelCase(base, target) : /^id$/i.test(column) ? target : camelCase(column, target)
}

/** Takes the first of these names that is free. If none is, takes the last one with a number. */
export function claim(taken: Set<string>, ...names: readonly [string, ...string[]]): string {
  let name = names.find(name => !taken.has(name))
  for (let n = 2; name === undefined; n++) if (!taken.has(`${names.at(-1)!}${n}`)) name = `${names.at(-1)!}${n}`
  taken.add(name)
  return name
}

function lastWord(name: string, change: (word: string) => string): string {
  const [, head, last] = /^(.*?)(\p{Lu}?[^\p{Lu}]*)$/su.exec(name) ?? ['', '', name]
  const word = last.toLowerCase()
  const changed = change(word)
  return head + (last.startsWith(word.slice(0, 1)) ? changed : capital(changed))
}
