// Three nodes, PostgreSQL and NATS under fire: nothing that was acknowledged is lost, and no subscriber misses, doubles or
// reorders anything, or sees what is not theirs. node test/fault/nodes.ts [--strikes=12] [--cuts=300] [--seed=1]
// [--minutes=60]: again and again for so long, each time with another seed.
import { parseArgs } from 'node:util'
import { startCluster } from './cluster.ts'
import { underFire, type LiveFaults } from './live.ts'
import type { Planted } from './oracle-planted.ts'

export interface NodesOptions {
  readonly strikes: number
  readonly cuts: number
  readonly seed: number
  readonly planted?: readonly Planted[]
  readonly deaf?: number
}

export async function nodesUnderFire(
  options: NodesOptions,
): Promise<LiveFaults & { struck: Readonly<Record<string, number>> }> {
  const { strikes, cuts, seed, planted = [], deaf = 60_000 } = options
  const cluster = await startCluster({ nodes: 3, seed, planted })
  const result = await underFire(cluster, { kills: strikes, cuts, deaf })
  return { ...result, struck: Object.fromEntries(cluster.struck) }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      strikes: { type: 'string', default: '12' },
      cuts: { type: 'string', default: '300' },
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '0' },
    },
  })
  const [strikes, cuts, minutes] = [Number(values.strikes), Number(values.cuts), Number(values.minutes)]
  const begin = performance.now()
  const elapsed = (): number => Math.round((performance.now() - begin) / 1_000)
  for (let seed = Number(values.seed); ; seed++) {
    const result = await nodesUnderFire({ strikes, cuts, seed })
    console.log({ seed, ...result, contradictions: result.contradictions.length, seconds: elapsed() })
    for (const one of result.contradictions.slice(0, 20)) console.log(one)
    if (result.contradictions.length > 0) process.exitCode = 1
    if (elapsed() >= 60 * minutes) break
  }
}
