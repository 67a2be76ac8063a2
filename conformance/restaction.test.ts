import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runFile } from './formats.ts'
import { departures } from './restaction/departures.ts'
import type { RestactionFile } from './restaction/vector.ts'

const file = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors/restaction.json'), 'utf8')) as RestactionFile

test.each(['memory', 'sqlite'] as const)('restaction.json over %s: every case is passed', async store => {
  const spokenOf = new Set<string>()
  const results = (await runFile(file, { store, onDeparture: id => spokenOf.add(id) })) ?? []
  expect(results.filter(r => r.outcome === 'failed').map(r => `${r.name} ${r.detail ?? ''}`)).toEqual([])
  expect(results.map(r => r.outcome)).toEqual(file.cases.map(() => 'passed'))
  expect([...spokenOf].filter(id => !departures.some(one => one.id === id))).toEqual([])
})
