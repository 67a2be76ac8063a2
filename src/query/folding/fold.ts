import { foldRuns } from './fold-table.ts'

/**
 * Makes texts comparable without regard to case. First NFC, then a frozen table maps single characters, so that SQLite (with a
 * function) and PostgreSQL (with `translate`) do exactly the same. It is not the full case folding of Unicode: ß stays ß.
 */
export function fold(text: string): string {
  return ascii.test(text) ? text.toLowerCase() : foldAny(text.normalize('NFC'))
}

// oxlint-disable-next-line no-control-regex -- the range is that of ASCII
const ascii = /^[\u0000-\u007f]*$/

function foldAny(text: string): string {
  let folded = ''
  for (const character of text) folded += table.get(character) ?? character
  return folded
}

const table: ReadonlyMap<string, string> = read()

function read(): Map<string, string> {
  const map = new Map<string, string>()
  for (let c = 65; c <= 90; c++) map.set(String.fromCodePoint(c), String.fromCodePoint(c + 32))
  for (const run of foldRuns.split(',')) {
    const [from = 0, step = 0, count = 0, delta = 0] = run.split(' ').map(n => Number.parseInt(n, 36))
    for (let i = 0, c = from; i < count; i++, c += step)
      map.set(String.fromCodePoint(c), String.fromCodePoint(c + delta))
  }
  return map
}

/** Both columns of the table, as PostgreSQL's `translate(text, from, to)` takes them. */
export function foldAlphabets(): { readonly from: string; readonly to: string } {
  return { from: [...table.keys()].join(''), to: [...table.values()].join('') }
}
