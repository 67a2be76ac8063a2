import { expect, test } from 'vitest'
import { openInWords, startUp } from './start-up.ts'
import { Undecided } from './store/migrate/at-start.ts'

const refused = new Undecided('decide it:\n  restuary migrate plan app.ts')

function told(started: Promise<void>) {
  const lines: string[] = []
  const faults: unknown[] = []
  const starting = startUp(started, { report: line => lines.push(line), onFault: error => faults.push(error) })
  return { lines, faults, ...starting }
}

test('a refused start that nobody waits for is told in words', async () => {
  const { ready, lines, faults } = told(Promise.reject(refused))
  await expect(ready).rejects.toBe(refused)
  expect([lines, faults]).toEqual([[refused.message], []])
})

test('whoever waits for it gets the refusal, and nothing else tells it', async () => {
  const { awaited, whenReady, lines, faults } = told(Promise.reject(refused))
  const all = await Promise.allSettled([awaited(), whenReady(() => 1), awaited()])
  expect(all).toEqual(all.map(() => ({ status: 'rejected', reason: refused })))
  expect([lines, faults, refused.stack]).toEqual([[], [], `Undecided: ${refused.message}`])
})

test('any other reason is a fault, with its stack', async () => {
  const broken = new Error('no connection')
  const { ready, lines, faults } = told(Promise.reject(broken))
  await expect(ready).rejects.toBe(broken)
  expect([lines, faults]).toEqual([[], [broken]])
  expect(broken.stack).toContain('start-up.test.ts')
})

test('a store that opens at once refuses in words as well', () => {
  const thrown = new Undecided('decide it')
  expect(() =>
    openInWords(() => {
      throw thrown
    }),
  ).toThrow(thrown)
  expect(thrown.stack).toBe('Undecided: decide it')
})
