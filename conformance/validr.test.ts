import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runFile } from './formats.ts'
import { departures } from './validr/departures.ts'
import type { SchemaCase } from './validr/outcome.ts'

const file = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors/validr.json'), 'utf8')) as {
  cases: SchemaCase[]
}

test('cases of our own are passed as well', async () => {
  const own: unknown = JSON.parse(readFileSync(join(import.meta.dirname, 'cases/validr.json'), 'utf8'))
  const results = (await runFile(own, { store: 'memory' })) ?? []
  expect(results.filter(r => r.outcome !== 'passed').map(r => `${r.name} ${r.detail ?? ''}`)).toEqual([])
})

test('validr.json: every case passes, none is skipped, and every departure is needed', async () => {
  const used = new Set<string>()
  const results = (await runFile(file, { store: 'memory', onDeparture: id => used.add(id) })) ?? []
  expect(results.filter(r => r.outcome === 'failed').map(r => `${r.name} ${r.detail ?? ''}`)).toEqual([])
  expect(results.map(r => r.outcome)).toEqual(file.cases.map(() => 'passed'))
  expect(departures.map(one => one.id).filter(id => !used.has(id))).toEqual([])
})
