import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memory, sqlite, type Api, type Principal, type Store } from '../../src/index.ts'
import { fill, household, world } from './household.ts'
import { seeded } from './seeded.ts'

/** More by command: EVENTS=100000 npm test -- test/rules/live.test.ts */
const events = Number(process.env['EVENTS'] ?? 1_500)
const stores: [string, () => Store][] = [
  ['memory', () => memory()],
  ['sqlite', () => sqlite(':memory:')],
]

interface Step {
  readonly rows: readonly { id: number }[]
  readonly position: string
  readonly changes: readonly { kind: string; id: number; data: unknown }[]
}

interface Watcher {
  readonly me: Principal
  readonly name: string
  readonly depth: number
  readonly steps: AsyncGenerator<Step, void>
  last: Step
  next: Promise<IteratorResult<Step, void>>
}

describe.each(stores)('subscriptions under rules over %s', (_, store) => {
  let app: Api<never>
  beforeAll(async () => {
    app = household(store())
    await fill(app)
  })
  afterAll(() => app.close())

  test(
    'while owners, members, locks and privacy change, everyone has what reading shows, and was never told of anything else',
    async () => {
      const watchers: Watcher[] = []
      for (const me of world.users)
        for (const [name, depth] of [
          ['list', 1],
          ['todo', 1],
          ['todo', 2],
        ] as const) {
          const steps = app.live(name, { me, depth }) as unknown as AsyncGenerator<Step, void>
          const first = await steps.next()
          watchers.push({ me, name, depth, steps, last: first.value!, next: steps.next() })
        }
      const random = seeded(7)
      for (let i = 0; i < events; i++) {
        const { position } = await step(app, random, i)
        if (!position) continue
        for (const watcher of watchers) await catchUp(app, watcher, position)
      }
      for (const { steps } of watchers) void steps.return()
    },
    60_000 + events * 20,
  )
})

/** A random write by the application. Most of them change who may see what, some do not. */
function step(app: Api<never>, random: () => number, i: number): Promise<{ position: string | null }> {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!
  const list = pick([1, 2, 3, 4])
  const todo = pick([1, 2, 3, 4, 5, 6, 7, 8])
  const somebody = (): number[] => [1, 2, 3].filter(() => random() < 0.4)
  switch (Math.floor(random() * 6)) {
    case 0:
      return app.safe.patch('list', list, { owner: pick([1, 2, 3]) })
    case 1:
      return app.safe.patch('list', list, { members: somebody() })
    case 2:
      return app.safe.patch('list', list, { locked: random() < 0.5, title: `LIST-${list}-${i}` })
    case 3:
      return app.safe.patch('todo', todo, { private: random() < 0.5 })
    case 4:
      return app.safe.patch('todo', todo, { text: `TODO-${todo}-${i}` })
    default:
      return app.safe.patch('todo', todo, { list })
  }
}

/** Takes what the watcher receives, if anything changed for it. Then its rows are those that reading shows now. */
async function catchUp(app: Api<never>, watcher: Watcher, position: string): Promise<void> {
  const { me, name, depth } = watcher
  const seen = (await app.safe.list(name, { me, depth, limit: null })).body as { id: number }[]
  const wanted = JSON.stringify(seen)
  const shown = new Map(seen.map(row => [row.id, JSON.stringify(row)]))
  for (let i = 0; JSON.stringify(byId(watcher.last.rows)) !== wanted; i++) {
    expect(i).toBeLessThan(5)
    watcher.last = (await watcher.next).value!
    watcher.next = watcher.steps.next()
    for (const { kind, id, data } of watcher.last.changes)
      if (kind === 'leave') expect([data, shown.has(id)]).toEqual([null, false])
      else expect([id, JSON.stringify(data)]).toEqual([id, shown.get(id)])
  }
  expect(position).toMatch(/^\w{6}\.\d+$/)
}

function byId(rows: readonly { id: number }[]): { id: number }[] {
  return rows.toSorted((a, b) => a.id - b.id)
}
