import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runFile } from './formats.ts'

const files = [
  'vectors/blargh',
  'vectors/blargh-random',
  'vectors/blargh-crashes',
  'vectors/blargh-http',
  'cases/blargh',
  'cases/blargh-models',
  'cases/blargh-http',
]

describe.each(files)('%s.json', name => {
  const path = join(import.meta.dirname, `${name}.json`)
  test.each(['memory', 'sqlite'] as const)('over %s', async store => {
    const file: unknown = JSON.parse(readFileSync(path, 'utf8'))
    const results = (await runFile(file, { store })) ?? []
    expect(results.filter(r => r.outcome === 'failed').map(r => `${r.name} ${r.detail ?? ''}`)).toEqual([])
    expect(results.filter(r => r.outcome === 'skipped').map(r => r.name)).toEqual([])
    expect(results.length).toBeGreaterThan(0)
  })
})
