// What the fault test of subscriptions records, and what it must add up to (pure functions over plain data).

export interface ItemRow {
  readonly id: number
  readonly text: string
  readonly group: number
}

export interface Record {
  readonly seq: number
  readonly id: number
  readonly after: ItemRow | null
}
export interface LoggedCommit {
  readonly position: number
  readonly changes: readonly Record[]
}

/** A query that is followed, in the words of the server and as a function of the rows that there are. */
export interface View {
  readonly name: string
  readonly uri: string
  readonly holds: (row: ItemRow) => boolean
  /** The first so many by descending id; null = all. */
  readonly window: number | null
}

export interface HeardEvent {
  readonly kind: 'enter' | 'change' | 'leave'
  readonly id: number
  readonly seq: number
  readonly data: ItemRow | null
}
export type Heard =
  | { readonly kind: 'snapshot'; readonly position: number; readonly rows: readonly ItemRow[] }
  | { readonly kind: 'resumed'; readonly position: number }
  | { readonly kind: 'commit'; readonly position: number; readonly events: readonly HeardEvent[] }
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

/** What a client read that had seen a position before. */
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
  /** What each view showed when everything was quiet, by its name. */
  readonly fresh: ReadonlyMap<string, readonly ItemRow[]>
}

interface Versioned {
  readonly seq: number
  readonly row: ItemRow
}
type State = ReadonlyMap<number, Versioned>

/** Everything that contradicts itself; each begins with the number of its check (C1 … C11). */
export function contradictions(history: History): string[] {
  const found: string[] = []
  const states = statesOf(history.log, found)
  const positions = [...states.keys()]
  checkWrites(history, found)
  checkReads(history, states, positions, found)
  const told = new Map<string, string>()
  for (const subscriber of history.subscribers) checkSubscriber(subscriber, states, positions, history, told, found)
  return found
}

/** The rows after each commit. Positions are dense, and so are the versions of a row (C5). */
function statesOf(log: readonly LoggedCommit[], found: string[]): Map<number, State> {
  let state: State = new Map()
  const states = new Map<number, State>([[0, state]])
  let last = 0
  for (const { position, changes } of log) {
    const next = new Map(state)
    for (const { seq, id, after } of changes) {
      if (seq !== last + 1) found.push(`C5 the log goes from ${last} to ${seq}`)
      last = seq
      if (after) next.set(id, { seq, row: after })
      else next.delete(id)
    }
    if (position !== last) found.push(`C3 a commit at ${position} ends with ${last}`)
    states.set(position, (state = next))
  }
  return states
}

function checkWrites({ log, writes }: History, found: string[]): void {
  const byText = new Map<string, number>()
  const byPosition = new Map(log.map(commit => [commit.position, commit]))
  for (const { position, changes } of log) for (const { after } of changes) if (after) byText.set(after.text, position)
  for (const { outcome, op, id, text, position } of writes) {
    if (outcome === 'fail' && byText.has(text)) found.push(`C2 ${text} was refused and is in the log`)
    if (outcome !== 'ok') continue
    const commit = byPosition.get(position!)
    const change = commit?.changes.find(one => one.id === id)
    const holds = change !== undefined && (op === 'delete' ? change.after === null : change.after?.text === text)
    if (!holds) found.push(`C1 ${op} of ${id} was acknowledged at ${position} and is not there`)
  }
}

/** A read shows some state that is not older than what its reader had seen. */
function checkReads(
  { reads }: History,
  states: ReadonlyMap<number, State>,
  positions: number[],
  found: string[],
): void {
  for (const { known, id, seq } of reads) {
    const from = positions.findIndex(position => position >= known)
    const isThere = from >= 0 && positions.slice(from).some(at => (states.get(at)!.get(id)?.seq ?? null) === seq)
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
    const state = at(one.position)
    if (!state) {
      fault('C3', `${one.kind} at ${one.position}, where no commit ends`)
      continue
    }
    if (one.kind === 'snapshot') {
      const expected = shownIn(view, state)
      if (
        !sameRows(
          one.rows,
          [...expected.values()].map(each => each.row),
        )
      )
        fault('C6', `the snapshot at ${one.position}`)
      mine.clear()
      for (const row of one.rows) mine.set(row.id, row)
    } else if (one.kind === 'resumed') {
      if (last !== one.position) fault('C4', `resumed at ${one.position} after ${last}`)
    } else {
      if (last === null || one.position <= last) fault('C3', `${one.position} after ${last}`)
      const from = last === null || one.position <= last ? previous(positions, one.position) : last
      checkCommit(view, at(from)!, state, one.events, text => fault('C4', `${text} at ${one.position}`))
      if (view.window === null) {
        const skipped = positions.filter(position => position > from && position < one.position)
        const missed = skipped.find((position, i) => differ(view, at(skipped[i - 1] ?? from)!, at(position)!))
        if (missed !== undefined) fault('C4', `nothing of ${missed} before ${one.position}`)
      }
      // Whoever follows the same hears the same of a commit.
      const key = `${view.name} ${from} ${one.position}`
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
  // A step of several commits that leaves a window as it was is not told of in windows, at the end as anywhere before.
  const after = view.window === null ? positions.filter(position => position > last) : positions.slice(-1)
  const later = after.findLast(position => differ(view, at(last)!, at(position)!))
  if (later !== undefined) fault('C4', `nothing of ${later} at the end`)
  if (!sameRows([...mine.values()], fresh.get(view.name)!)) fault('C11', 'its rows are not those of a fresh list')
}

/** The events of a step are exactly what leads from one state of the view to the other. */
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
    else if (row && (event.seq !== seq || !sameRow(event.data, row))) fault(`another version of ${id}`)
  }
  for (const id of heard.keys())
    if (!expected.has(id)) fault(`${heard.get(id)!.kind} of ${id}, which does not concern it`)
}

interface Step {
  readonly kind: HeardEvent['kind']
  readonly seq: number
  readonly row: ItemRow | null
}

function stepsBetween(view: View, before: State, after: State): Map<number, Step> {
  const [was, is] = [shownIn(view, before), shownIn(view, after)]
  const steps = new Map<number, Step>()
  for (const [id, { seq, row }] of is) {
    const old = was.get(id)
    if (!old) steps.set(id, { kind: 'enter', seq, row })
    else if (old.seq !== seq) steps.set(id, { kind: 'change', seq, row })
  }
  for (const [id, { seq }] of was) if (!is.has(id)) steps.set(id, { kind: 'leave', seq, row: null })
  return steps
}

const differ = (view: View, before: State, after: State): boolean => stepsBetween(view, before, after).size > 0

function shownIn({ holds, window }: View, state: State): State {
  const rows = [...state].filter(([, { row }]) => holds(row))
  if (window === null) return new Map(rows)
  return new Map(rows.toSorted(([a], [b]) => b - a).slice(0, window))
}

function previous(positions: readonly number[], position: number): number {
  return positions.findLast(one => one < position) ?? 0
}

function sameRows(a: readonly ItemRow[], b: readonly ItemRow[]): boolean {
  const byId = new Map(a.map(row => [row.id, row]))
  return byId.size === a.length && a.length === b.length && b.every(row => sameRow(byId.get(row.id) ?? null, row))
}

const sameRow = (a: ItemRow | null, b: ItemRow): boolean =>
  a !== null && a.id === b.id && a.text === b.text && a.group === b.group
