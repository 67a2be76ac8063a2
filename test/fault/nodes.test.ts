import { describe, expect, test } from 'vitest'
import { hasPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { runsWith } from '../system-programs.ts'
import { natsProgram } from './cluster.ts'
import { faults, tell } from './counts.ts'
import { nodesUnderFire } from './nodes.ts'

const canRun = runsWith(
  'PostgreSQL or nats-server',
  hasPostgres() && natsProgram() !== undefined,
  'postgresql nats-server',
)
const { strikes, cuts } = faults.nodes

describe.runIf(canRun)('three nodes with PostgreSQL and NATS', () => {
  test(`${strikes} faults and ${cuts} cut connections: nothing is lost, doubled, reordered or leaked`, async () => {
    const result = await nodesUnderFire({ strikes, cuts, seed: 1 })
    tell(result)
    expect(result.contradictions).toEqual([])
    expect(result.commits).toBeGreaterThan(50)
    expect(Object.keys(result.struck)).toHaveLength(6)
  })
})
