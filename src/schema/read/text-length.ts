import { Refused } from './refused.ts'

/** Whether a text has a number of code points; most texts are decided by their code units alone. */
export function hasLength(text: string, min: number, max: number): boolean {
  const units = text.length
  if (units < min || units > max * 2) return false
  if (units <= max && units >= min * 2) return true
  const points = countPoints(text)
  return points >= min && points <= max
}

/** What is said of a text whose length `hasLength` does not take. */
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
