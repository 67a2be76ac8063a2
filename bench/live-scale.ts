// node bench/live-scale.ts [--parts=own,others] [--shapes=windows,ranges] [--counts=10,1000,10000] [--rounds=5] [--profile]: what a write
// costs beside many different subscriptions, above the write itself; then the same beside servers that a user would write
// instead, whose packages are looked for in RESTUARY_PEERS (see README.md). With --profile it shows where the time goes.
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { describeMachine, pinned, SERVER_CORE } from './machine.ts'
import { shapes } from './scale/shapes.ts'
import { sideBySide } from './scale/side-by-side.ts'
import { linesOf, printLines, printTimes, type Figure } from './scale/table.ts'

const { values } = parseArgs({
  options: {
    parts: { type: 'string', default: 'own,others' },
    shapes: { type: 'string', default: Object.keys(shapes).join() },
    counts: { type: 'string', default: '10,1000,10000' },
    rounds: { type: 'string', default: '5' },
    profile: { type: 'boolean', default: false },
  },
})
/** Subscriptions: ascending, as those that are there stay. */
const counts = values.counts.split(',').map(Number)
const rounds = Number(values.rounds)
const results = new URL('results/', import.meta.url)
mkdirSync(results, { recursive: true })

/** Measures a shape in a process of its own, so that heaps and compiled code of other shapes do not affect it. */
async function own(name: string): Promise<Figure[]> {
  const script = fileURLToPath(new URL('scale/measure.ts', import.meta.url))
  const [file, ...args] = pinned(
    [process.execPath, '--expose-gc', script, name, `--counts=${values.counts}`, `--rounds=${rounds}`],
    SERVER_CORE,
  )
  if (values.profile) args.push('--profile')
  const child = spawn(file!, args, { stdio: ['ignore', values.profile ? 'inherit' : 'pipe', 'inherit'] })
  const figures: Figure[] = []
  const ended = new Promise<number | null>(resolve => child.once('close', resolve))
  if (child.stdout) for await (const line of createInterface(child.stdout)) figures.push(JSON.parse(line) as Figure)
  if ((await ended) !== 0) console.log(`${name}: FAILED`)
  return figures
}

const parts: Readonly<Record<string, () => Promise<Figure[]>>> = {
  own: async () => {
    const all: Figure[] = []
    for (const name of values.shapes.split(',')) {
      if (!shapes[name]) throw new Error(`--shapes knows ${Object.keys(shapes).join(', ')}, not ${name}`)
      const figures = await own(name)
      printLines(linesOf(figures), counts)
      all.push(...figures)
    }
    return all
  },
  others: async () => {
    const figures = await sideBySide({ counts, rounds })
    printTimes(linesOf(figures), counts)
    return figures
  },
}

for (const name of values.parts.split(',')) {
  const part = parts[name]
  if (!part) throw new Error(`--parts knows ${Object.keys(parts).join(', ')}, not ${name}`)
  const figures = await part()
  if (name === 'own' && !values.profile) {
    console.log('\nall of them')
    printLines(linesOf(figures), counts)
  }
  const record = { at: new Date().toISOString(), machine: describeMachine(), options: values, figures }
  writeFileSync(new URL(`live-scale-${name}.json`, results), `${JSON.stringify(record, null, 2)}\n`)
}
