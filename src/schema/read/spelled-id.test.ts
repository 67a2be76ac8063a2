import { expect, test } from 'vitest'
import { spelledId, storedId } from './spelled-id.ts'

const ids = [
  '',
  '.',
  '..',
  '%',
  '%2E',
  '%2E%2E',
  '%25',
  '%252E',
  '%252E%2E',
  '%2E%2E%2E',
  '%2e',
  '%x',
  'a',
  '...',
  '.a',
  '-',
]

test('every id is shown as a text that a URL keeps as a segment', () => {
  for (const id of ids) {
    const { pathname } = new URL(`http://localhost/tag/${encodeURIComponent(spelledId(id))}/x`)
    expect(decodeURIComponent(pathname.split('/')[2]!)).toBe(spelledId(id))
    expect(storedId(spelledId(id))).toBe(id)
  }
})

test('different ids are shown differently, and most as they are', () => {
  expect(new Set(ids.map(spelledId)).size).toBe(ids.length)
  expect(['a', '...', '.a', '-', '%2e', '%x'].map(spelledId)).toEqual(['a', '...', '.a', '-', '%2e', '%x'])
  expect(['', '.', '..', '%2E'].map(spelledId)).toEqual(['%', '%2E', '%2E%2E', '%252E'])
})
