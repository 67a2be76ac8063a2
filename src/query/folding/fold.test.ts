import { expect, test } from 'vitest'
import { fold, foldAlphabets } from './fold.ts'

test.each([
  ['Hello', 'hello'],
  ['ÄÖÜ', 'äöü'],
  ['A\u{308}', 'ä'],
  ['STRASSE', 'strasse'],
  ['Straße', 'straße'],
  ['ẞ', 'ß'],
  ['ΟΔΟΣ', 'οδοσ'],
  ['İ', 'i'],
  ['Ǆ', 'ǆ'],
  ['ǅ', 'ǆ'],
  ['\u{10400}', '\u{10428}'],
  ['\u{212a}', 'k'],
  ['Ÿ日本😀', 'ÿ日本😀'],
  ['', ''],
])('%j folds to %j', (text, folded) => {
  expect(fold(text)).toBe(folded)
})

test('the table maps each character to one that it does not change', () => {
  const { from, to } = foldAlphabets()
  const [upper, lower] = [Array.from(from), Array.from(to)]
  expect(upper).toHaveLength(lower.length)
  expect(new Set(upper).size).toBe(upper.length)
  expect(upper.length).toBeGreaterThan(1_400)
  const known = new Set(upper)
  expect(lower.filter(character => known.has(character))).toEqual([])
})

test('the table is the simple lower case of the Unicode of this engine, or an older one', () => {
  const { from, to } = foldAlphabets()
  const lower = Array.from(to)
  const wrong = Array.from(from).filter((character, i) => character !== 'İ' && character.toLowerCase() !== lower[i])
  expect(wrong).toEqual([])
})
