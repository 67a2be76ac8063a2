/** A moment without a time zone, in the parts that formats can name. */
export interface Moment {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly microsecond: number
}

/** A compiled format of moments. */
export interface MomentFormat {
  /** null = the text does not have this format, or the calendar has no such moment. */
  readonly parse: (text: string) => Moment | null
  readonly print: (moment: Moment) => string
  /** A regular expression for what it prints, for documents. */
  readonly pattern: string
}

type Parts = Record<string, string | undefined>

interface Directive {
  /** Matches what is read. Numbers may lack leading zeros. */
  readonly reads: string
  readonly prints: (moment: Moment) => string
  readonly pattern: string
}

const months = 'January February March April May June July August September October November December'.split(' ')
const days = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')
const short = (names: readonly string[]): string[] => names.map(name => name.slice(0, 3))
const padded = (number: number, length = 2): string => String(number).padStart(length, '0')
const weekday = (m: Moment): number => new Date(epochOf(m)).getUTCDay()
const dayOfYear = (m: Moment): number => (epochOf(m) - epochOf({ ...m, month: 1, day: 1 })) / 86_400_000 + 1
const hour12 = (m: Moment): number => m.hour % 12 || 12
const half = (m: Moment): string => (m.hour < 12 ? 'AM' : 'PM')
const names = (of: readonly string[], index: (m: Moment) => number): Directive => ({
  reads: of.join('|'),
  prints: m => of[index(m)]!,
  pattern: `(?:${of.join('|')})`,
})

/** The directives that name a part of a moment. Those about time zones and weeks are not supported. */
const directives: Readonly<Record<string, Directive>> = {
  // Years below 1000 are printed without zeros, as in the recorded cases.
  Y: { reads: '\\d{4}', prints: m => String(m.year), pattern: '\\d{1,4}' },
  y: { reads: '\\d{2}', prints: m => padded(m.year % 100), pattern: '\\d{2}' },
  m: { reads: '1[0-2]|0?[1-9]', prints: m => padded(m.month), pattern: '\\d{2}' },
  d: { reads: '3[01]|[12]\\d|0?[1-9]', prints: m => padded(m.day), pattern: '\\d{2}' },
  j: {
    reads: '36[0-6]|3[0-5]\\d|[12]\\d\\d|0?[1-9]\\d|0?0?[1-9]',
    prints: m => padded(dayOfYear(m), 3),
    pattern: '\\d{3}',
  },
  H: { reads: '2[0-3]|[01]?\\d', prints: m => padded(m.hour), pattern: '\\d{2}' },
  I: { reads: '1[0-2]|0?[1-9]', prints: m => padded(hour12(m)), pattern: '\\d{2}' },
  p: { reads: 'AM|PM', prints: half, pattern: '[AP]M' },
  M: { reads: '[0-5]?\\d', prints: m => padded(m.minute), pattern: '\\d{2}' },
  S: { reads: '[0-5]?\\d', prints: m => padded(m.second), pattern: '\\d{2}' },
  f: { reads: '\\d{1,6}', prints: m => padded(m.microsecond, 6), pattern: '\\d{6}' },
  B: names(months, m => m.month - 1),
  b: names(short(months), m => m.month - 1),
  A: names(days, weekday),
  a: names(short(days), weekday),
}

/** A longer text has no format. This bounds the little backtracking that adjacent numbers need. */
const longest = 256

/**
 * Compiles a format in the manner of strptime. Each directive matches a bounded number of characters, so reading takes linear
 * time. Throws a RangeError for a directive that is unknown or given twice.
 */
export function momentFormat(format: string): MomentFormat {
  let reads = ''
  let pattern = ''
  const seen: string[] = []
  const printers: ((moment: Moment) => string)[] = []
  for (const piece of format.match(/%.?|\s+|[^%\s]+/gsu) ?? []) {
    const directive = piece.startsWith('%') && piece !== '%%' ? directives[piece.slice(1)] : null
    if (directive === undefined) throw new RangeError(`there is no directive "${piece}" for moments`)
    if (directive === null) {
      const literal = piece === '%%' ? '%' : piece
      reads += /^\s/.test(literal) ? '\\s+' : escaped(literal)
      pattern += escaped(literal)
      printers.push(() => literal)
      continue
    }
    const name = piece.slice(1)
    if (seen.includes(name)) throw new RangeError(`"${piece}" is there twice`)
    seen.push(name)
    reads += `(?<${name}>${directive.reads})`
    pattern += directive.pattern
    printers.push(directive.prints)
  }
  const whole = new RegExp(`^${reads}$`, 'i')
  return {
    parse(text) {
      if (text.length > longest) return null
      const parts = whole.exec(text)?.groups
      if (parts) return momentOf(parts)
      return seen.length === 0 && whole.test(text) ? momentOf({}) : null
    },
    print: moment => printers.map(print => print(moment)).join(''),
    pattern: `^${pattern}$`,
  }
}

function momentOf(parts: Parts): Moment | null {
  const number = (name: string, fallback: number): number =>
    parts[name] === undefined ? fallback : Number(parts[name])
  const year2 = number('y', 0)
  const year = number('Y', parts['y'] === undefined ? 1900 : year2 + (year2 < 69 ? 2000 : 1900))
  const named = place(months, parts['B']) ?? place(short(months), parts['b'])
  const ordinal =
    parts['j'] === undefined ? null : new Date(Date.UTC(2000, 0, 1)).setUTCFullYear(year, 0, number('j', 1))
  const dated = ordinal === null ? null : new Date(ordinal)
  if (dated && dated.getUTCFullYear() !== year) return null
  const hour =
    parts['I'] === undefined ? number('H', 0) : (number('I', 12) % 12) + (/pm/i.test(parts['p'] ?? '') ? 12 : 0)
  const moment: Moment = {
    year,
    month: dated ? dated.getUTCMonth() + 1 : number('m', (named ?? 0) + 1),
    day: dated ? dated.getUTCDate() : number('d', 1),
    hour,
    minute: number('M', 0),
    second: number('S', 0),
    microsecond: Number((parts['f'] ?? '').padEnd(6, '0')),
  }
  const exists = year > 0 && new Date(epochOf(moment)).getUTCDate() === moment.day
  return exists ? moment : null
}

function place(of: readonly string[], name: string | undefined): number | null {
  if (name === undefined) return null
  return of.findIndex(one => one.toLowerCase() === name.toLowerCase())
}

/** Midnight in milliseconds since the epoch. Date.UTC would take years below 100 for those of the last century. */
function epochOf({ year, month, day }: Moment): number {
  return new Date(0).setUTCFullYear(year, month - 1, day)
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
}
