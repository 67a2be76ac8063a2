// node --expose-gc bench/live-memory.ts FILTERS: heap of subscriptions, and what a PATCH costs beside many that it does not
// concern. Prints one line of JSON.
import { api, resource, sqlite, t } from '../src/index.ts'
import { appCall } from '../src/engine/call/app-call.ts'
import type { Listener, Subscription } from '../src/live/subscriptions/subscription.ts'

const filters = Number(process.argv[2] ?? 100_000)

const todo = resource({
  id: t.id(),
  title: t.text({ max: 200 }),
  owner: t.integer().index(),
}).public()
const app = api({ todo }, { store: sqlite(':memory:'), report: () => {} })
await app.post(
  'todo',
  Array.from({ length: 1_000 }, (_, i) => ({ title: `todo ${i}`, owner: -1 - i })),
)
const live = app.http.live!
let told = 0
const listener: Listener = {
  snapshot: () => {},
  resumed: () => {},
  batch: () => {
    told++
    return true
  },
  end: () => {},
}
const follow = (filter: object): Promise<Subscription> =>
  live.subscribe(appCall(app.engine, { operation: 'list', name: 'todo' }, { filter, me: null }), listener)

function heap(): number {
  for (let i = 0; i < 4; i++) globalThis.gc!()
  return process.memoryUsage().heapUsed
}

/** Bytes of heap of each, and the subscriptions. */
async function many(
  count: number,
  filterOf: (i: number) => object,
): Promise<{ bytes: number; all: readonly Subscription[] }> {
  const all: Subscription[] = []
  const before = heap()
  for (let i = 0; i < count; i++) all.push(await follow(filterOf(i)))
  return { bytes: (heap() - before) / count, all }
}

function end(all: readonly Subscription[]): void {
  for (const one of all) live.unsubscribe(one)
  heap()
}

const rounds = 20

/** Microseconds of processor time of a PATCH with its fan-out: the best of several rounds. */
async function patching(): Promise<number> {
  let best = Infinity
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage()
    for (let i = 0; i < 1_000; i++) {
      await app.patch('todo', (i % 1_000) + 1, { title: `changed ${round} ${i}` })
    }
    await live.advance()
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / 1_000)
  }
  return best
}

await follow({ owner: -5 })
await patching()
const same = await many(10_000, () => ({ owner: -2 }))
end(same.all)
const before = await patching()
const distinct = await many(filters, i => ({ owner: i + 1 }))
told = 0
const beside = await patching()
// Only the subscriber that follows owner -5 gets its row, once per round.
const silent = told === rounds
told = 0
await app.patch('todo', 1, { owner: 7 })
await app.patch('todo', 1, { owner: 8 })
await live.advance()
// It enters one view, leaves it and enters another.
const exact = silent && told === 3
await app.patch('todo', 1, { owner: -1 })
end(distinct.all)
const after = await patching()
const alone = Math.min(before, after)
const patch = beside / alone
process.stdout.write(
  `${JSON.stringify({ same: same.bytes, distinct: distinct.bytes, patch, alone: [before, after], beside, exact })}\n`,
)
process.exit()
