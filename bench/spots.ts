// Where the processor time goes, by function.
import { Session } from 'node:inspector/promises'

/** The parts of a V8 CPU profile that are used. */
export interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  /** On the monotonic clock, microseconds, which is that of all processes. */
  readonly startTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** The part of a profile that is looked at, microseconds, and the processor time that was used in it, if that is known. */
export interface Span {
  readonly since?: number
  readonly until?: number
  readonly cpu?: number
}

/** Functions shown. */
const SHOWN = 45
/** Microseconds between samples. */
const INTERVAL = 100

/** Profiles this process while work runs, and measures its processor time in microseconds. */
export async function profiled(work: () => Promise<unknown>): Promise<{ profile: Profile; cpu: number }> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL })
  await session.post('Profiler.start')
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  return { profile: profile as Profile, cpu: user + system }
}

/** Prints self times, microseconds each of so many. */
export function printSpots(
  title: string,
  { nodes, startTime, samples, timeDeltas }: Profile,
  count: number,
  each: string,
  { since = -Infinity, until = Infinity, cpu }: Span = {},
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
  // Samples are taken by the clock: of a process that waits for the processor they count the waiting, too.
  const scale = (cpu ?? total) / total / count
  console.log(`\n${title}: ${(total * scale).toFixed(1)} us ${each}, of ${count}`)
  for (const [place, time] of all.slice(0, SHOWN)) {
    const share = `${((time / total) * 100).toFixed(1)} %`
    console.log(`  ${(time * scale).toFixed(2).padStart(7)} us ${share.padStart(7)}  ${place}`)
  }
}

function placeOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  if (url === '') return name
  const file = /(src|bench|node_modules|dist)\/.*$/.exec(url)?.[0] ?? url
  return `${name}  ${file}:${lineNumber + 1}`
}
