import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { departures } from './restaction/departures.ts'
import { runFile } from './main.ts'

const file = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors/restaction.json'), 'utf8')) as {
  cases: readonly { name: string }[]
}

test.each(['memory', 'sqlite'] as const)('restaction.json over %s: every case is passed', async store => {
  const results = (await runFile(file, { store })) ?? []
  expect(results.filter(r => r.outcome === 'failed').map(r => `${r.name} ${r.detail ?? ''}`)).toEqual([])
  expect(results.map(r => r.outcome)).toEqual(file.cases.map(() => 'passed'))
})

test('no departure is without a step that it speaks of', async () => {
  const spokenOf = new Map<string, number>()
  await runFile(file, { store: 'memory', onDeparture: id => spokenOf.set(id, (spokenOf.get(id) ?? 0) + 1) })
  expect(Object.fromEntries(spokenOf)).toEqual({
    'errors-are-problems': expect.any(Number),
    separators: expect.any(Number),
    'json-has-no-charset': expect.any(Number),
    'head-is-get-without-body': 1,
    'both-forms-of-a-path': 1,
    'allow-in-any-order': 3,
    'no-secret-is-a-random-one': 1,
    'cookies-are-guarded': 4,
    'responses-go-through': 1,
    'own-documentation': 3,
    'no-tuples': 1,
    'headers-are-merged': 1,
  })
  expect(departures.map(one => one.id).toSorted()).toEqual([...spokenOf.keys()].toSorted())
})
