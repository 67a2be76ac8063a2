import { ID, SEQ, type Id, type Row } from '../model/model.ts'
import type { Change, Commit, Snapshot } from '../store/store.ts'
import type { Work } from '../store/work.ts'
import { batchOf, left, shown, type Batch, type LiveEvent } from './event.ts'
import type { Candidates, Group } from './group.ts'
import { hasRowOrder } from './order.ts'
import { byRow, reached } from './together.ts'

/**
 * Views that change by more than their own rows' images tell: windows, filters and sorts through relations, rules that
 * read other rows. The query is asked again and compared with what was in view.
 */
export class Watched {
  readonly #group: Group
  /** Only the bodies tell whether a row changed. */
  readonly byBody: boolean
  readonly #isOrdered: boolean
  /** Ids in view in their order, with what tells a change; null before the first snapshot. */
  #seen: Map<Id, number | string> | null = null
  #rows: readonly Row[] = []

  constructor(group: Group, byBody: boolean) {
    this.#group = group
    this.byBody = byBody
    this.#isOrdered = hasRowOrder(group.interest.resource, group.interest.sort)
  }

  /** Whether anybody has seen the view. */
  get hasSeen(): boolean {
    return this.#seen !== null
  }

  set(rows: readonly Row[], bodies: readonly string[]): void {
    this.#seen = new Map(rows.map((row, i) => [row[ID] as Id, this.byBody ? bodies[i]! : (row[SEQ] as number)]))
    this.#rows = rows
  }

  *match(snapshot: Snapshot, commits: readonly Commit[], candidates: Candidates): Work<Batch[]> {
    const before = this.#seen
    if (!before) return []
    const asked = this.concerns(commits, candidates)
    const rows = asked ? yield* this.#group.rows(snapshot, Infinity) : this.#rows
    const recent = byRow(this.#ownChanges(commits))
    const events: LiveEvent[] = []
    const shows = this.byBody ? rows : yield* this.#altered(snapshot, commits, rows, before, asked)
    const bodies = yield* this.#group.present(snapshot, shows)
    if (asked) {
      const now = new Set(rows.map(row => row[ID] as Id))
      for (const [id, was] of before)
        if (!now.has(id)) events.push(left(recent.get(id) ?? [], id, typeof was === 'number' ? was : 0))
    }
    shows.forEach((row, i) => {
      const id = row[ID] as Id
      if (this.byBody && before.get(id) === bodies[i]) return
      events.push(shown(before.has(id) ? 'change' : 'enter', row, bodies[i]!, recent.get(id) ?? []))
    })
    const isMoved = asked && !this.#isOrdered && !sameOrder(this.#rows, rows)
    if (asked) this.set(rows, this.byBody ? bodies : [])
    if (events.length === 0 && !isMoved) return []
    const order = this.#isOrdered ? null : rows.map(row => row[ID] as Id)
    return [batchOf(this.#group.interest.resource, commits.at(-1)!.position, events, order)]
  }

  /** Whether commits may alter which rows are in view, or their order. */
  concerns(commits: readonly Commit[], candidates: Candidates): boolean {
    for (const changes of candidates.values())
      for (const { before, after } of changes) if (this.#group.kindOf(before, after)) return true
    const { decides } = this.#group
    return decides.size > 0 && commits.some(({ changes }) => changes.some(({ resource }) => decides.has(resource)))
  }

  /** Rows in view whose bodies are others now. */
  *#altered(
    snapshot: Snapshot,
    commits: readonly Commit[],
    rows: readonly Row[],
    before: ReadonlyMap<Id, number | string>,
    asked: boolean,
  ): Work<Row[]> {
    const { shows } = this.#group
    const beside = shows.size > 0 ? yield* reached(this.#group, snapshot, commits) : []
    const ids = new Set(beside.map(row => row[ID] as Id))
    if (!asked && ids.size === 0) return []
    return rows.filter(row => ids.has(row[ID] as Id) || before.get(row[ID] as Id) !== row[SEQ])
  }

  *#ownChanges(commits: readonly Commit[]): Generator<Change[], void> {
    const { resource } = this.#group.interest
    for (const { changes } of commits) yield changes.filter(change => change.resource === resource)
  }
}

function sameOrder(a: readonly Row[], b: readonly Row[]): boolean {
  return a.length === b.length && a.every((row, i) => row[ID] === b[i]![ID])
}
