import { expect, test } from 'vitest'
import { textFrame, textsIn } from './connection.ts'

test.each([
  ['short ones', ['', 'a', 'ż'.repeat(62)]],
  ['with a length of two bytes', ['a'.repeat(126), 'b'.repeat(65_535)]],
  ['with a length of eight bytes', ['a'.repeat(65_536), '']],
])('texts come out of their frames again: %s', (_, texts) => {
  const frames = Buffer.concat(texts.map(textFrame))
  expect(textsIn(frames)).toEqual(texts)
})
