import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { departuresPage } from './departures.ts'
import { hasPostgres, postgresFolder, startPostgres, stopPostgres } from '../src/testing/postgres/postgres-server.ts'
import { recycledStores } from '../src/testing/postgres/recycled-stores.ts'
import { runFile } from './formats.ts'
import type { CaseResult, StoreKind } from './result.ts'

const folders: readonly string[] = ['vectors', 'cases'].map(name => join(import.meta.dirname, name))
const usage = 'usage: npm run conformance -- [--store memory|sqlite|postgres] [--departures] [--table] [FILE.json …]'
const shownFailures = 20
const inProcess = ['memory', 'sqlite'] as const

/** Every recorded and every own file. */
function everyFile(): string[] {
  return folders.flatMap(folder =>
    readdirSync(folder)
      .filter(name => name.endsWith('.json'))
      .map(name => join(folder, name)),
  )
}

/** A case as it went over all stores: it has passed if it did over each of them. */
function overall(byStore: ReadonlyMap<string, readonly CaseResult[]>): CaseResult[] {
  const [first = [], ...others] = [...byStore.values()]
  const stores = [...byStore.keys()]
  return first.map((result, i) => {
    const all = [result, ...others.map(results => results[i]!)]
    const at = all.findIndex(one => one.outcome === 'failed')
    if (at < 0) return all.find(one => one.outcome === 'skipped') ?? result
    return stores.length === 1 ? all[at]! : { ...all[at]!, detail: `(${stores[at]}) ${all[at]!.detail ?? ''}` }
  })
}

function print(name: string, results: readonly CaseResult[]): boolean {
  const of = (outcome: CaseResult['outcome']): CaseResult[] => results.filter(r => r.outcome === outcome)
  const failed = of('failed')
  const skipped = of('skipped')
  console.log(`${name}: ${of('passed').length} passed, ${failed.length} failed, ${skipped.length} skipped`)
  for (const { name: one, detail } of failed.slice(0, shownFailures)) console.log(`  FAILED ${one} ${detail ?? ''}`)
  if (failed.length > shownFailures) console.log(`  … and ${failed.length - shownFailures} more`)
  for (const { name: one, detail } of skipped) console.log(`  skipped ${one}: ${detail ?? ''}`)
  return failed.length === 0
}

async function play(path: string, stores: ReadonlyMap<string, StoreKind>, isTold: boolean): Promise<boolean> {
  const byStore = new Map<string, CaseResult[]>()
  const departed = new Map<string, Set<string>>()
  try {
    const file: unknown = JSON.parse(readFileSync(path, 'utf8'))
    for (const [name, store] of stores) {
      const onDeparture = (id: string, step: string): void => {
        departed.set(id, (departed.get(id) ?? new Set()).add(step))
      }
      const results = await runFile(file, { store, onDeparture })
      if (results === null) {
        console.log(`${path}: 0 passed, 0 failed, 0 skipped`)
        console.log('  its format is not known: see conformance/README.md')
        return false
      }
      byStore.set(name, results)
    }
  } catch (error) {
    console.log(`${path}: 0 passed, 1 failed, 0 skipped`)
    console.log(`  FAILED ${error instanceof Error ? error.message : String(error)}`)
    return false
  }
  const isFine = print(path, overall(byStore))
  if (isTold)
    for (const [id, steps] of departed) console.log(`  departs ${id} (${steps.size}): ${[...steps].join(' ')}`)
  return isFine
}

/** Plays the files: 0 if nothing failed, 1 if something did, 2 if the command line is not understood. */
async function main(args: readonly string[]): Promise<number> {
  const options = {
    store: { type: 'string' },
    departures: { type: 'boolean', default: false },
    table: { type: 'boolean' },
  } as const
  let parsed
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`)
    return 2
  }
  const { store, departures, table } = parsed.values
  if (table) {
    process.stdout.write(departuresPage())
    return 0
  }
  const paths = parsed.positionals.length > 0 ? parsed.positionals : everyFile()
  if (store === undefined) return playAll(paths, new Map(inProcess.map(kind => [kind, kind])), departures)
  if (store === 'postgres') return playOverPostgres(paths, departures)
  const kind = inProcess.find(one => one === store)
  if (kind !== undefined) return playAll(paths, new Map([[kind, kind]]), departures)
  console.error(usage)
  return 2
}

async function playAll(
  paths: readonly string[],
  stores: ReadonlyMap<string, StoreKind>,
  isTold: boolean,
): Promise<number> {
  let isFine = true
  for (const path of paths) isFine = (await play(path, stores, isTold)) && isFine
  return isFine ? 0 : 1
}

/** The same over a server that is started for it. */
async function playOverPostgres(paths: readonly string[], isTold: boolean): Promise<number> {
  if (!hasPostgres()) {
    console.error('PostgreSQL is not installed: apt-get install postgresql')
    return 2
  }
  const folder = postgresFolder()
  try {
    const stores = recycledStores(await startPostgres(folder))
    return await playAll(paths, new Map([['postgres', stores]]), isTold)
  } finally {
    stopPostgres(folder)
  }
}

// Whatever libraries are still waiting for does not matter then.
if (import.meta.main) process.exit(await main(process.argv.slice(2)))
