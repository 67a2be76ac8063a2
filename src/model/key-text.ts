import type { StoredValue } from '../schema/scalar-type.ts'
import type { ForeignTable } from './declare/declaration.ts'

/** The column that numbers equal rows, which nothing else tells apart: the last of its key. */
export const NTH = '_restuary_nth'

/**
 * A letter for each column of a key: `u` stores each value as it is given, `n` numbers equal rows, and `p` is any other.
 */
export type KeyForm = string

/** The form of the key of a table. */
export function keyForm({ key, untyped = [] }: Pick<ForeignTable, 'key' | 'untyped'>): KeyForm {
  return key.map(column => (column === NTH ? 'n' : untyped.includes(column) ? 'u' : 'p')).join('')
}

/**
 * The id of a row whose key has several columns, or one that is no id by itself: the parts in the order of the key, with
 * `~` between them. `%7E` stands for a `~` within a part, `%` alone for null, `%i` and `%-i` for
 * infinity, and `%x` begins a blob in hexadecimal. `%t` begins text that would be taken for a number. A single part that no URL could have as a segment is encoded: `%2E` for `.`, and `%t`
 * for the empty text. The first of equal rows has no number.
 */
export function composeKey(form: KeyForm, parts: readonly StoredValue[]): string {
  const isFirst = form.endsWith('n') && Number(parts.at(-1)) === 1
  const id = (isFirst ? parts.slice(0, -1) : parts).map((part, i) => partText(part, form[i] === 'u')).join('~')
  if (id === '') return '%t'
  return id === '.' || id === '..' ? id.replaceAll('.', '%2E') : id
}

function partText(part: StoredValue, isUntyped: boolean): string {
  if (part === null) return '%'
  if (typeof part === 'object') return `%x${Buffer.from(part).toString('hex')}`
  if (typeof part !== 'string') return numberText(part)
  const text = part.replaceAll(
    /[%~\p{Cc}]/gu,
    sign => `%${sign.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  )
  return isUntyped && numberOf(part) !== null ? `%t${text}` : text
}

const LONGEST = 2 ** 63
const INFINITE: ReadonlyMap<string, number> = new Map([
  ['%i', Infinity],
  ['%-i', -Infinity],
])

/** Integers of 64 bits have all their digits, so that no two numbers have one text. */
function numberText(number: number | bigint): string {
  if (number === Infinity || number === -Infinity) return number > 0 ? '%i' : '%-i'
  const isLong = Number.isInteger(number) && number >= -LONGEST && number < LONGEST
  return String(isLong ? BigInt(number) : number)
}

/** The number that has a text; null if there is none. */
function numberOf(text: string): number | bigint | null {
  if (/^-?\d{1,19}$/.test(text)) {
    const integer = BigInt(text)
    if (BigInt.asIntN(64, integer) === integer) return String(integer) === text ? integer : null
  }
  const number = Number(text)
  return text !== 'NaN' && numberText(number) === text ? number : null
}

/** The inverse: numbers are given as text if the affinity of their columns reads it; null if it is no such id. */
export function keyParts(id: string, form: KeyForm): readonly StoredValue[] | null {
  const parts = id.split('~').map((text, i) => partOf(text, form[i] === 'u'))
  return parts.length === form.length && !parts.includes(undefined) ? (parts as StoredValue[]) : null
}

function partOf(text: string, isUntyped: boolean): StoredValue | undefined {
  if (text === '%') return null
  if (text === '%t') return ''
  const infinite = INFINITE.get(text)
  if (infinite !== undefined) return infinite
  if (text.startsWith('%x')) return Buffer.from(text.slice(2), 'hex')
  const isMarked = isUntyped && text.startsWith('%t')
  const encoded = isMarked ? text.slice(2) : text
  if (/%(?![0-9A-F]{2})/.test(encoded)) return undefined
  const decoded = encoded.replaceAll(/%(..)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  return isUntyped && !isMarked ? (numberOf(decoded) ?? decoded) : decoded
}

/** The id of its rows is made from the columns of the key, which fields of their own show. */
export function isComposed({
  key,
  composed,
}: {
  readonly key: readonly string[]
  readonly composed?: boolean | undefined
}): boolean {
  return key.length > 1 || composed === true
}
