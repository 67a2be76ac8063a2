import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { inSlices, type Sliced } from '../engine/slices.ts'
import { jsonPage } from './json-page.ts'

test.each([
  {},
  [],
  null,
  'a',
  { a: { b: { c: { d: [1, { e: null }] } } }, '"': 1, 404: undefined },
  { a: [undefined, { b: undefined }] },
  Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, { text: 'é'.repeat(9_000) }])),
])('the bytes of %o are those of JSON.stringify', async value => {
  const { bytes, tag } = await inSlices(jsonPage(value))
  expect(Buffer.from(bytes).toString()).toBe(JSON.stringify(value))
  expect(tag).toBe(createHash('sha256').update(bytes).digest('base64url').slice(0, 22))
})

test('long work leaves turns of the event loop to others, short work needs none', async () => {
  function* work(count: number): Sliced<string> {
    for (let i = 0; i < count; i++) {
      const end = performance.now() + 1
      while (performance.now() < end);
      yield
    }
    return 'done'
  }
  let turns = 0
  const count = (): void => {
    turns++
    next = setImmediate(count)
  }
  let next = setImmediate(count)
  expect(inSlices(work(0))).toBe('done')
  expect(turns).toBe(0)
  expect(await inSlices(work(40))).toBe('done')
  clearImmediate(next)
  expect(turns).toBeGreaterThan(1)
})
