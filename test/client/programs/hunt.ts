// Runs programs over a client with a fault: node test/client/programs/hunt.ts FAULT COUNT. It prints what they show as JSON.
import { registerHooks } from 'node:module'
import type { Planted } from './planted.ts'

const [, , text, count] = process.argv as unknown as [string, string, string, string]
const fault = JSON.parse(text) as Planted
let isPlanted = false

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    if (!url.endsWith(`/src/client/${fault.file}`)) return loaded
    const source = String(loaded.source)
    // If a fault no longer fits the source, nobody would notice that it is not planted.
    if (source.split(fault.find).length !== 2) throw new Error(`${fault.file} does not have once: ${fault.find}`)
    isPlanted = true
    return { ...loaded, source: source.replace(fault.find, () => fault.replace) }
  },
})

const { noFigures, runPrograms } = await import('./run.ts')
if (!isPlanted) throw new Error(`${fault.file} is not loaded`)
const options = { count: Number(count), seed: 1, only: fault.only, figures: noFigures(), stops: true }
const [found] = await runPrograms(options)
console.log(JSON.stringify(found?.split('\n')[0]?.slice(0, 200) ?? null))
process.exit()
