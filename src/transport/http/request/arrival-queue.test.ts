import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { arrive, standing } from './arrival-queue.ts'
import type { Exchange } from '../exchange.ts'

/** A request whose answer takes so long. */
function request(milliseconds: number, answer: () => void): Parameters<typeof arrive>[0] {
  const work = (): void => {
    for (const end = performance.now() + milliseconds; performance.now() < end;);
    answer()
  }
  return { arrived: 0, answer: work } as unknown as Exchange & { answer: () => void }
}

test('what is quick is answered in the turn in which it came, in order', async () => {
  const answered: number[] = []
  for (let i = 0; i < 20; i++) arrive(request(0, () => answered.push(i)))
  expect(answered).toEqual([])
  await turn()
  expect(answered).toEqual([...Array(20).keys()])
  expect(standing()).toBe(0)
})

test('the event loop turns between what takes long, and what comes meanwhile waits behind it', async () => {
  const answered: string[] = []
  for (const name of ['a', 'b', 'c']) arrive(request(3, () => answered.push(name)))
  await turn()
  expect(answered).toEqual(['a'])
  expect(standing()).toBe(2)
  arrive(request(3, () => answered.push('d')))
  const seen: number[] = []
  while (standing() > 0) {
    await turn()
    seen.push(answered.length)
  }
  expect(answered).toEqual(['a', 'b', 'c', 'd'])
  expect(seen).toEqual([2, 3, 4])
})

test('what comes while others are answered is answered too', async () => {
  const answered: string[] = []
  arrive(
    request(0, () => {
      answered.push('first')
      arrive(request(0, () => answered.push('second')))
    }),
  )
  await turn()
  await turn()
  expect(answered).toEqual(['first', 'second'])
})

test('when it came is told', async () => {
  const before = performance.now()
  const one = request(0, () => {})
  arrive(one)
  await turn()
  expect(one.arrived).toBeGreaterThanOrEqual(before)
  expect(one.arrived).toBeLessThanOrEqual(performance.now())
})
