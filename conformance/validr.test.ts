import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runFile } from './main.ts'
import { departures } from './validr/departures.ts'
import type { SchemaCase } from './validr/validr.ts'

const file = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors/validr.json'), 'utf8')) as {
  cases: SchemaCase[]
}

test('validr.json: every case is passed, none skipped', async () => {
  const results = (await runFile(file, { store: 'memory' })) ?? []
  expect(results.filter(r => r.outcome === 'failed').map(r => `${r.name} ${r.detail ?? ''}`)).toEqual([])
  expect(results.map(r => r.outcome)).toEqual(file.cases.map(() => 'passed'))
})

test('the departures speak of these cases and of no others', () => {
  const spokenOf = departures.map(({ id, rewrite }) => [
    id,
    file.cases.filter(one => rewrite(one, one.expect) !== null).map(one => one.id),
  ])
  expect(Object.fromEntries(spokenOf)).toEqual({
    'wide-keys': ['schema-046', 'schema-047', 'schema-050', 'grammar-001'],
    'bounds-are-numbers': ['int-058', 'schema-100', 'int-059'],
    'safe-integers': ['int-016', 'int-017'],
    'no-nan': ['float-014'],
  })
})
