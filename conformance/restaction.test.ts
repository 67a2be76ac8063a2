import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { departures } from './departures.ts'
import { runFile } from './formats.ts'
import type { CaseResult, StoreKind } from './result.ts'

const read = (folder: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, folder, 'restaction.json'), 'utf8'))

test.each<StoreKind>(['memory', 'sqlite'])('over %s every case is passed, and every departure needed', async store => {
  const used = new Set<string>()
  const all: CaseResult[] = []
  for (const folder of ['vectors', 'cases'])
    all.push(...(await runFile(read(folder), { store, onDeparture: id => used.add(id) }))!)
  expect(all.filter(one => one.outcome !== 'passed').map(one => `${one.name} ${one.detail}`)).toEqual([])
  expect(departures['restaction']!.map(({ id }) => id).filter(id => !used.has(id))).toEqual([])
})
