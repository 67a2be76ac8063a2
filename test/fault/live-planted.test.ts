// The checker of subscriptions is checked: faults of every kind are built in, and each must be found.
import { expect, test } from 'vitest'
import type { Commit, Store } from '../../src/store/store.ts'
import { contradictions, type Heard, type HeardEvent, type History } from './live-history.ts'
import type { ItemRow, LoggedCommit } from './live-state.ts'
import { story, type Bug } from './live-story.ts'
import { views } from './live-views.ts'

const commitsOf =
  (change: (found: Commit[], after: number) => Commit[] | null) =>
  (store: Store): Partial<Store> => ({
    commits: async (after, limit) => change([...((await store.commits(after, limit)) ?? [])], after),
  })
const nth = (heard: Heard[], change: (one: Heard & { kind: 'commit' }) => Heard[]): Heard[] => {
  const at = heard.findIndex((one, i) => i > 8 && one.kind === 'commit' && one.events.length > 0)
  return heard.flatMap((one, i) => (i === at ? change(one as Heard & { kind: 'commit' }) : [one]))
}

type Told = HeardEvent & { readonly position: number }
const without =
  (is: (event: Told) => boolean) =>
  (heard: Heard[]): Heard[] =>
    heard.map(one => {
      if (one.kind !== 'commit') return one
      return { ...one, events: one.events.filter(event => !is({ ...event, position: one.position })) }
    })
/** An event of a row that did not change itself. */
const movedIn = ({ kind, seq, position }: Told): boolean => kind === 'enter' && seq! < position
const row = (id: number): ItemRow => ({ id, text: `row ${id}`, group: 1, list: 1 })

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
          events: [
            ...one.events,
            { kind: 'enter', id: 999, seq: one.position, data: { id: 999, text: '', group: 0, list: 1 } },
          ],
        },
      ]),
  },
  'who lost the right to see rows is not told': { in: 'seen by 1', told: without(event => event.kind === 'leave') },
  'rows of a list that came into other hands are not told': { in: 'of an owner', told: without(movedIn) },
  'a window under rules does not fill up': { in: 'window seen by 1', told: without(movedIn) },
  'a row is told to who may not see it': {
    in: 'seen by 2',
    told: heard =>
      nth(heard, one => [
        { ...one, events: [...one.events, { kind: 'enter', id: 999, seq: 1, data: { ...row(999), list: 3 } }] },
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

test('without a planted fault nothing is found', async () => {
  expect(contradictions(await story({}))).toEqual([])
})

test.each(Object.entries(bugs))('it is found if %s', async (_, bug) => {
  expect(contradictions(await story(bug))).not.toEqual([])
})

/** Rows 1 and 2 exist. Then row 3 comes and leaves again. A subscriber of a window already knows the state before. */
function passing(goes: boolean): History {
  const made = (position: number): LoggedCommit => ({
    position,
    changes: [{ seq: position, resource: 'item', id: position, after: row(position) }],
  })
  const gone: LoggedCommit = { position: 4, changes: [{ seq: 4, resource: 'item', id: 3, after: null }] }
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

test('a window may omit rows that came and went within a step, but not rows that stayed', () => {
  expect(contradictions(passing(true))).toEqual([])
  expect(contradictions(passing(false))).toEqual([
    'C4 window: nothing of 3 at the end',
    'C11 window: its rows are not those of a fresh list',
  ])
})

/** Row 1 is created and changed. A subscriber without positions reads it and gets these events. */
function pushed(...events: HeardEvent[]): string[] {
  const changed = { ...row(1), text: 'other' }
  const view = views.find(one => one.name === 'all')!
  const heard: Heard[] = [
    { kind: 'read', rows: [row(1)] },
    ...events.map(event => ({ kind: 'pushed', event }) as const),
  ]
  return contradictions({
    log: [row(1), changed].map((after, i) => ({
      position: i + 1,
      changes: [{ seq: i + 1, resource: 'item', id: 1, after }],
    })),
    writes: [],
    reads: [],
    subscribers: [{ name: 'envelope', view, heard }],
    fresh: new Map([[view.name, [changed]]]),
  })
}

test('without positions no row is sent that was hidden, none in an older version, and all end up right', () => {
  const change = (data: ItemRow): HeardEvent => ({ kind: 'change', id: 1, seq: null, data })
  const other = { ...row(1), text: 'other' }
  expect(pushed(change(row(1)), change(other))).toEqual([])
  const wrong = 'C11 envelope: its rows are not those of a fresh list'
  expect(pushed()).toEqual([wrong])
  expect(pushed(change(other), change(row(1)))).toEqual(['C4 envelope: an older version of 1', wrong])
  expect(pushed({ kind: 'leave', id: 1, seq: null, data: null })).toEqual([wrong])
  const strange = { ...other, text: 'strange' }
  expect(pushed(change(strange), change(other))).toEqual([
    `C4 envelope: 1 was never shown as ${JSON.stringify(strange)}`,
  ])
})
