import { expect, test } from 'vitest'
import { inSlices, jsonText, type Sliced } from './slices.ts'

test.each([
  {},
  [],
  null,
  'a',
  { a: { b: { c: { d: [1, { e: null }] } } }, '"': 1, 404: undefined },
  { a: [undefined, { b: undefined }] },
])('the text of %o is that of JSON.stringify', async value => {
  expect(await inSlices(jsonText(value))).toBe(JSON.stringify(value))
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
