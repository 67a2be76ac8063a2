import { expect, test } from 'vitest'
import { newTerm, Terms, withTerm, type Term } from './terms.ts'

const terms = (...list: [string, number][]): Terms => {
  const made = new Terms()
  made.replace(
    list.map(([epoch, from]) => ({ epoch, from })),
    0,
  )
  return made
}

test('a position is valid only within its term', () => {
  const made = terms(['aaaaaa', 0], ['bbbbbb', 5], ['cccccc', 9])
  expect([0, 1, 5, 6, 9, 10, 99].map(seq => made.position(seq))).toEqual([
    'aaaaaa.0',
    'aaaaaa.1',
    'aaaaaa.5',
    'bbbbbb.6',
    'bbbbbb.9',
    'cccccc.10',
    'cccccc.99',
  ])
  for (let seq = 0; seq < 12; seq++) expect(made.seqOf(made.position(seq))).toBe(seq)
  for (const lost of ['aaaaaa.6', 'bbbbbb.5', 'bbbbbb.10', 'cccccc.9', 'dddddd.1', 'bbbbbb.7.x.10'])
    expect(made.seqOf(lost)).toBe(null)
})

test('terms without a change are dropped, the first stays, and the oldest of many go', () => {
  const random = (bytes: number): Uint8Array => new Uint8Array(bytes)
  let list: readonly Term[] = []
  for (const from of [0, 0, 0, 3, 3, 4]) list = withTerm(list, newTerm(list, from, random))
  expect(list.map(({ from }) => from)).toEqual([0, 0, 3, 4])
  expect(new Set(list.map(({ epoch }) => epoch)).size).toBe(4)
  for (let from = 5; from < 2_000; from++) list = withTerm(list, { epoch: `${from}`.padStart(6, '0'), from })
  expect(list.length).toBe(1_000)
  const made = new Terms()
  made.replace(list, 0)
  expect(made.seqOf(made.position(2))).toBe(2)
})

test('history counts how often known positions became invalid', () => {
  const made = terms(['aaaaaa', 0], ['bbbbbb', 5])
  made.replace(
    [
      { epoch: 'aaaaaa', from: 0 },
      { epoch: 'bbbbbb', from: 5 },
      { epoch: 'cccccc', from: 8 },
    ],
    8,
  )
  expect(made.history).toBe(0)
  made.replace(
    [
      { epoch: 'aaaaaa', from: 0 },
      { epoch: 'dddddd', from: 5 },
    ],
    8,
  )
  expect(made.history).toBe(1)
})
