// node --expose-gc bench/scale/measure.ts SHAPE [--counts=10,1000] [--rounds=3] [--profile]: what writes of one shape cost, within
// one process. Says a line of JSON for each figure; with --profile it shows where the time goes at the last count instead.
import { mkdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { setImmediate as turn } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { appCall } from '../../src/engine/call/app-call.ts'
import type { Listener, Subscription } from '../../src/live/subscriptions/subscription.ts'
import { printSpots, profiled } from '../spots.ts'
import { shapes, type Case } from './shapes.ts'
import type { Figure } from './table.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    counts: { type: 'string', default: '10,1000' },
    rounds: { type: 'string', default: '3' },
    profile: { type: 'boolean', default: false },
  },
})
const counts = values.counts.split(',').map(Number)
const most = counts.at(-1)!
const { title, prepare } = shapes[positionals[0]!]!

/** Writes of one kind go on until they took so many microseconds of processor time, within these numbers of them. */
const ENOUGH = 60_000
const LEAST = 4
const MOST = 400
const WARM = 40
/** Writes that are profiled. */
const WRITES = 300

const file = fileURLToPath(new URL(`../results/scale-${process.pid}.db`, import.meta.url))
mkdirSync(new URL('../results/', import.meta.url), { recursive: true })
process.once('exit', () => {
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true })
})
const { app, resource, query, cases, begin, memory } = await prepare(file, most)
const live = app.http.live!

/** How many events all subscribers received together. */
const heard = { events: 0 }
/** Writes so far. */
let m = 1
const listener: Listener = {
  snapshot: () => {},
  resumed: () => {},
  batch({ events }) {
    heard.events += events.length
    return true
  },
  end(error) {
    throw error
  },
}

/** Microseconds of processor time of this process. */
function spent(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

function heap(): number {
  for (let i = 0; i < 4; i++) globalThis.gc!()
  return process.memoryUsage().heapUsed
}

/** How many turns of the event loop it may take until everybody has been told about a write, if it is told in pieces. */
const PATIENCE = 100_000
/** After so many turns without an event, everything has been told. */
const QUIET = 10

/** Makes a write, and waits until everybody has been told. */
async function done(write: Case['write'], m: number, events: number): Promise<void> {
  const before = heard.events
  await write(m)
  await turn()
  await turn()
  for (let turns = 0; heard.events - before < events && turns < PATIENCE; turns++) await turn()
  if (heard.events - before !== events) throw new Error(`${title}: told ${heard.events - before} events, not ${events}`)
}

/** Undoes a write, and waits until everybody has been told. */
async function undone(undo: Case['write']): Promise<void> {
  await undo(m)
  for (let quiet = 0, before = heard.events; quiet < QUIET; before = heard.events) {
    await turn()
    quiet = heard.events === before ? quiet + 1 : 0
  }
}

/**
 * The longest time for which work blocks the event loop, in milliseconds: the shorter one of elapsed time and processor time.
 * The former includes what other processes took, the latter what other threads did.
 */
async function heldBy(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let last = performance.now()
  let used = spent()
  let over = false
  const look = (): void => {
    const now = performance.now()
    const cpu = spent()
    longest = Math.max(longest, Math.min(now - last, (cpu - used) / 1_000))
    last = now
    used = cpu
    if (!over) setImmediate(look)
  }
  setImmediate(look)
  await work()
  over = true
  await turn()
  return longest
}

/** Microseconds of a write, and the longest that one held the loop, the shortest such time. */
async function price(one: Case, events: number): Promise<{ cost: number; held: number | null }> {
  const batch = one.undo || one.held ? 1 : LEAST
  const write = (): Promise<void> => done(one.write, m++, events)
  let sum = 0
  let writes = 0
  let held: number | null = null
  // The first batches do not count: garbage collection or the compiler slow them down.
  for (let warming = true; warming || writes < LEAST || (writes < MOST && sum < ENOUGH);) {
    if (one.undo) await undone(one.undo)
    const before = spent()
    if (one.held) held = Math.min(held ?? Infinity, await heldBy(write))
    else for (let i = 0; i < batch; i++) await write()
    sum += spent() - before
    writes += batch
    if (!warming || (writes < WARM && sum < ENOUGH / 4)) continue
    warming = false
    sum = writes = 0
  }
  return { cost: sum / writes, held }
}

const say = (figure: Figure): void => void process.stdout.write(`${JSON.stringify(figure)}\n`)

/** Subscribes until there are so many, and returns the cost of each. */
async function subscribe(all: Subscription[], count: number): Promise<{ cost: number; bytes: number }> {
  const added = count - all.length
  const heapBefore = heap()
  const before = spent()
  while (all.length < count)
    all.push(
      await live.subscribe(appCall(app.engine, { operation: 'list', name: resource }, query(all.length)), listener),
    )
  const cost = (spent() - before) / added
  await turn()
  return { cost, bytes: (heap() - heapBefore) / added }
}

async function round(tell: (figure: Figure) => void): Promise<void> {
  const all: Subscription[] = []
  const alone = new Map<Case, number>()
  for (const one of cases) alone.set(one, (await price(one, 0)).cost)
  for (const count of counts) {
    const { cost, bytes } = await subscribe(all, count)
    if (begin) tell({ name: `${title}: a subscription`, unit: 'us', count, value: cost, alone: 0, ...begin })
    // A few figures are lost because the first subscriptions make things that all of them share.
    if (memory && count >= 1_000)
      tell({ name: `${title}: heap of a subscription`, unit: 'B', count, value: bytes, alone: 0, ...memory })
    for (const one of cases) {
      const name = `${title}, ${one.name}`
      const events = one.told(count)
      const { cost: beside, held } = await price(one, events)
      const [unit, per] = one.per === 'event' ? (['us each', events] as const) : (['us', 1] as const)
      const { floor, goal } = one
      tell({ name, unit, count, value: beside / per, alone: alone.get(one)! / per, floor, goal })
      if (held !== null) tell({ name: `${name}: loop held`, unit: 'ms', count, value: held, alone: 0, ...one.held })
    }
  }
  for (const one of all) live.unsubscribe(one)
}

async function profileAll(): Promise<void> {
  const all: Subscription[] = []
  await subscribe(all, most)
  for (const one of cases) {
    const events = one.told(most)
    const write = async (): Promise<void> => {
      if (one.undo) await undone(one.undo)
      await done(one.write, m++, events)
    }
    // The first writes are compiled and do not count.
    for (let i = 0; i < WRITES; i++) await write()
    const { profile, cpu } = await profiled(async () => {
      for (let i = 0; i < WRITES; i++) await write()
    })
    printSpots(`${title}, ${one.name}, ${most} subscribe`, profile, WRITES, 'a write', { cpu })
  }
  if (cases.length > 0) return
  for (const one of all.splice(0)) live.unsubscribe(one)
  const { profile, cpu } = await profiled(() => subscribe(all, most))
  printSpots(`${title}: ${most} subscribe`, profile, most, 'each', { cpu })
}

if (values.profile) await profileAll()
else {
  // The first round is for the compiler.
  await round(() => {})
  for (let i = 0; i < Number(values.rounds); i++) await round(say)
}
process.exit()
