// Random requests and frames: `npm run fuzz -- [--requests=1000000] [--frames=1000000] [--seed=1]`.
import { parseArgs } from 'node:util'
import { fuzzFrames } from './frames.ts'
import { fuzzHttp, type Tally } from './http.ts'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    frames: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
  },
})
const seed = Number(values.seed)

function show(what: string, { requests, succeeded, faults }: Tally): void {
  console.log(
    `${what}: ${requests}, ${Math.round((100 * succeeded) / Math.max(1, requests))} % succeeded, ${faults.length} faults`,
  )
  for (const fault of faults) console.log(fault)
  if (faults.length > 0) process.exitCode = 1
}

process.on('uncaughtException', error => {
  console.log('crashed', error)
  process.exitCode = 1
})
console.log(`seed ${seed}`)
const progress = (what: string) => (sent: number) => process.stderr.write(`${what} ${sent}\r`)
show('requests', await fuzzHttp(Number(values.requests), seed, progress('requests')))
for (const face of ['native', 'envelope', 'socketio'] as const)
  show(`frames ${face}`, await fuzzFrames(face, Math.ceil(Number(values.frames) / 3), seed, progress(face)))
process.exit()
