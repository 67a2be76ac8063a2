import { chmodSync } from 'node:fs'
import { served } from '../odd/served.ts'
import { Random } from '../property/live-oracle/random.ts'
import { Mismatch, QueryComparison } from './compare-queries.ts'
import { ViewComparison } from './compare-views.ts'
import type { QueriedFile } from './files.ts'
import { ShownDatabase } from './shown-database.ts'

/** How many queries and writes a file gets, and the seed that decides them. */
export interface Amount {
  readonly queries: number
  readonly writes: number
  readonly seed: number
}

export interface Result {
  readonly queries: number
  readonly writes: number
  /** Views that were refused, because their query takes too long to run after each commit. */
  readonly refused: number
  /** What was not as SQL says, with the request. */
  readonly mismatches: readonly string[]
}

/** Writes before other queries are followed. */
const WRITES = 10

/** Makes a file, serves it, and compares what it answers with what SQL finds. */
export async function compareFile(
  { make }: QueriedFile,
  file: string,
  { queries, writes, seed }: Amount,
): Promise<Result> {
  make(file)
  chmodSync(file, 0o644)
  const one = served(file)
  const shown = new ShownDatabase(file, one.source.resources)
  const mismatches: string[] = []
  const noted = async (step: () => Promise<void>): Promise<void> => {
    try {
      await step()
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error
      mismatches.push(error.message)
    }
  }
  const random = new Random(seed)
  if (Object.keys(one.source.resources).length === 0) {
    shown.close()
    await one.close()
    return { queries: 0, writes: 0, refused: 0, mismatches }
  }
  const lists = new QueryComparison(random, one, shown)
  for (let i = 0; i < queries; i++) await noted(() => lists.next())
  const views = await ViewComparison.open(random, one, shown)
  for (let i = 0; i < writes; i += WRITES) await noted(() => views.next(WRITES))
  await views.close()
  shown.close()
  return { queries, writes: views.writes, refused: views.refused, mismatches }
}
