import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { isBadInput, runBadInput } from './badinput/badinput.ts'
import { isBlargh, runBlargh } from './blargh/engine.ts'
import { isBlarghHttp, runBlarghHttp } from './blargh/http.ts'
import { isChannels, runChannels } from './channels/channels.ts'
import { isHttpFile, runHttp } from './http/http.ts'
import type { CaseResult, RunOptions, StoreKind } from './result.ts'
import { isRestaction, runRestaction } from './restaction/restaction.ts'
import { isSocketApi, runSocketApi } from './socketapi/socketapi.ts'
import { isValidr, runValidr } from './validr/validr.ts'

const vectors: string = join(import.meta.dirname, 'vectors')
const shownFailures = 20

/** Runs a vector file by the runner of its format, which is recognised by shape; null = no runner knows it. */
export function runFile(file: unknown, options: RunOptions): Promise<CaseResult[]> | null {
  if (isBlarghHttp(file)) return runBlarghHttp(file, options)
  if (isBlargh(file)) return runBlargh(file, options)
  if (isHttpFile(file)) return runHttp(file, options)
  if (isBadInput(file)) return runBadInput(file, options)
  if (isRestaction(file)) return runRestaction(file, options)
  if (isValidr(file)) return runValidr(file)
  if (isChannels(file)) return runChannels(file, options)
  if (isSocketApi(file)) return runSocketApi(file, options)
  return null
}

function print(name: string, results: readonly CaseResult[]): boolean {
  const of = (outcome: CaseResult['outcome']): CaseResult[] => results.filter(r => r.outcome === outcome)
  const failed = of('failed')
  const skipped = of('skipped')
  console.log(`${name}: ${of('passed').length} passed, ${failed.length} failed, ${skipped.length} skipped`)
  for (const { name: one, detail } of failed.slice(0, shownFailures)) console.log(`  FAILED ${one} ${detail ?? ''}`)
  if (failed.length > shownFailures) console.log(`  … and ${failed.length - shownFailures} more`)
  if (skipped.length) console.log(`  skipped: ${skipped.map(s => `${s.name} (${s.detail ?? ''})`).join(', ')}`)
  return failed.length === 0
}

/** `npm run conformance -- [--store memory|sqlite] [--departures] [FILE.json …]`: 0 if nothing failed. */
async function main(given: readonly string[]): Promise<number> {
  const words = given.filter(word => word !== '--departures')
  const told = words.length < given.length
  const at = words.indexOf('--store')
  const chosen = at < 0 ? null : words[at + 1]
  const files = words.filter((_, i) => at < 0 || (i !== at && i !== at + 1))
  if (chosen !== null && chosen !== 'memory' && chosen !== 'sqlite') {
    console.error('usage: conformance [--store memory|sqlite] [--departures] [FILE.json …]')
    return 2
  }
  const stores: readonly StoreKind[] = chosen === null ? ['memory', 'sqlite'] : [chosen]
  const all = readdirSync(vectors).filter(name => name.endsWith('.json'))
  let fine = true
  for (const path of files.length ? files : all.map(name => join(vectors, name))) {
    const file: unknown = JSON.parse(readFileSync(path, 'utf8'))
    for (const store of stores) {
      const departed = new Map<string, string[]>()
      const onDeparture = (id: string, step: string): void => {
        departed.set(id, [...(departed.get(id) ?? []), step])
      }
      const results = await runFile(file, { store, onDeparture })
      if (results === null) {
        console.log(`${basename(path)}: the format is not known`)
        fine = false
        break
      }
      fine = print(`${basename(path)} (${store})`, results) && fine
      if (told) for (const [id, steps] of departed) console.log(`  departs ${id} (${steps.length}): ${steps.join(' ')}`)
    }
  }
  return fine ? 0 : 1
}

// What libraries would still wait for is of no interest then.
if (import.meta.main) process.exit(await main(process.argv.slice(2)))
