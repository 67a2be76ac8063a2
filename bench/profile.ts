// node bench/profile.ts [--only=restuary] [--ops=get] [--seconds=4]: where a server's processor time goes, by function.
import { globSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { contendersOf, type Contender } from './contenders.ts'
import { drive } from './load.ts'
import { readOptions, type Op } from './options.ts'
import { start } from './server.ts'

/** What is used of a V8 CPU profile. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  /** On the monotonic clock, microseconds, which is that of all processes. */
  readonly startTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** Functions shown. */
const SHOWN = 45

const results = fileURLToPath(new URL('results/', import.meta.url))
mkdirSync(results, { recursive: true })
const options = readOptions(['--only=restuary', '--ops=get', '--seconds=4', ...process.argv.slice(2)])
for (const [name, contender] of contendersOf(options)) {
  for (const op of options.ops) await profile(name, contender, op)
}

async function profile(name: string, contender: Contender, op: Op): Promise<void> {
  const directory = mkdtempSync(`${results}profile-`)
  const flags = ['--cpu-prof', `--cpu-prof-dir=${directory}`]
  const server = await start({
    ...contender,
    command: (port, db) => {
      const [node, ...args] = contender.command(port, db)
      return [node!, ...flags, ...args]
    },
  })
  const { seconds, connections, rows } = options
  // Twice: what the first run compiles and allocates is no part of the second.
  const load = { op, port: server.port, seconds, connections, rows, dialect: contender.dialect }
  await drive({ ...load, seconds: 1 })
  const since = now()
  const { requests } = await drive(load)
  const until = now()
  await server.stop()
  const [file] = globSync('*.cpuprofile', { cwd: directory })
  if (file === undefined) throw new Error(`${name} left no profile in ${directory}`)
  print(`${name} ${op}`, JSON.parse(readFileSync(`${directory}/${file}`, 'utf8')) as Profile, {
    since,
    until,
    requests,
  })
  console.log(`  for a viewer: ${directory}/${file}`)
}

function now(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

/** The part of a profile that is looked at, in microseconds, and how many requests were answered in it. */
interface Part {
  readonly since: number
  readonly until: number
  readonly requests: number
}

/** Self time, microseconds a request. */
function print(
  title: string,
  { nodes, startTime, samples, timeDeltas }: Profile,
  { since, until, requests }: Part,
): void {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]))
  const times = new Map<string, number>()
  let at = startTime
  samples.forEach((id, i) => {
    at += timeDeltas[i]!
    const place = places.get(id)!
    if (at > since && at < until) times.set(place, (times.get(place) ?? 0) + timeDeltas[i]!)
  })
  times.delete('(idle)')
  times.delete('(root)')
  const all = [...times].toSorted((a, b) => b[1] - a[1])
  const total = all.reduce((sum, [, time]) => sum + time, 0)
  console.log(`\n${title}: ${requests} requests, ${(total / requests).toFixed(1)} us each`)
  for (const [place, time] of all.slice(0, SHOWN)) {
    const share = `${((time / total) * 100).toFixed(1)} %`
    console.log(`  ${(time / requests).toFixed(2).padStart(7)} us ${share.padStart(7)}  ${place}`)
  }
}

function placeOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  if (url === '') return name
  const file = /(src|bench|node_modules|dist)\/.*$/.exec(url)?.[0] ?? url
  return `${name}  ${file}:${lineNumber + 1}`
}
