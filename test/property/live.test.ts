import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { api, type Api } from '../../src/api.ts'
import { appCall } from '../../src/engine/call/app-call.ts'
import type { CallOptions } from '../../src/model/rules/call-options.ts'
import type { Subscription } from '../../src/live/subscriptions/subscription.ts'
import type { Id, Model } from '../../src/model/model.ts'
import { memory } from '../../src/store/memory.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import type { Store } from '../../src/store/store.ts'
import { Recorder } from '../../src/testing/recorder.ts'
import { commands, idAt, resolved, type Command } from './command.ts'
import { town } from './town.ts'
import { yard } from './yard.ts'

type Models = typeof town

const open = (models: Models, store: Store): Api =>
  api(models, { store, clock: () => 1_700_000_000_000, report: () => undefined })

/** Rows of a resource above which programs delete instead of making more. */
const crowd = 10

/** Filters by resource: over own fields, and through relations of each kind, up and down. */
const filters: Readonly<Record<string, readonly object[]>> = {
  male: [{ name: 'a' }, { wife: { name: 'b' } }, { children: { $some: { name: 'a' } } }, { wife: null }],
  female: [{ name: { $in: ['a', 'eve'] } }, { husband: { name: 'a' } }, { children: { $none: { father: 1 } } }],
  child: [
    { name: 'a' },
    { father: 1 },
    { father: { wife: { name: 'eve' } } },
    { friends: { $some: { name: 'a' } } },
    { clubs: { $some: { title: 'b' } } },
    { $not: { godfather: { name: 'a' } } },
  ],
  club: [{ title: null }, { members: { $every: { name: 'a' } } }, { rooms: { $some: { size: { $gt: 1 } } } }],
  jar: [{ size: 5 }, { size: { $gte: 5 } }, { cookies: { $some: { type: 'donut' } } }],
  cookie: [{ type: 'donut' }, { jar: { size: { $lt: 6 } } }, { jar: 1 }],
  tree: [{ height: 5 }, { fence: { name: 'a' } }, { birds: { $some: { name: 'a' } } }, { fence: 1 }],
  fence: [{ name: 'a' }, { trees: { $some: { height: { $gte: 5 } } } }],
  bird: [{ name: 'a' }, { trees: { $some: { fence: { name: 'b' } } } }],
  node: [{ parent: null }, { parent: { parent: 1 } }, { kids: { $some: {} } }, { spouse: { kids: { $size: 0 } } }],
}
const sorts: Readonly<Record<string, readonly string[]>> = {
  male: ['-name', 'wife.name'],
  child: ['name', '-father.name'],
  cookie: ['-type', 'jar.size'],
  jar: ['size', '-size'],
  tree: ['-height', 'fence.name', 'many', '-fence.name'],
  fence: ['name', '-name'],
}

interface Follower {
  readonly resource: string
  readonly query: CallOptions
  readonly heard: Recorder
  subscription: Subscription | null
}

const queriesOf = (names: readonly string[]): fc.Arbitrary<CallOptions & { resource: string }> =>
  fc.constantFrom(...names).chain(resource =>
    fc.record(
      {
        resource: fc.constant(resource),
        filter: fc.constantFrom(...(filters[resource] ?? [{}])),
        sort: fc.constantFrom(...(sorts[resource] ?? ['-id'])),
        limit: fc.integer({ min: 0, max: 4 }),
        offset: fc.constantFrom(0, 0, 0, 1),
        depth: fc.constantFrom(0, 1, 1, 2, 3),
      },
      { requiredKeys: ['resource', 'offset', 'depth'] },
    ),
  )

/** What happens between two comparisons: calls, and followers that are cut off, come back or are not told. */
type Step =
  | { readonly kind: 'calls'; readonly calls: readonly Command[] }
  | { readonly kind: 'cut' | 'slow'; readonly who: number }

const stepsOf = (model: Model): fc.Arbitrary<Step> =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('calls' as const),
        calls: fc.array(commands(model), { minLength: 1, maxLength: 4 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('cut' as const, 'slow' as const), who: fc.nat(20) }) },
  )

async function write(app: Api, command: Command): Promise<void> {
  const ids = new Map<string, Id[]>()
  for (const name of app.model.resources.keys())
    ids.set(
      name,
      (await app.list(name)).map(row => row['id'] as Id),
    )
  const there = ids.get(command.resource)!
  const id = idAt(command.at, there)
  const body = resolved(app.model.resources.get(command.resource)!, command.body, other => ids.get(other)!)
  if (command.op === 'delete' || (command.op === 'post' && there.length > crowd)) {
    await app.safe.delete(command.resource, there[command.at.place % Math.max(1, there.length)] ?? id)
  } else if (command.op === 'post') await app.safe.post(command.resource, body)
  else if (command.op === 'put') await app.safe.put(command.resource, id, body)
  else if (command.op === 'patch') await app.safe.patch(command.resource, id, body)
}

async function runProgram(app: Api, asked: readonly CallOptions[], program: readonly Step[]): Promise<number> {
  const live = app.http.live!
  let looks = 0
  const followers = asked.map((one): Follower => {
    const { resource, ...query } = one as CallOptions & { resource: string }
    return { resource, query, heard: new Recorder(), subscription: null }
  })
  const begin = async (one: Follower): Promise<void> => {
    const call = appCall(app.engine, { operation: 'list', name: one.resource }, one.query)
    const since = one.heard.seq < 0 ? null : `${app.engine.epoch}.${one.heard.seq}`
    one.subscription = await live.subscribe(call, one.heard, { since })
  }
  const look = async (): Promise<void> => {
    await live.advance()
    for (const one of followers) {
      if (!one.subscription || one.subscription.behind) continue
      const fresh = await app.list(one.resource, one.query as never)
      const idOf = (row: any): Id => (typeof row === 'object' ? row.id : row)
      const about = `${one.resource} ${JSON.stringify(one.query)}`
      expect(one.heard.faults, about).toEqual([])
      expect(one.heard.rows, about).toEqual(new Map(fresh.map(row => [idOf(row), row])))
      looks++
    }
  }
  try {
    for (const one of followers) await begin(one)
    for (const one of program) {
      if (one.kind === 'calls') for (const command of one.calls) await write(app, command)
      else {
        const who = followers[one.who % followers.length]!
        if (one.kind === 'slow') {
          who.heard.isSlow = !who.heard.isSlow
          if (!who.heard.isSlow) who.subscription?.drained()
        } else if (who.subscription) {
          live.unsubscribe(who.subscription)
          who.subscription = null
        } else await begin(who)
      }
      await look()
    }
    for (const one of followers) {
      one.heard.isSlow = false
      one.subscription?.drained()
      if (!one.subscription) await begin(one)
    }
    await look()
    return looks
  } finally {
    await app.close()
    expect([live.groups, live.subscriptions]).toEqual([0, 0])
  }
}

test.each<[string, Models, string, () => Store]>([
  ['the town', town, 'memory', () => memory()],
  ['the town', town, 'sqlite', () => sqlite(':memory:')],
  ['the yard', yard, 'memory', () => memory()],
  ['the yard', yard, 'sqlite', () => sqlite(':memory:')],
])(
  'random writes, cuts and returns over random queries of %s: what was told adds up to the list (%#)',
  async (_, models, __, make) => {
    const { model } = open(models, memory())
    let looks = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(queriesOf([...model.resources.keys()]), { minLength: 8, maxLength: 16 }),
        fc.array(stepsOf(model), { minLength: 5, maxLength: 40, size: 'max' }),
        async (asked, program) => {
          looks += await runProgram(open(models, make()), asked, program)
        },
      ),
      { numRuns: Number(process.env['RUNS'] ?? 25), seed: Number(process.env['SEED'] ?? 20_261_122) },
    )
    expect(looks).toBeGreaterThan(1_000)
  },
)
