import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { api, type Api } from '../api.ts'
import { appCall } from '../engine/call/app-call.ts'
import type { CallOptions } from '../model/rules/call-options.ts'
import { resource } from '../model/declare/resource.ts'
import { t } from '../schema/builder.ts'
import { memory } from '../store/memory.ts'
import { sqlite } from '../store/sqlite/index.ts'
import type { Store } from '../store/store.ts'
import { Recorder } from '../testing/recorder.ts'
import { slow } from '../testing/slow-store.ts'
import type { Mode } from './subscriptions/coalesce.ts'
import type { Live } from './live.ts'
import type { Subscription } from './subscriptions/subscription.ts'

const models = {
  user: resource({ id: t.id('integer', { client: true }), name: t.text(), lists: t.back('list', 'owner') }),
  list: resource({
    id: t.id('integer', { client: true }),
    title: t.text(),
    owner: t.one('user', { inverse: 'lists', onDelete: 'null' }).nullable(),
    todos: t.back('todo', 'list'),
  }),
  todo: resource({
    id: t.id('integer', { client: true }),
    text: t.text(),
    rank: t.integer().default(0),
    done: t.bool().default(false),
    list: t.one('list', { inverse: 'todos', onDelete: 'cascade' }).nullable(),
    tags: t.many('tag', { inverse: 'todos' }),
    size: t.count('tags').sortable(),
    loud: t.calc({
      of: t.text(),
      uses: ['text'],
      get: row => {
        if (row['text'] === 'throw') throw new Error('no')
        return String(row['text']).toUpperCase()
      },
    }),
  }),
  tag: resource({ id: t.id('integer', { client: true }), name: t.text(), todos: t.many('todo', { inverse: 'tags' }) }),
  plain: resource({ id: t.id('integer', { client: true }), group: t.integer().default(0), n: t.integer().default(0) }),
}

type World = Api<typeof models>
type Name = keyof typeof models

const stores: Record<string, () => Store> = {
  memory: () => memory(),
  'a slow store': () => slow(memory(), { back: 0 }),
  sqlite: () => {
    const directory = mkdtempSync(join(tmpdir(), 'restuary-live-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    return sqlite(join(directory, 'live.db'))
  },
}

describe.each(Object.keys(stores))('live over %s', name => {
  const open = async (options: { store?: Store; limits?: object } = {}): Promise<World & { faults: unknown[] }> => {
    const faults: unknown[] = []
    const app = api(models, {
      store: options.store ?? stores[name]!(),
      limits: options.limits ?? {},
      report: () => {},
      onFault: error => faults.push(error),
    })
    onTestFinished(() => app.close())
    await app.ready()
    return Object.assign(app, { faults })
  }
  const liveOf = (app: World): Live => app.http.live!
  /** Subscribes and reports what arrives. `settle` waits until everything committed has been sent. */
  const follow = async (
    app: World,
    resourceName: Name,
    options: CallOptions & { id?: number; since?: string; mode?: Mode } = {},
    heard: Recorder = new Recorder(),
  ): Promise<{ heard: Recorder; subscription: Subscription; settle: () => Promise<unknown[]> }> => {
    const { id, since, mode, ...query } = options
    const call = appCall(app.engine, { operation: id === undefined ? 'list' : 'get', name: resourceName, id }, query)
    const subscription = await liveOf(app).subscribe(call, heard, { since: since ?? null, mode: mode ?? 'every' })
    const settle = async (): Promise<unknown[]> => {
      await liveOf(app).advance()
      expect(heard.faults).toEqual([])
      return heard.news()
    }
    return { heard, subscription, settle }
  }
  const plain = async (app: World, ...rows: object[]): Promise<void> => void (await app.post('plain', rows as never))

  test('a snapshot at a position, then every commit after it as one batch', async () => {
    const app = await open()
    await plain(app, { id: 1 }, { id: 2 })
    const { heard, settle } = await follow(app, 'plain')
    const { epoch } = app.engine
    expect(heard.position).toBe(`${epoch}.2`)
    expect(heard.news()).toEqual([{ snapshot: [1, 2], reset: false }])
    await plain(app, { id: 3 }, { id: 4 })
    await app.patch('plain', 1, { n: 5 })
    await app.delete('plain', 2)
    expect(await settle()).toEqual([
      {
        position: 4,
        events: [
          ['enter', 3],
          ['enter', 4],
        ],
      },
      { position: 5, events: [['change', 1]] },
      { position: 6, events: [['leave', 2]] },
    ])
    expect([...heard.rows.values()]).toEqual(await app.list('plain').then(rows => expect.arrayContaining(rows)))
    expect(heard.batches.map(b => b.events.map(e => [e.seq, e.born, e.dead]))).toEqual([
      [
        [3, true, false],
        [4, true, false],
      ],
      [[5, false, false]],
      [[6, false, true]],
    ])
  })

  test('a commit that changes a row twice is one event of it', async () => {
    const app = await open()
    await plain(app, { id: 1 }, { id: 2 })
    const { heard, settle } = await follow(app, 'plain', { filter: { n: { $lt: 5 } } })
    heard.news()
    await app.transaction(async tx => {
      await tx.patch('plain', 1, { n: 7 })
      await tx.patch('plain', 2, { n: 1 })
      await tx.patch('plain', 1, { n: 2 })
      await tx.post('plain', { id: 3 })
      await tx.delete('plain', 3)
    })
    const events = [
      ['change', 1],
      ['change', 2],
    ]
    expect(await settle()).toEqual([{ position: 7, events }])
    expect([...heard.rows.values()]).toEqual(await app.list('plain'))
  })

  test('a write that changes nothing sends nothing', async () => {
    const app = await open()
    await plain(app, { id: 1 })
    const { heard, settle } = await follow(app, 'plain')
    heard.news()
    await app.patch('plain', 1, { n: 0 })
    expect(await settle()).toEqual([])
  })

  test.each<[string, object, boolean]>([
    ['by an equality', { group: 1 }, true],
    ['by a set', { group: { $in: [1, 7] } }, true],
    ['by a range', { group: { $gte: 1, $lt: 2 } }, false],
    ['by an alternative', { $or: [{ group: 1 }, { group: 7 }] }, false],
    ['by a negation', { $not: { group: { $ne: 1 } } }, false],
  ])('rows enter, change and leave a filter %s', async (_, filter) => {
    const app = await open()
    await plain(app, { id: 1, group: 1 }, { id: 2, group: 2 }, { id: 3, group: 1 })
    const { heard, settle } = await follow(app, 'plain', { filter })
    expect(heard.news()).toEqual([{ snapshot: [1, 3], reset: false }])
    await app.patch('plain', 1, { group: 2 })
    await app.patch('plain', 2, { group: 1 })
    await app.patch('plain', 2, { n: 9 })
    await app.patch('plain', 1, { n: 9 })
    await app.delete('plain', 1)
    await app.delete('plain', 3)
    expect(await settle()).toEqual([
      { position: 4, events: [['leave', 1]] },
      { position: 5, events: [['enter', 2]] },
      { position: 6, events: [['change', 2]] },
      { position: 9, events: [['leave', 3]] },
    ])
    expect(heard.batches.map(b => b.events[0]!.dead)).toEqual([false, false, false, true])
    expect(heard.batches[1]!.events[0]!.born).toBe(false)
  })

  test('one row: its changes, its end, and its return under the same id', async () => {
    const app = await open()
    await plain(app, { id: 1 }, { id: 2 })
    const { heard, settle } = await follow(app, 'plain', { id: 1 })
    expect(heard.news()).toEqual([{ snapshot: [1], reset: false }])
    await app.patch('plain', 2, { n: 1 })
    await app.patch('plain', 1, { n: 1 })
    await app.delete('plain', 1)
    await plain(app, { id: 1 })
    expect(await settle()).toEqual([
      { position: 4, events: [['change', 1]] },
      { position: 5, events: [['leave', 1]] },
      { position: 6, events: [['enter', 1]] },
    ])
  })

  test('a row that is not there cannot be followed', async () => {
    const app = await open()
    await expect(follow(app, 'plain', { id: 1 })).rejects.toMatchObject({ code: 'not_found' })
    expect(liveOf(app).groups).toBe(0)
  })

  test('if two subscribe to the same at once and one of them fails, the other still works', async () => {
    const app = await open()
    const [first, second] = await Promise.allSettled([follow(app, 'plain', { id: 1 }), follow(app, 'plain', { id: 1 })])
    expect([first.status, second.status]).toEqual(['rejected', 'rejected'])
    await plain(app, { id: 1 })
    const [a, b] = await Promise.all([follow(app, 'plain', { id: 1 }), follow(app, 'plain', { id: 1 })])
    expect(liveOf(app).groups).toBe(1)
    await app.patch('plain', 1, { n: 1 })
    await a.settle()
    expect(a.heard.batches).toHaveLength(1)
    expect(b.heard.batches).toEqual(a.heard.batches)
  })

  test('a window refills when a row leaves it', async () => {
    const app = await open()
    await plain(app, ...[1, 2, 3, 4, 5].map(id => ({ id, n: id })))
    const { heard, settle } = await follow(app, 'plain', { sort: '-n', limit: 2 })
    expect(heard.news()).toEqual([{ snapshot: [5, 4], reset: false }])
    await app.delete('plain', 5)
    expect(await settle()).toEqual([
      {
        position: 6,
        events: [
          ['leave', 5],
          ['enter', 3],
        ],
      },
    ])
    await app.patch('plain', 1, { n: 9 })
    expect(await settle()).toEqual([
      {
        position: 7,
        events: [
          ['leave', 3],
          ['enter', 1],
        ],
      },
    ])
    await app.patch('plain', 2, { n: 0 })
    expect(await settle()).toEqual([])
    await app.patch('plain', 4, { n: 10 })
    expect(await settle()).toEqual([{ position: 9, events: [['change', 4]] }])
    expect(heard.batches.map(b => b.events[0]!.dead)).toEqual([true, false, false])
  })

  test('a window with an offset moves', async () => {
    const app = await open()
    await plain(app, ...[2, 3, 4, 5].map(id => ({ id })))
    const { heard, settle } = await follow(app, 'plain', { limit: 2, offset: 1 })
    expect(heard.news()).toEqual([{ snapshot: [3, 4], reset: false }])
    await plain(app, { id: 1 })
    expect(await settle()).toEqual([
      {
        position: 5,
        events: [
          ['leave', 4],
          ['enter', 2],
        ],
      },
    ])
  })

  test('a list without a limit is followed whole', async () => {
    const app = await open()
    await plain(app, ...Array.from({ length: 300 }, (_, i) => ({ id: i + 1 })))
    const { heard, settle } = await follow(app, 'plain')
    expect(heard.rows.size).toBe(300)
    await plain(app, { id: 301 })
    await settle()
    expect(heard.rows.size).toBe(301)
  })

  test('a view larger than the largest snapshot is refused, a window of it is not', async () => {
    const app = await open({ limits: { snapshotRows: 3 } })
    await plain(app, { id: 1 }, { id: 2 }, { id: 3 })
    await follow(app, 'plain')
    await plain(app, { id: 4 })
    await expect(follow(app, 'plain')).rejects.toMatchObject({ code: 'too_complex' })
    await expect(follow(app, 'plain', { limit: 4 })).rejects.toMatchObject({ code: 'too_complex' })
    await follow(app, 'plain', { limit: 3 })
    await follow(app, 'plain', { filter: { id: { $gt: 1 } } })
  })

  test('a filter through a to-one relation follows the related row', async () => {
    const app = await open()
    await app.post('user', [
      { id: 1, name: 'ann' },
      { id: 2, name: 'bob' },
    ])
    await app.post('list', [
      { id: 1, title: 'a', owner: 1 },
      { id: 2, title: 'b', owner: 2 },
    ])
    const { heard, settle } = await follow(app, 'list', { filter: { owner: { name: 'ann' } } })
    expect(heard.news()).toEqual([{ snapshot: [1], reset: false }])
    await app.patch('user', 2, { name: 'ann' })
    expect((await settle()).map((h: any) => h.events)).toEqual([[['enter', 2]]])
    await app.patch('user', 1, { name: 'cleo' })
    expect((await settle()).map((h: any) => h.events)).toEqual([[['leave', 1]]])
    await app.patch('list', 1, { owner: 2 })
    expect((await settle()).map((h: any) => h.events)).toEqual([[['enter', 1]]])
    await app.delete('user', 2)
    expect((await settle()).flatMap((h: any) => h.events)).toEqual([
      ['leave', 1],
      ['leave', 2],
    ])
  })

  test('a filter through a to-many relation follows the related rows', async () => {
    const app = await open()
    await app.post('list', [
      { id: 1, title: 'a' },
      { id: 2, title: 'b' },
    ])
    await app.post('todo', [
      { id: 1, text: 'x', list: 1 },
      { id: 2, text: 'y', list: 2 },
    ])
    const { heard, settle } = await follow(app, 'list', { filter: { todos: { $some: { done: true } } } })
    expect(heard.news()).toEqual([{ snapshot: [], reset: false }])
    await app.patch('todo', 2, { done: true })
    expect((await settle()).map((h: any) => h.events)).toEqual([[['enter', 2]]])
    await app.patch('todo', 2, { list: 1 })
    expect((await settle()).flatMap((h: any) => h.events)).toEqual([
      ['leave', 2],
      ['enter', 1],
    ])
    await app.delete('todo', 2)
    expect((await settle()).flatMap((h: any) => h.events)).toEqual([['leave', 1]])
  })

  test('a filter that asks for one row of a list and for all others follows each of them', async () => {
    const app = await open()
    await app.post('user', { id: 1, name: 'ann' })
    await app.post('list', [
      { id: 1, title: 'a', owner: 1 },
      { id: 2, title: 'b', owner: 1 },
    ])
    await app.post('todo', { id: 1, text: 'x', list: 1 })
    const filter = { list: { owner: { lists: { $some: { id: 1 }, $none: { title: 'b' } } } } }
    const { heard, settle } = await follow(app, 'todo', { filter })
    expect(heard.news()).toEqual([{ snapshot: [], reset: false }])
    await app.patch('list', 2, { title: 'c' })
    expect((await settle()).flatMap((h: any) => h.events)).toEqual([['enter', 1]])
    await app.patch('list', 2, { title: 'b' })
    expect((await settle()).flatMap((h: any) => h.events)).toEqual([['leave', 1]])
  })

  test('a filter and a sort by a count follow the counted rows', async () => {
    const app = await open()
    await app.post('tag', [
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
    ])
    await app.post('todo', [
      { id: 1, text: 'x', tags: [1] },
      { id: 2, text: 'y', tags: [1, 2] },
    ])
    const { heard, settle } = await follow(app, 'todo', { sort: '-size', limit: 1 })
    expect(heard.news()).toEqual([{ snapshot: [2], reset: false }])
    await app.patch('todo', 2, { tags: [] })
    await settle()
    expect([...heard.rows.keys()]).toEqual([1])
  })

  test('the ids of children are in the body of their parent', async () => {
    const app = await open()
    await app.post('list', [
      { id: 1, title: 'a' },
      { id: 2, title: 'b' },
    ])
    const { heard, settle } = await follow(app, 'list')
    heard.news()
    await app.post('todo', { id: 7, text: 'x', list: 1 })
    expect((await settle()).map((h: any) => h.events)).toEqual([[['change', 1]]])
    expect(heard.rows.get(1)).toMatchObject({ todos: [7] })
    await app.patch('todo', 7, { list: 2 })
    await settle()
    expect([heard.rows.get(1), heard.rows.get(2)]).toMatchObject([{ todos: [] }, { todos: [7] }])
    await app.patch('todo', 7, { text: 'nothing of a list' })
    expect(await settle()).toEqual([])
    await app.delete('todo', 7)
    await settle()
    expect(heard.rows.get(2)).toMatchObject({ todos: [] })
  })

  test.each<[string, CallOptions]>([
    ['depth 3', { depth: 3 }],
    ['include', { include: ['todos.tags', 'owner'] }],
  ])('%s follows the related rows that are shown', async (_, options) => {
    const app = await open()
    await app.post('user', { id: 1, name: 'ann' })
    await app.post('list', [
      { id: 1, title: 'a', owner: 1 },
      { id: 2, title: 'b' },
    ])
    await app.post('todo', [{ id: 1, text: 'x', list: 1, tags: [{ id: 1, name: 't' }] }])
    const { heard, settle } = await follow(app, 'list', options)
    heard.news()
    const fresh = async (): Promise<unknown> => new Map((await app.list('list', options as never)).map(r => [r.id, r]))
    for (const write of [
      () => app.patch('user', 1, { name: 'anna' }),
      () => app.patch('todo', 1, { text: 'y' }),
      () => app.patch('tag', 1, { name: 'u' }),
      () => app.patch('todo', 1, { list: 2 }),
      () => app.post('tag', { id: 2, name: 'v', todos: [1] }),
      () => app.delete('tag', 1),
      () => app.delete('todo', 1),
      () => app.delete('user', 1),
    ]) {
      await write()
      expect(await settle()).not.toEqual([])
      expect(heard.rows).toEqual(await fresh())
    }
  })

  describe('resuming', () => {
    test('sends exactly the missed changes', async () => {
      const app = await open()
      await plain(app, { id: 1, group: 1 }, { id: 2 })
      const { heard, subscription } = await follow(app, 'plain', { filter: { group: 1 } })
      liveOf(app).unsubscribe(subscription)
      await app.patch('plain', 1, { n: 1 })
      await app.patch('plain', 2, { group: 1 })
      await plain(app, { id: 3 })
      await app.delete('plain', 1)
      const again = await follow(app, 'plain', { filter: { group: 1 }, since: heard.position })
      expect(again.heard.news()).toEqual([
        { resumed: heard.position },
        { position: 3, events: [['change', 1]] },
        { position: 4, events: [['enter', 2]] },
        { position: 6, events: [['leave', 1]] },
      ])
    })

    test('from a position inside the history repeats nothing', async () => {
      const app = await open()
      for (const id of [1, 2, 3]) await plain(app, { id })
      const { heard, settle } = await follow(app, 'plain', { since: `${app.engine.epoch}.2` })
      expect(heard.faults).toEqual([])
      expect(heard.news().slice(1)).toEqual([{ position: 3, events: [['enter', 3]] }])
      await plain(app, { id: 4 })
      expect(await settle()).toEqual([{ position: 4, events: [['enter', 4]] }])
    })

    test.each<[string, (epoch: string) => string]>([
      ['of another epoch', epoch => `${epoch === 'aaaaaa' ? 'b' : 'a'}aaaaa.1`],
      ['of the future', epoch => `${epoch}.99`],
      ['that is none', () => 'garbage'],
      ['that is empty', () => ''],
    ])('from a position %s is one reset with a snapshot', async (_, since) => {
      const app = await open()
      await plain(app, { id: 1 })
      const { heard, settle } = await follow(app, 'plain', { since: since(app.engine.epoch) })
      expect(heard.news()).toEqual([{ snapshot: [1], reset: true }])
      await plain(app, { id: 2 })
      expect(await settle()).toEqual([{ position: 2, events: [['enter', 2]] }])
    })

    test('a window resumes from a position with the changes since then', async () => {
      const app = await open()
      await plain(app, { id: 1, group: 1 }, { id: 2, group: 1 })
      const options = { filter: { group: 1 }, limit: 1 }
      const { heard, subscription } = await follow(app, 'plain', options)
      liveOf(app).unsubscribe(subscription)
      await plain(app, { id: 3 })
      heard.news()
      const again = await follow(app, 'plain', { ...options, since: heard.position }, heard)
      expect(heard.news()).toEqual([{ resumed: heard.position }])
      await app.delete('plain', 1)
      expect(await again.settle()).toEqual([
        {
          position: 4,
          events: [
            ['leave', 1],
            ['enter', 2],
          ],
        },
      ])
      const third = await follow(app, 'plain', { ...options, since: heard.position })
      expect(third.heard.news()).toEqual([
        { resumed: heard.position },
        {
          position: 4,
          events: [
            ['leave', 1],
            ['enter', 2],
          ],
        },
      ])
    })

    test('a row that is gone leaves; one that was gone before is not there', async () => {
      const app = await open()
      await plain(app, { id: 1 })
      const { heard } = await follow(app, 'plain', { id: 1 })
      await app.delete('plain', 1)
      const again = await follow(app, 'plain', { id: 1, since: heard.position })
      expect(again.heard.news().slice(1)).toEqual([{ position: 2, events: [['leave', 1]] }])
      const late = follow(app, 'plain', { id: 1, since: `${app.engine.epoch}.2` })
      await expect(late).rejects.toMatchObject({ code: 'not_found' })
    })
  })

  test('equal questions are one group, one evaluation and one batch', async () => {
    const app = await open()
    await plain(app, { id: 1, group: 1 })
    const filters = [
      { group: 1, n: { $gte: 0 } },
      { n: { $gte: 0 }, group: 1 },
      { $and: [{ group: 1 }, { n: { $gte: 0 } }] },
    ]
    const all = await Promise.all(filters.map(filter => follow(app, 'plain', { filter })))
    expect(liveOf(app).groups).toBe(1)
    await app.patch('plain', 1, { n: 1 })
    await all[0]!.settle()
    const [batch] = all[0]!.heard.batches
    for (const { heard } of all) expect(heard.batches[0]).toBe(batch)
    for (const { subscription } of all) liveOf(app).unsubscribe(subscription)
    expect([liveOf(app).groups, liveOf(app).subscriptions]).toEqual([0, 0])
  })

  test.each<[string, CallOptions, CallOptions]>([
    ['filters', { filter: { group: 1 } }, { filter: { group: 2 } }],
    ['types of a value', { filter: { id: 1 } }, { filter: { id: 2 } }],
    ['limits', { limit: 1 }, { limit: 2 }],
    ['shapes', { fields: ['id'] }, { fields: ['n'] }],
    ['depths', { depth: 0 }, {}],
    ['sorts', { sort: 'n' }, { sort: '-n' }],
  ])('different %s are different groups', async (_, a, b) => {
    const app = await open()
    await follow(app, 'plain', a)
    await follow(app, 'plain', b)
    expect(liveOf(app).groups).toBe(2)
  })

  test('an evaluation that throws only affects its own group', async () => {
    const app = await open()
    await app.post('todo', [
      { id: 1, text: 'a' },
      { id: 2, text: 'b' },
    ])
    const broken = await follow(app, 'todo', { filter: { id: 1 } })
    const whole = await follow(app, 'todo', { filter: { id: 1 }, fields: ['id', 'text'] })
    await app.patch('todo', 1, { text: 'throw' }).catch(() => undefined)
    // The answer to the write shows the calculated field, so that it failed; without it the write is done.
    await app.patch('todo', 1, { text: 'throw' }, { fields: ['id'] })
    await whole.settle()
    await liveOf(app).advance()
    expect(broken.heard.news().at(-1)).toEqual({ end: 'internal' })
    expect(whole.heard.rows.get(1)).toEqual({ id: 1, text: 'throw' })
    expect(app.faults.length).toBeGreaterThan(0)
    await app.patch('todo', 1, { text: 'again' })
    await whole.settle()
    expect(whole.heard.rows.get(1)).toEqual({ id: 1, text: 'again' })
    expect(liveOf(app).subscriptions).toBe(1)
  })

  test('a face that throws gets a new snapshot, the others go on', async () => {
    const app = await open()
    const bad = await follow(app, 'plain')
    const good = await follow(app, 'plain')
    const batch = bad.heard.batch.bind(bad.heard)
    bad.heard.batch = () => {
      bad.heard.batch = batch
      throw new Error('face')
    }
    await plain(app, { id: 1 })
    await good.settle()
    expect(good.heard.rows.size).toBe(1)
    await liveOf(app).advance()
    expect(bad.heard.news().at(-1)).toEqual({ snapshot: [1], reset: true })
    expect(app.faults).toHaveLength(1)
  })

  test('a slow reader misses batches and gets one reset when it has drained', async () => {
    const app = await open()
    const { heard, subscription, settle } = await follow(app, 'plain')
    heard.news()
    heard.isSlow = true
    await plain(app, { id: 1 })
    await plain(app, { id: 2 })
    expect(await settle()).toEqual([])
    expect(subscription.behind).toBe(true)
    heard.isSlow = false
    await plain(app, { id: 3 })
    expect(await settle()).toEqual([])
    subscription.drained()
    subscription.drained()
    expect(await settle()).toEqual([{ snapshot: [1, 2, 3], reset: true }])
    await plain(app, { id: 4 })
    expect(await settle()).toEqual([{ position: 4, events: [['enter', 4]] }])
  })

  test('pages are not followed', async () => {
    const app = await open()
    await expect(follow(app, 'plain', { total: true })).rejects.toMatchObject({ code: 'validation' })
  })

  test('closing ends all subscriptions', async () => {
    const app = await open()
    const { heard } = await follow(app, 'plain')
    heard.news()
    liveOf(app).close()
    expect(heard.news()).toEqual([{ end: 'unavailable' }])
    await expect(follow(app, 'plain')).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('the application follows rows in their order', async () => {
    const app = await open()
    await plain(app, { id: 1, n: 1 }, { id: 2, n: 3 })
    const abort = new AbortController()
    const steps = app.live('plain', { sort: '-n', signal: abort.signal })
    const next = async (): Promise<any> => (await steps.next()).value
    expect(await next()).toEqual({
      rows: [
        { id: 2, group: 0, n: 3 },
        { id: 1, group: 0, n: 1 },
      ],
      position: `${app.engine.epoch}.2`,
      changes: [],
      reset: false,
    })
    await plain(app, { id: 3, n: 2 })
    const step = await next()
    expect(step.rows.map((row: any) => row.id)).toEqual([2, 3, 1])
    expect(step.changes).toEqual([
      { kind: 'enter', id: 3, version: `${app.engine.epoch}.3`, data: { id: 3, group: 0, n: 2 } },
    ])
    await app.patch('plain', 1, { n: 9 })
    await app.delete('plain', 2)
    expect((await next()).rows.map((row: any) => row.id)).toEqual([1, 2, 3])
    expect((await next()).rows.map((row: any) => row.id)).toEqual([1, 3])
    const waiting = steps.next()
    abort.abort()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(liveOf(app).subscriptions).toBe(0)
  })

  test('the application goes on from a position: the first state has the changes since', async () => {
    const app = await open()
    await plain(app, { id: 1, n: 1 }, { id: 2, n: 3 })
    const before = app.live('plain', { filter: { n: { $gt: 1 } } })
    const { position: since } = (await before.next()).value!
    await before.return()
    await app.patch('plain', 1, { n: 4 })
    await app.delete('plain', 2)
    const steps = app.live('plain', { filter: { n: { $gt: 1 } }, since })
    const { rows, changes, reset } = (await steps.next()).value!
    expect([rows, reset]).toEqual([[{ id: 1, group: 0, n: 4 }], false])
    expect(changes.map(({ kind, id }) => [kind, id])).toEqual([
      ['enter', 1],
      ['leave', 2],
    ])
    await app.patch('plain', 1, { n: 5 })
    expect((await steps.next()).value).toMatchObject({ rows: [{ n: 5 }], changes: [{ kind: 'change', id: 1 }] })
    await steps.return()
    const lost = app.live('plain', { since: 'zzzzzz.1' })
    expect((await lost.next()).value).toMatchObject({ rows: [{ id: 1 }], changes: [], reset: true })
    await lost.return()
    const gone = app.live('plain', { id: 2, absent: 'wait', since })
    expect((await gone.next()).value).toMatchObject({ rows: [], changes: [{ kind: 'leave', id: 2 }], reset: false })
    await gone.return()
    expect(liveOf(app).subscriptions).toBe(0)
  })

  test('the application follows one row, and an order through a relation', async () => {
    const app = await open()
    await app.post('user', [
      { id: 1, name: 'b' },
      { id: 2, name: 'c' },
    ])
    await app.post('list', [
      { id: 1, title: 'x', owner: 1 },
      { id: 2, title: 'y', owner: 2 },
    ])
    const one = app.live('user', { id: 1 })
    expect((await one.next()).value).toMatchObject({ rows: [{ id: 1, name: 'b' }] })
    const lists = app.live('list', { sort: 'owner.name' as never })
    expect((await lists.next()).value!.rows.map(row => row.id)).toEqual([1, 2])
    await app.patch('user', 2, { name: 'a' })
    expect((await lists.next()).value).toMatchObject({ rows: [{ id: 2 }, { id: 1 }], changes: [] })
    await one.return()
    await lists.return()
    expect(liveOf(app).subscriptions).toBe(0)
  })

  test('the application that is slow keeps a bound, then starts anew', async () => {
    const app = await open()
    const steps = app.live('plain')
    await steps.next()
    await plain(app, { id: 1 })
    for (let n = 1; n <= 1_200; n++) await app.patch('plain', 1, { n })
    await liveOf(app).advance()
    let last: any
    let count = 0
    while (!last?.reset) {
      last = (await steps.next()).value
      count++
    }
    expect(count).toBeLessThanOrEqual(1_001)
    expect(last.rows).toEqual([{ id: 1, group: 0, n: 1_200 }])
    await steps.return()
  })
})

describe('the log', () => {
  test('that was trimmed means one reset', async () => {
    const store = memory({ keptChanges: 10 })
    const app = api(models, { store, report: () => {} })
    onTestFinished(() => app.close())
    for (let id = 1; id <= 40; id++) await app.post('plain', { id } as never)
    const call = appCall(app.engine, { operation: 'list', name: 'plain' }, {})
    const heard = new Recorder()
    await app.http.live!.subscribe(call, heard, { since: `${app.engine.epoch}.3` })
    expect(heard.news()).toEqual([{ snapshot: Array.from({ length: 40 }, (_, i) => i + 1), reset: true }])
  })
})
