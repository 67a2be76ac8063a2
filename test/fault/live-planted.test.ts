// The checker of subscriptions is checked: faults of every kind are built in, and each must be found.
import { expect, test } from 'vitest'
import { api } from '../../src/api.ts'
import { callOf } from '../../src/engine/program.ts'
import { resource } from '../../src/model/resource.ts'
import { t } from '../../src/schema/builder.ts'
import type { Batch } from '../../src/live/event.ts'
import type { Listener, Shown } from '../../src/live/subscription.ts'
import type { Call } from '../../src/engine/call.ts'
import { decodeQuery } from '../../src/query/query.ts'
import { readParameters } from '../../src/transport/http/parameters.ts'
import { memory } from '../../src/store/memory.ts'
import type { Commit, Store } from '../../src/store/store.ts'
import { seqOf } from './call.ts'
import {
  contradictions,
  type Heard,
  type HeardEvent,
  type History,
  type ItemRow,
  type LoggedCommit,
  type View,
  type Write,
} from './live-history.ts'
import { views } from './live-views.ts'

const item = resource({ id: t.id(), text: t.text(), group: t.integer() }).public()

/** A fault, built into the store that is followed, into what a subscriber is told, or into what is recorded. */
interface Bug {
  readonly store?: (store: Store) => Partial<Store>
  readonly told?: (heard: Heard[]) => Heard[]
  readonly since?: (position: string) => string | null
  readonly history?: (history: History) => History
}

/** Follows for one subscriber: writes down what it hears. */
class Ear implements Listener {
  readonly heard: Heard[] = []

  snapshot(rows: readonly Shown[], position: string): void {
    this.heard.push({
      kind: 'snapshot',
      position: seqOf(position),
      rows: rows.map(row => JSON.parse(row.body) as ItemRow),
    })
  }
  resumed(position: string): void {
    this.heard.push({ kind: 'resumed', position: seqOf(position) })
  }
  batch({ position, events }: Batch): boolean {
    const told = events.map(({ kind, id, seq, body }): HeardEvent => ({
      kind,
      id: id as number,
      seq,
      data: body === null ? null : (JSON.parse(body) as ItemRow),
    }))
    this.heard.push({ kind: 'commit', position, events: told })
    return true
  }
  end(): void {}
}

/** A fixed story: writes of every kind, cuts and returns in between; what everyone heard. */
async function story(bug: Bug): Promise<History> {
  const inner = memory()
  const store = bug.store ? (Object.setPrototypeOf(bug.store(inner), new Proxy(inner, { get: bound })) as Store) : inner
  const app = api({ item }, { store, report: () => {}, onFault: () => {} })
  const live = app.http.live!
  const ears = views.map(view => ({ view, ear: new Ear(), subscription: null as any }))
  const begin = async (one: (typeof ears)[number]): Promise<void> => {
    const last = one.ear.heard.at(-1)
    const since = last ? (bug.since ?? (position => position))(`${app.engine.epoch}.${last.position}`) : null
    one.subscription = await live.subscribe(callFor(app.engine, one.view), one.ear, since)
  }
  const writes: Write[] = []
  let count = 0
  const write = async (op: Write['op'], id: number | null, group: number): Promise<number> => {
    const text = `text ${++count}`
    const before = (await store.commits(0, 100_000))?.at(-1)?.position ?? 0
    const row: any =
      op === 'create'
        ? await app.post('item', { text, group })
        : op === 'patch'
          ? await app.patch('item', id!, { text, group })
          : await app.delete('item', id!)
    writes.push({ outcome: 'ok', op, id: id ?? row.id, text, position: before + 1 })
    return id ?? row.id
  }
  try {
    for (const one of ears) await begin(one)
    for (let n = 0; n < 60; n++) {
      const cut = ears[n % ears.length]!
      if (n % 7 === 3 && cut.subscription) {
        live.unsubscribe(cut.subscription)
        cut.subscription = null
      }
      const ids = (await app.list('item')).map(row => row.id)
      if (n % 5 < 2 || ids.length < 3) await write('create', null, n % 3)
      else if (n % 5 === 4) await write('delete', ids[n % ids.length]!, 0)
      else await write('patch', ids[n % ids.length]!, (n + 1) % 3)
      if (n % 9 === 0) {
        await app.post(
          'item',
          [1, 1, 2].map(group => ({ text: `both ${n} ${Math.random()}`, group })),
        )
      }
      if (n % 2 === 0) await live.advance()
      if (n % 7 === 6) for (const one of ears) if (!one.subscription) await begin(one)
    }
    for (const one of ears) if (!one.subscription) await begin(one)
    await live.advance()
    const log = logOf((await inner.commits(0, 1_000_000))!)
    const fresh = new Map<string, ItemRow[]>()
    for (const view of views) {
      const rows = (await app.list('item')).filter(view.holds)
      const sorted = view.window === null ? rows : rows.toSorted((a, b) => b.id - a.id).slice(0, view.window)
      fresh.set(view.name, sorted)
    }
    const subscribers = ears.map(({ view, ear }, i) => ({
      name: view.name,
      view,
      heard: i < 2 || !bug.told ? (bug.told?.(ear.heard) ?? ear.heard) : ear.heard,
    }))
    // A second pair of ears for the first view, so that two can disagree.
    subscribers.push({ name: 'all again', view: views[0]!, heard: ears[0]!.ear.heard })
    const reads = log.slice(-5).map(({ position, changes }) => {
      const { id } = changes[0]!
      const now = log.flatMap(one => one.changes).findLast(change => change.id === id)!
      return { known: position, id, seq: now.after ? now.seq : null }
    })
    const history: History = { log, writes, reads, subscribers, fresh }
    return bug.history?.(history) ?? history
  } finally {
    await app.close()
  }
}

function bound(target: any, name: string | symbol): unknown {
  const value: unknown = target[name]
  return typeof value === 'function' ? (value.bind(target) as unknown) : value
}

function callFor(engine: any, view: View): Call {
  const base = callOf(engine, 'list', 'item', null, undefined, {})
  const parameters = readParameters(view.uri.split('?')[1] ?? '', 100)
  return { ...base, ...decodeQuery(base.resource, parameters, engine.limits, 'list', { page: null, maxPage: null }) }
}

function logOf(commits: readonly Commit[]): LoggedCommit[] {
  return commits.map(({ position, changes }) => ({
    position,
    changes: changes.map(({ seq, id, after }) => ({
      seq,
      id: id as number,
      after: after && { id: after[0] as number, text: after[3] as string, group: after[4] as number },
    })),
  }))
}

const commitsOf =
  (change: (found: Commit[], after: number) => Commit[] | null) =>
  (store: Store): Partial<Store> => ({
    commits: async (after, limit) => change([...((await store.commits(after, limit)) ?? [])], after),
  })
const nth = (heard: Heard[], change: (one: Heard & { kind: 'commit' }) => Heard[]): Heard[] => {
  const at = heard.findIndex((one, i) => i > 8 && one.kind === 'commit' && one.events.length > 0)
  return heard.flatMap((one, i) => (i === at ? change(one as Heard & { kind: 'commit' }) : [one]))
}

const bugs: Readonly<{ [name: string]: Bug }> = {
  'a commit is skipped by who tails the log': {
    store: commitsOf(found => found.filter(one => one.position % 11 !== 0)),
  },
  'a commit is told twice': { told: heard => nth(heard, one => [one, one]) },
  'two commits change places': {
    told: heard => {
      const at = heard.findIndex((one, i) => i > 5 && one.kind === 'commit' && heard[i + 1]?.kind === 'commit')
      return heard.toSpliced(at, 2, heard[at + 1]!, heard[at]!)
    },
  },
  'half a batch is told': {
    told: heard => {
      const at = heard.findIndex(one => one.kind === 'commit' && one.events.length > 1)
      const one = heard[at] as Heard & { kind: 'commit' }
      return heard.toSpliced(at, 1, { ...one, events: one.events.slice(1) })
    },
  },
  'a leave is left out': {
    told: heard =>
      heard.map(one => (one.kind === 'commit' ? { ...one, events: one.events.filter(e => e.kind !== 'leave') } : one)),
  },
  'a change is told with what was before': {
    told: heard =>
      nth(heard, one => [
        { ...one, events: one.events.map(e => ({ ...e, data: e.data && { ...e.data, text: 'old' } })) },
      ]),
  },
  'resuming skips a commit': {
    since: position => {
      const [epoch, seq] = position.split('.')
      return `${epoch}.${Number(seq) + 1}`
    },
  },
  'resuming begins a commit too early': {
    since: position => {
      const [epoch, seq] = position.split('.')
      return `${epoch}.${Math.max(0, Number(seq) - 1)}`
    },
  },
  'what was missed is forgotten on return': {
    told: heard => {
      const at = heard.findIndex(one => one.kind === 'resumed')
      const next = heard.findIndex((one, i) => i > at && one.kind === 'commit')
      return heard.toSpliced(next, 1)
    },
  },
  'a reset is swallowed': {
    since: () => 'zzzzzz.1',
    told: heard => heard.filter((one, i) => i === 0 || one.kind !== 'snapshot'),
  },
  'a snapshot is older than its position': {
    told: heard => heard.map(one => (one.kind === 'snapshot' ? { ...one, position: one.position + 1 } : one)),
    since: () => 'zzzzzz.1',
  },
  'a snapshot lacks a row': {
    since: () => 'zzzzzz.1',
    told: heard => heard.map(one => (one.kind === 'snapshot' ? { ...one, rows: one.rows.slice(1) } : one)),
  },
  'commits are folded into one': {
    told: heard => {
      const at = heard.findIndex((one, i) => i > 4 && one.kind === 'commit' && heard[i + 1]?.kind === 'commit')
      return heard.toSpliced(at, 1)
    },
  },
  'the log was trimmed and does not say so': {
    store: commitsOf((found, after) => found.filter(one => one.position > after + 2)),
  },
  'a row is told to those whom it does not concern': {
    told: heard =>
      nth(heard, one => [
        {
          ...one,
          events: [...one.events, { kind: 'enter', id: 999, seq: one.position, data: { id: 999, text: '', group: 0 } }],
        },
      ]),
  },
  'a write is acknowledged and lost': {
    history: history => ({
      ...history,
      writes: [...history.writes, { outcome: 'ok', op: 'create', id: 9_999, text: 'lost', position: 3 }],
    }),
  },
  'a refused write is there': {
    history: history => ({
      ...history,
      writes: history.writes.map((one, i) => (i === 3 ? { ...one, outcome: 'fail' as const } : one)),
    }),
  },
  'a read is older than what its reader had written': {
    history: history => ({ ...history, reads: history.reads.map(read => ({ ...read, seq: 1 })) }),
  },
  'the log has a hole': { history: history => ({ ...history, log: history.log.toSpliced(4, 1) }) },
}

test('nothing is found where nothing is wrong', async () => {
  expect(contradictions(await story({}))).toEqual([])
})

test.each(Object.entries(bugs))('it is found if %s', async (_, bug) => {
  expect(contradictions(await story(bug))).not.toEqual([])
})

/** Rows 1 and 2 are there; then 3 comes and goes. A subscriber of a window has heard of what was before. */
function passing(goes: boolean): History {
  const row = (id: number): ItemRow => ({ id, text: `row ${id}`, group: 1 })
  const made = (position: number): LoggedCommit => ({
    position,
    changes: [{ seq: position, id: position, after: row(position) }],
  })
  const gone: LoggedCommit = { position: 4, changes: [{ seq: 4, id: 3, after: null }] }
  const view = views.find(one => one.name === 'window')!
  const heard: Heard[] = [{ kind: 'snapshot', position: 2, rows: [row(2), row(1)] }]
  return {
    log: [made(1), made(2), made(3), ...(goes ? [gone] : [])],
    writes: [],
    reads: [],
    subscribers: [{ name: 'window', view, heard }],
    fresh: new Map([[view.name, goes ? [row(2), row(1)] : [row(3), row(2), row(1)]]]),
  }
}

test('a window need not tell of what came and went within a step, but of what stayed', () => {
  expect(contradictions(passing(true))).toEqual([])
  expect(contradictions(passing(false))).toEqual([
    'C4 window: nothing of 3 at the end',
    'C11 window: its rows are not those of a fresh list',
  ])
})
