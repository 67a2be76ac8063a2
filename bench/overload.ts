// What becomes of a server that is asked five times as much as it can do:
// `node bench/overload.ts [--work=search|list] [--delay=10] [--patience=100] [--times=5] [--rounds=3] [--seconds=15]`.
// Requests come at a fixed rate, whether or not those before them were answered, as they do from many clients.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Crowd } from './crowd.ts'
import { LOAD_CORE, pinned, SERVER_CORE } from './machine.ts'

interface Case {
  readonly work: string
  /** Milliseconds that a request may wait; 0 = nothing is refused. */
  readonly delay: number
  readonly patience: number
  readonly times: number
  readonly seconds: number
}

async function start({ work, delay, patience }: Case, port: number): Promise<{ path: string; stop: () => void }> {
  const file = fileURLToPath(new URL('servers/overload.ts', import.meta.url))
  const what = [String(port), work, String(delay), String(patience)]
  const [command, ...args] = pinned([process.execPath, file, ...what], SERVER_CORE)
  const child = spawn(command!, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close').then(() => {
    throw new Error('the server did not start')
  })
  const lines = createInterface(child.stdout)
  const [path] = (await Promise.race([once(lines, 'line'), ended])) as [string]
  ended.catch(() => {})
  return { path, stop: () => child.kill() }
}

async function measure(it: Case, rounds: number, port: number): Promise<boolean> {
  const { path, stop } = await start(it, port)
  const crowd = new Crowd(port, path)
  const shares: number[] = []
  const slower: number[] = []
  let refusedAfterwards = 0
  try {
    await crowd.open()
    await crowd.asFastAsItGoes(2)
    console.log(`\n${it.work}, ${it.delay ? `refusing what waits over ${it.delay} ms` : 'refusing nothing'}`)
    for (let i = 0; i < rounds; i++) {
      const peak = await crowd.asFastAsItGoes(4)
      const calm = await crowd.at(peak.goodput / 2, 5)
      const overload = await crowd.at(peak.goodput * it.times, it.seconds)
      const after = await crowd.at(peak.goodput / 2, 5)
      shares.push(overload.goodput / peak.goodput)
      slower.push(overload.p99 / calm.p99)
      refusedAfterwards += after.refused
      console.table({
        'as fast as it goes': peak,
        'half of that': calm,
        [`${it.times} times`]: overload,
        afterwards: after,
      })
    }
  } finally {
    crowd.close()
    stop()
  }
  const [share, times] = [median(shares), median(slower)]
  console.log(`goodput ${Math.round(share * 100)} % of the peak (goal 80), p99 ${times.toFixed(1)} x (goal 3)`)
  return share >= 0.8 && times <= 3 && refusedAfterwards === 0
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!

// The load generator needs its own core.
if (process.env['PINNED'] === undefined) {
  const [command, ...args] = pinned([process.execPath, ...process.argv.slice(1)], LOAD_CORE)
  const child = spawn(command!, args, { stdio: 'inherit', env: { ...process.env, PINNED: '1' } })
  const [code] = (await once(child, 'close')) as [number | null]
  process.exit(code ?? 1)
}
const { values } = parseArgs({
  options: {
    work: { type: 'string', default: 'search' },
    delay: { type: 'string', default: '10' },
    patience: { type: 'string', default: '100' },
    times: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '15' },
  },
})
const it: Case = {
  work: values.work,
  delay: Number(values.delay),
  patience: Number(values.patience),
  times: Number(values.times),
  seconds: Number(values.seconds),
}
await measure({ ...it, delay: 0 }, 1, 4_981)
process.exitCode = (await measure(it, Number(values.rounds), 4_982)) ? 0 : 1
