// What the fault test of subscriptions records, and what it must add up to (pure functions over plain data).
import { after, noState, sameRow, sameRows, shownIn, stepsBetween } from './live-state.ts'
import type { ItemRow, LoggedCommit, State, Versioned, View } from './live-state.ts'

export interface HeardEvent {
  readonly kind: 'enter' | 'change' | 'leave'
  readonly id: number
  /** null = the face does not say. */
  readonly seq: number | null
  readonly data: ItemRow | null
}
export type Heard =
  | { readonly kind: 'snapshot'; readonly position: number; readonly rows: readonly ItemRow[] }
  | { readonly kind: 'resumed'; readonly position: number }
  | { readonly kind: 'commit'; readonly position: number; readonly events: readonly HeardEvent[] }
  /** For a protocol without positions: all rows, read after the subscription began, and the pushed events of one row. */
  | { readonly kind: 'read'; readonly rows: readonly ItemRow[] }
  | { readonly kind: 'pushed'; readonly event: HeardEvent }
export interface Subscriber {
  readonly name: string
  readonly view: View
  readonly heard: readonly Heard[]
}

/** `ok` was answered with success, `fail` was refused, `info` has no answer. Every text is written once. */
export interface Write {
  readonly outcome: 'ok' | 'fail' | 'info'
  readonly op: 'create' | 'patch' | 'delete'
  readonly id: number | null
  readonly text: string
  /** Of the answer. */
  readonly position: number | null
}

/** What a client read that knew a position. */
export interface Read {
  readonly known: number
  readonly id: number
  /** Version of the row; null = it was not there. */
  readonly seq: number | null
}

export interface History {
  readonly log: readonly LoggedCommit[]
  readonly writes: readonly Write[]
  readonly reads: readonly Read[]
  readonly subscribers: readonly Subscriber[]
  /** What each view showed at the end, by its name. */
  readonly fresh: ReadonlyMap<string, readonly ItemRow[]>
}

/** Everything that contradicts itself; each begins with the number of its check (C1 … C11). */
export function contradictions(history: History): string[] {
  const found: string[] = []
  const states = statesOf(history.log, found)
  const positions = [...states.keys()]
  checkWrites(history, found)
  checkReads(history, states, positions, found)
  const told = new Map<string, string>()
  for (const subscriber of history.subscribers)
    if (subscriber.heard.some(one => one.kind === 'read')) checkPushed(subscriber, states, history, found)
    else checkSubscriber(subscriber, states, positions, history, told, found)
  return found
}

/** The state after each commit. Positions are dense, and so are the versions of a row (C5). */
function statesOf(log: readonly LoggedCommit[], found: string[]): Map<number, State> {
  let state = noState
  const states = new Map<number, State>([[0, state]])
  let last = 0
  for (const commit of log) {
    for (const { seq } of commit.changes) {
      if (seq !== last + 1) found.push(`C5 the log goes from ${last} to ${seq}`)
      last = seq
    }
    if (commit.position !== last) found.push(`C3 a commit at ${commit.position} ends with ${last}`)
    states.set(commit.position, (state = after(state, commit)))
  }
  return states
}

function checkWrites({ log, writes }: History, found: string[]): void {
  const byText = new Map<string, number>()
  const byPosition = new Map(log.map(commit => [commit.position, commit]))
  for (const { position, changes } of log)
    for (const change of changes)
      if (change.resource === 'item' && change.after) byText.set(change.after.text, position)
  for (const { outcome, op, id, text, position } of writes) {
    if (outcome === 'fail' && byText.has(text)) found.push(`C2 ${text} was refused and is in the log`)
    if (outcome !== 'ok') continue
    const commit = byPosition.get(position!)
    const change = commit?.changes.find(one => one.resource === 'item' && one.id === id)
    const now = change?.resource === 'item' ? change.after : undefined
    const holds = now !== undefined && (op === 'delete' ? now === null : now?.text === text)
    if (!holds) found.push(`C1 ${op} of ${id} was acknowledged at ${position} and is not there`)
  }
}

/** Checks that a read shows some state, and none older than its reader has seen. */
function checkReads(
  { reads }: History,
  states: ReadonlyMap<number, State>,
  positions: number[],
  found: string[],
): void {
  for (const { known, id, seq } of reads) {
    const from = positions.findIndex(position => position >= known)
    const isThere = from >= 0 && positions.slice(from).some(at => (states.get(at)!.items.get(id)?.seq ?? null) === seq)
    if (!isThere) found.push(`C7 after ${known}, row ${id} was read at version ${seq}`)
  }
}

function checkSubscriber(
  { name, view, heard }: Subscriber,
  states: ReadonlyMap<number, State>,
  positions: readonly number[],
  { fresh }: History,
  told: Map<string, string>,
  found: string[],
): void {
  const fault = (check: string, text: string): void => void found.push(`${check} ${name}: ${text}`)
  const at = (position: number): State | undefined => states.get(position)
  let last: number | null = null
  const mine = new Map<number, ItemRow>()
  for (const one of heard) {
    if (!('position' in one)) continue
    const state = at(one.position)
    if (!state) {
      fault('C3', `${one.kind} at ${one.position}, where no commit ends`)
      continue
    }
    if (one.kind === 'snapshot') {
      const expected = [...shownIn(view, state).values()].map(each => each.row)
      if (!sameRows(one.rows, expected)) fault('C6', `the snapshot at ${one.position}`)
      mine.clear()
      for (const row of one.rows) mine.set(row.id, row)
    } else if (one.kind === 'resumed') {
      if (last !== one.position) fault('C4', `resumed at ${one.position} after ${last}`)
    } else {
      if (last === null || one.position <= last) fault('C3', `${one.position} after ${last}`)
      const from = last === null || one.position <= last ? previous(positions, one.position) : last
      checkCommit(view, at(from)!, state, one.events, text => fault('C4', `${text} at ${one.position}`))
      if (!view.isMerged) {
        const skipped = positions.filter(position => position > from && position < one.position)
        const missed = skipped.find((position, i) => differ(view, at(skipped[i - 1] ?? from)!, at(position)!))
        if (missed !== undefined) fault('C4', `nothing of ${missed} before ${one.position}`)
      }
      // All subscribers of the same query in the same protocol get the same events for a commit.
      const key = `${view.name} ${one.events.every(event => event.seq !== null)} ${from} ${one.position}`
      const text = JSON.stringify(one.events.toSorted((a, b) => a.id - b.id))
      if ((told.get(key) ?? text) !== text) fault('C10', `hears of ${one.position} otherwise than others`)
      told.set(key, text)
      for (const { id, data } of one.events) {
        if (data) mine.set(id, data)
        else mine.delete(id)
      }
    }
    last = one.position
  }
  if (last === null) return fault('C11', 'heard nothing')
  // A step of several commits that leaves a merged view unchanged is not sent.
  const after = view.isMerged ? positions.slice(-1) : positions.filter(position => position > last)
  const later = after.findLast(position => differ(view, at(last)!, at(position)!))
  if (later !== undefined) fault('C4', `nothing of ${later} at the end`)
  if (!sameRows([...mine.values()], fresh.get(view.name)!)) fault('C11', 'its rows are not those of a fresh list')
}

/** Checks that the events of a step lead exactly from one state of the view to the other. */
function checkCommit(
  view: View,
  before: State,
  after: State,
  events: readonly HeardEvent[],
  fault: (text: string) => void,
): void {
  const expected = stepsBetween(view, before, after)
  const heard = new Map(events.map(event => [event.id, event]))
  if (heard.size < events.length) fault('a row twice')
  for (const [id, { kind, seq, row }] of expected) {
    const event = heard.get(id)
    if (!event) fault(`no ${kind} of ${id}`)
    else if (event.kind !== kind) fault(`${event.kind} instead of ${kind} of ${id}`)
    else if (row && ((event.seq ?? seq) !== seq || !sameRow(event.data, row))) fault(`another version of ${id}`)
  }
  for (const id of heard.keys())
    if (!expected.has(id)) fault(`${heard.get(id)!.kind} of ${id}, which does not concern it`)
}

const differ = (view: View, before: State, after: State): boolean => stepsBetween(view, before, after).size > 0

/**
 * For protocols without positions: each pushed row was in view in that form, none is older than one before, and all end up
 * right.
 */
function checkPushed(
  { name, view, heard }: Subscriber,
  states: ReadonlyMap<number, State>,
  { fresh }: History,
  found: string[],
): void {
  const fault = (check: string, text: string): void => void found.push(`${check} ${name}: ${text}`)
  const shown = new Map<string, Versioned>()
  for (const state of states.values())
    for (const one of shownIn(view, state).values()) shown.set(JSON.stringify(one.row), one)
  const mine = new Map<number, ItemRow>()
  let known = new Map<number, number>()
  for (const one of heard) {
    if (one.kind === 'read') {
      mine.clear()
      known = new Map()
      for (const row of one.rows) mine.set(row.id, row)
    } else if (one.kind === 'pushed') {
      const { id, data } = one.event
      if (data === null) mine.delete(id)
      else {
        const seen = shown.get(JSON.stringify(data))
        if (!seen) fault('C4', `${id} was never shown as ${JSON.stringify(data)}`)
        else if (seen.seq < (known.get(id) ?? 0)) fault('C4', `an older version of ${id}`)
        else known.set(id, seen.seq)
        mine.set(id, data)
      }
    }
  }
  if (!sameRows([...mine.values()], fresh.get(view.name)!)) fault('C11', 'its rows are not those of a fresh list')
}

function previous(positions: readonly number[], position: number): number {
  return positions.findLast(one => one < position) ?? 0
}
