import { Refused } from './refused.ts'

/** Digits before and after the point; no sign that means nothing, no zeros in front, no exponent. */
const PLAIN = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/
const SCIENTIFIC = /^(-?)([0-9]+)(?:\.([0-9]+))?e([+-][0-9]+)$/

/** The canonical text of a decimal: exactly `places` digits after the point. The value must be representable as it is. */
export function canonicalDecimal(value: unknown, digits: number, places: number): string | Refused {
  if (typeof value !== 'string' && typeof value !== 'number') return new Refused('type', 'must be a decimal')
  const match = PLAIN.exec(typeof value === 'number' ? plainDigits(value) : value)
  if (!match) return new Refused('format', 'must be a decimal like "12.50"')
  const whole = match[2]!
  const fraction = (match[3] ?? '').replace(/0+$/, '')
  if (fraction.length > places) return new Refused('range', `must have at most ${places} decimal places`)
  if (whole !== '0' && whole.length > digits - places)
    return new Refused('range', `must have at most ${digits - places} digits before the point`)
  const text = places === 0 ? whole : `${whole}.${fraction.padEnd(places, '0')}`
  return match[1] && /[1-9]/.test(text) ? `-${text}` : text
}

/** Negative, zero or positive as a is less than, equal to or greater than b; both are decimals in plain digits. */
export function compareDecimals(a: string, b: string): number {
  const places = Math.max(placesOf(a), placesOf(b))
  const difference = scaled(a, places) - scaled(b, places)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

function placesOf(text: string): number {
  const point = text.indexOf('.')
  return point === -1 ? 0 : text.length - point - 1
}

function scaled(text: string, places: number): bigint {
  return BigInt(text.replace('.', '') + '0'.repeat(places - placesOf(text)))
}

/** A number in plain digits, with all the digits that tell it from its neighbours: 1e-7 → 0.0000001. */
export function plainDigits(value: number): string {
  const text = String(value)
  const match = SCIENTIFIC.exec(text)
  if (!match) return text
  const [, sign, whole, fraction = '', power] = match as unknown as [string, string, string, string | undefined, string]
  const all = whole + fraction
  const point = whole.length + Number(power)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${all}`
  return point >= all.length ? sign + all.padEnd(point, '0') : `${sign}${all.slice(0, point)}.${all.slice(point)}`
}
