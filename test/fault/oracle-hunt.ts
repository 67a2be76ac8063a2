// Runs random programs over sources with faults planted: node test/fault/oracle-hunt.ts FAULTS COMMITS.
// It prints the first difference as JSON, or null.
import { registerHooks } from 'node:module'
import type { Planted } from './oracle-planted.ts'

const [, , faults, most] = process.argv as [string, string, string, string]
const planted = JSON.parse(faults) as Planted[]
const seen = new Set<Planted>()

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    for (const fault of planted) {
      if (!url.endsWith(`/src/${fault.file}`)) continue
      const source = String(loaded.source)
      // If a planted fault no longer fits the source, nobody would notice that it is not tested.
      if (source.split(fault.find).length !== 2) throw new Error(`${fault.file} does not have once: ${fault.find}`)
      seen.add(fault)
      loaded.source = source.replace(fault.find, () => fault.replace)
    }
    return loaded
  },
})

const { programOf } = await import('../property/live-oracle/program.ts')
const { noFigures, run } = await import('../property/live-oracle/run.ts')

const unseen = planted.find(fault => !seen.has(fault))
if (unseen) throw new Error(`${unseen.file} is not loaded`)
// Timers of subscriptions do not keep a process alive, and there is nothing else here that does.
const alive = setInterval(() => {}, 1_000)
const figures = noFigures()
let found = null
for (let seed = 1; !found && figures.commits < Number(most); seed++) {
  const difference = await run(await programOf(seed), 'memory', figures)
  if (difference) found = { what: difference.what.split('\n')[0], seed, commits: figures.commits }
}
console.log(JSON.stringify(found))
clearInterval(alive)
