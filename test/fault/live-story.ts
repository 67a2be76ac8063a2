// A fixed story of writes, cuts and returns, and what its subscribers heard; faults can be built in.
import { api } from '../../src/api.ts'
import type { Call } from '../../src/engine/call/call.ts'
import { appCall } from '../../src/engine/call/app-call.ts'
import type { Batch } from '../../src/live/event.ts'
import type { Listener, Shown } from '../../src/live/subscriptions/subscription.ts'
import { decodeQuery } from '../../src/query/query.ts'
import { memory } from '../../src/store/memory.ts'
import type { Commit, Store } from '../../src/store/store.ts'
import { readParameters } from '../../src/transport/http/request/parameters.ts'
import { seqOf } from './call.ts'
import type { Heard, HeardEvent, History, Write } from './live-history.ts'
import { lists, models, principalOf, users } from './live-model.ts'
import {
  recordOf,
  shownIn,
  after,
  noState,
  type Audience,
  type ItemRow,
  type LoggedCommit,
  type View,
} from './live-state.ts'
import { views } from './live-views.ts'

/** A fault in the store, in what a subscriber is told, or in what is recorded. */
export interface Bug {
  readonly store?: (store: Store) => Partial<Store>
  readonly told?: (heard: Heard[]) => Heard[]
  /** The view of the affected subscriber. Default: the first two. */
  readonly in?: string
  readonly since?: (position: string) => string | null
  readonly history?: (history: History) => History
}

/** Follows for one subscriber, and records what arrives. */
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

/** A fixed story: writes of every kind with cuts and returns in between, and what all subscribers received. */
export async function story(bug: Bug): Promise<History> {
  const inner = memory()
  const store = bug.store ? (Object.setPrototypeOf(bug.store(inner), new Proxy(inner, { get: bound })) as Store) : inner
  const app: any = api(models, { store, report: () => {}, onFault: () => {} })
  const live = app.http.live!
  const ears = views.map(view => ({ view, ear: new Ear(), subscription: null as any }))
  const begin = async (one: (typeof ears)[number]): Promise<void> => {
    const last = one.ear.heard.at(-1) as { position: number } | undefined
    const since = last ? (bug.since ?? (position => position))(`${app.engine.epoch}.${last.position}`) : null
    one.subscription = await live.subscribe(callFor(app.engine, one.view), one.ear, { since })
  }
  const writes: Write[] = []
  let count = 0
  const write = async (op: Write['op'], id: number | null, group: number): Promise<number> => {
    const text = `text ${++count}`
    const list = 1 + (count % 3)
    const before = (await store.commits(0, 100_000))?.at(-1)?.position ?? 0
    const row: any =
      op === 'create'
        ? await app.post('item', { text, group, list })
        : op === 'patch'
          ? await app.patch('item', id!, { text, group, list })
          : await app.delete('item', id!)
    writes.push({ outcome: 'ok', op, id: id ?? row.id, text, position: before + 1 })
    return id ?? row.id
  }
  try {
    await app.post(
      'user',
      users.map(id => ({ id })),
    )
    await app.post(
      'list',
      lists.map(id => ({ id, owner: id, members: [] })),
    )
    for (const one of ears) await begin(one)
    for (let n = 0; n < 60; n++) {
      if (n % 4 === 1) await app.patch('list', 1 + (n % 3), { owner: 1 + (((n >> 2) + (n >> 4)) % 3) })
      if (n % 4 === 3) await app.patch('list', 1 + (n % 3), { members: users.filter(id => (n >> id) % 2 === 0) })
      const cut = ears[n % ears.length]!
      if (n % 7 === 3 && cut.subscription) {
        live.unsubscribe(cut.subscription)
        cut.subscription = null
      }
      const ids = (await app.list('item')).map((row: ItemRow) => row.id)
      if (n % 5 < 2 || ids.length < 3) await write('create', null, n % 3)
      else if (n % 5 === 4) await write('delete', ids[n % ids.length], 0)
      else await write('patch', ids[n % ids.length], (n + 1) % 3)
      if (n % 9 === 0) {
        await app.post(
          'item',
          [1, 1, 2].map(group => ({ text: `both ${n} ${Math.random()}`, group, list: group })),
        )
      }
      if (n % 2 === 0) await live.advance()
      if (n % 7 === 6) for (const one of ears) if (!one.subscription) await begin(one)
    }
    for (const one of ears) if (!one.subscription) await begin(one)
    await live.advance()
    const log = logOf((await inner.commits(0, 1_000_000))!)
    const now = log.reduce(after, noState)
    const fresh = new Map(views.map(view => [view.name, [...shownIn(view, now).values()].map(one => one.row)]))
    const subscribers = ears.map(({ view, ear }, i) => {
      const isWrong = bug.in === undefined ? i < 2 : view.name === bug.in
      return { name: view.name, view, heard: (isWrong && bug.told?.(ear.heard)) || ear.heard }
    })
    // A second pair of ears for the first view, so that two can disagree.
    subscribers.push({ name: 'all again', view: views[0]!, heard: ears[0]!.ear.heard })
    const written = log.filter(({ changes }) => changes[0]!.resource === 'item')
    const reads = written.slice(-5).map(({ position, changes }) => {
      const { id } = changes[0]!
      return { known: position, id, seq: now.items.get(id)?.seq ?? null }
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
  const base = appCall(engine, { operation: 'list', name: 'item' }, { me: principalOf(view.me) })
  const parameters = readParameters(view.uri.split('?')[1] ?? '', 100)
  return { ...base, ...decodeQuery(base.resource, parameters, engine.limits, 'list', { page: null, maxPage: null }) }
}

function logOf(commits: readonly Commit[]): LoggedCommit[] {
  const audiences = new Map<number, Audience>()
  return commits.map(({ position, changes }) => ({
    position,
    changes: changes.map(({ seq, resource, id, after: row, lists }) => {
      const values = row && Object.fromEntries(resource.columns.map(field => [field.name, row[field.slot]]))
      return recordOf(
        { seq, resource: resource.name, id: id as number, after: values, lists: lists as never },
        audiences,
      )
    }),
  }))
}
