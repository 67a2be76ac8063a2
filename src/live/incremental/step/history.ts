import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import { ID, type Id, type Join, type ManyField, type OneField, type Resource, type Row } from '../../../model/model.ts'
import type { Change, Commit } from '../../../store/store.ts'
import type { PresentState, RowState } from './state.ts'

/** A change, with the number of its commit in the step, starting at 0. */
interface Entry {
  readonly commit: number
  readonly change: Change
}

/** Whether a link existed before a commit. */
interface PairEntry {
  readonly commit: number
  readonly was: boolean
}

type PairSide = Map<Id, Map<Id, PairEntry[]>>

/** What the commits of a step changed, by row and by link, in their order. */
export class StepHistory {
  readonly commits: readonly Commit[]
  readonly rows: ReadonlyMap<Resource, ReadonlyMap<Id, readonly Entry[]>>
  readonly pairs: ReadonlyMap<Join, Readonly<Record<'a' | 'b', PairSide>>>
  /** The changed rows that refer to a parent in any of their states. */
  readonly #pointing = new Map<OneField, Map<Id, Set<Id>>>()

  /** Tells the present state about all changed rows, so that they need not be read. */
  constructor(commits: readonly Commit[], present: PresentState) {
    const rows = new Map<Resource, Map<Id, Entry[]>>()
    const pairs = new Map<Join, Record<'a' | 'b', PairSide>>()
    commits.forEach(({ changes }, commit) => {
      for (const change of changes) {
        const { resource, id } = change
        let ofResource = rows.get(resource)
        if (!ofResource) rows.set(resource, (ofResource = new Map()))
        const entries = ofResource.get(id)
        if (entries) entries.push({ commit, change })
        else ofResource.set(id, [{ commit, change }])
        for (const { field: name, added, removed } of change.lists) {
          const field = resource.field.get(name)
          if (field?.is !== 'many') continue
          let sides = pairs.get(field.join)
          if (!sides) pairs.set(field.join, (sides = { a: new Map(), b: new Map() }))
          for (const other of removed) notePair(sides, field, [id, other], { commit, was: true })
          for (const other of added) notePair(sides, field, [id, other], { commit, was: false })
        }
      }
    })
    for (const [resource, ofResource] of rows)
      for (const [id, entries] of ofResource) present.know(resource, id, lastImage(entries))
    this.commits = commits
    this.rows = rows
    this.pairs = pairs
  }

  /** The rows that refer to a parent before or after any of the commits. */
  pointingTo(via: OneField, parent: Id): ReadonlySet<Id> | undefined {
    let pointing = this.#pointing.get(via)
    if (!pointing) {
      this.#pointing.set(via, (pointing = new Map()))
      for (const [id, entries] of this.rows.get(via.owner) ?? [])
        for (const { change } of entries)
          for (const image of [change.before, change.after]) {
            const to = image?.[via.slot] as Id | null | undefined
            if (to === null || to === undefined) continue
            const ids = pointing.get(to)
            if (ids) ids.add(id)
            else pointing.set(to, new Set([id]))
          }
    }
    return pointing.get(parent)
  }
}

/** Notes a link between two rows, on both sides of its relation. */
function notePair(
  sides: Record<'a' | 'b', PairSide>,
  { join, side }: ManyField,
  [owner, other]: readonly [owner: Id, other: Id],
  entry: PairEntry,
): void {
  const [a, b] = side === 'a' ? [owner, other] : [other, owner]
  noteSide(sides.a, a, b, entry)
  noteSide(sides.b, b, a, entry)
  if (!join.symmetric) return
  noteSide(sides.a, b, a, entry)
  noteSide(sides.b, a, b, entry)
}

/** Both rows of a link may have a record of it. Within a commit, the first one counts. */
function noteSide(side: PairSide, owner: Id, other: Id, entry: PairEntry): void {
  let others = side.get(owner)
  if (!others) side.set(owner, (others = new Map()))
  const entries = others.get(other)
  if (!entries) others.set(other, [entry])
  else if (entries.at(-1)?.commit !== entry.commit) entries.push(entry)
}

/** The state before the commits from `from` on: the present state with these commits undone. */
export class FormerState implements RowState {
  readonly #present: RowState
  readonly #history: StepHistory
  readonly #from: number
  readonly #others = new Map<ManyField, Map<Id, ReadonlySet<Id>>>()

  constructor(present: RowState, history: StepHistory, from: number) {
    this.#present = present
    this.#history = history
    this.#from = from
  }

  row(resource: Resource, id: Id): Row | null {
    const entries = this.#history.rows.get(resource)?.get(id)
    return entries ? this.#image(entries) : this.#present.row(resource, id)
  }

  children(via: OneField, parent: Id): readonly Row[] {
    const rows = this.#present.children(via, parent)
    const changed = this.#history.rows.get(via.owner)
    if (!changed) return rows
    const children = rows.filter(row => !changed.has(row[ID] as Id))
    for (const id of this.#history.pointingTo(via, parent) ?? []) {
      const row = this.#image(getOrThrow(changed, id))
      if (row !== null && row[via.slot] === parent) children.push(row)
    }
    return children
  }

  others(field: ManyField, owner: Id): ReadonlySet<Id> {
    const ids = this.#present.others(field, owner)
    const changed = this.#history.pairs.get(field.join)?.[field.side].get(owner)
    if (!changed) return ids
    let known = this.#others.get(field)
    if (!known) this.#others.set(field, (known = new Map()))
    const found = known.get(owner)
    if (found) return found
    const former = new Set(ids)
    for (const [other, entries] of changed) {
      const next = entries.find(({ commit }) => commit >= this.#from)
      if (next === undefined) continue
      if (next.was) former.add(other)
      else former.delete(other)
    }
    // With an asynchronous store, the present list may be a stand-in until it is loaded; then it must not be kept.
    if (ids.size > 0) known.set(owner, former)
    return former
  }

  #image(entries: readonly Entry[]): Row | null {
    for (const { commit, change } of entries) if (commit >= this.#from) return change.before
    return lastImage(entries)
  }
}

/** The row after all changes; null if it was deleted. */
function lastImage(entries: readonly Entry[]): Row | null {
  return entries.at(-1)?.change.after ?? null
}
