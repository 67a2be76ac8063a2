import { Refused } from './refused.ts'

/** Whether the number of code points in a text is within bounds. For most texts the number of code units decides already. */
export function hasLength(text: string, min: number, max: number): boolean {
  const units = text.length
  if (units < min || units > max * 2) return false
  if (units <= max && units >= min * 2) return true
  const points = countPoints(text)
  return points >= min && points <= max
}

/** The message for a text of wrong length. */
export function lengthRefused(text: string, min: number, max: number): Refused {
  const word = (n: number): string => `${n} character${n === 1 ? '' : 's'}`
  return new Refused(
    'length',
    text.length < min * 2 && countPoints(text) < min
      ? `must have at least ${word(min)}`
      : `must have at most ${word(max)}`,
  )
}

function countPoints(text: string): number {
  let points = text.length
  for (let i = 1; i < text.length; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xdc00 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) points--
  }
  return points
}
