import { describe, expect, test } from 'vitest'
import { hasPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { runsWith } from '../system-programs.ts'
import { faults } from './counts.ts'
import { isFound, planted } from './nodes-planted.ts'

const names = Object.keys(planted).slice(0, faults.plantedInNodes)
const canRun = names.length > 0 && runsWith('PostgreSQL', hasPostgres(), 'postgresql')

describe.runIf(canRun)('a fault in what nodes agree on is found:', () => {
  test.each(names)('%s', async name => {
    expect(await isFound(name)).toBe(true)
  })
})
