import { allOf, type Predicate } from '../../../query/predicate.ts'
import { ChangesSince } from '../../../engine/past/changes-since.ts'
import { isOneOf } from '../../../engine/past/image-rules.ts'
import { PastSnapshot, type Differences } from '../../../engine/past/past-snapshot.ts'
import type { Id, Resource, Row } from '../../../model/model.ts'
import type { Commit, Select, Snapshot } from '../../../store/store.ts'
import { chain, run, wait, type Maybe, type Work } from '../../../store/work.ts'
import { sortingOf, type Sorting } from '../lists/sorting.ts'
import { climb } from '../routing/climb.ts'
import { shapeOf } from '../routing/shape.ts'
import { holds } from '../routing/holds.ts'
import { RoutingPlan } from '../routing/plan.ts'
import { StepHistory } from './history.ts'
import { KnownPairs } from './known-pairs.ts'
import { PresentState } from './state.ts'
import { wholeStep, type Step } from './step.ts'

/**
 * The state before some commits, exactly as it was. Conditions and sort keys that lead to related rows are answered by
 * these rows as they were; reads of the past (`PastSnapshot`) answer them by the rows of today instead, because it is
 * today's rights that decide who may look back.
 */
export class FormerSnapshot extends PastSnapshot {
  readonly #now: Snapshot
  readonly #since: Step
  readonly #moved = new Map<string, ReadonlySet<Id>>()

  /** `commits`: all between the position and the snapshot, at least one. */
  constructor(now: Snapshot, position: number, commits: readonly Commit[]) {
    super(now, position, differencesOf(commits))
    const present = new PresentState(now, new KnownPairs(0))
    this.#now = now
    this.#since = wholeStep(new StepHistory(commits, present), present)
  }

  override select(resource: Resource, select: Select): Maybe<Row[]> {
    return run(this.#select(resource, select))
  }

  override count(resource: Resource, where: Predicate): Maybe<number> {
    const whole = { where, sort: [], limit: null, offset: 0, cursor: null }
    return chain(this.select(resource, whole), rows => rows.length)
  }

  /** The rows that the commits may have moved into, out of or within lists of a shape. */
  *#movedIn(resource: Resource, where: Predicate, { key, paths }: Sorting): Work<ReadonlySet<Id>> {
    const shape = `${resource.name} ${shapeOf(where)} ${key}`
    const known = this.#moved.get(shape)
    if (known) return known
    const plan = new RoutingPlan(resource, [{ where, isAnchored: false, sort: paths }])
    const moved = yield* climb(plan, this.#since, () => true)
    for (const id of this.#since.touched.get(resource)?.keys() ?? []) moved.add(id)
    this.#moved.set(shape, moved)
    return moved
  }

  /** Rows that the commits did not move match and sort as they do now; the others are judged as they were. */
  *#select(resource: Resource, select: Select): Work<Row[]> {
    const { where, sort, limit, offset, cursor } = select
    const { present, before } = this.#since
    const sorting = sortingOf(resource, sort)
    const moved = yield* this.#movedIn(resource, where, sorting)
    if (moved.size === 0) return yield* wait(this.#now.select(resource, select))
    const end = limit === null ? null : offset + limit
    const unmoved = allOf(where, isOneOf(resource, [...moved], true))
    const found = yield* wait(this.#now.select(resource, { where: unmoved, sort, limit: end, offset: 0, cursor }))
    yield* present.load(resource, moved)
    const entries = yield* present.settled(() => {
      const rows = [...found]
      for (const id of moved) {
        const row = before.row(resource, id)
        if (row && holds(where, resource, row, before)) rows.push(row)
      }
      return rows.map(row => ({ row, place: sorting.entryOf(row, before) }))
    })
    const from = cursor && sorting.entryAt(cursor.keys)
    const sign = cursor?.before ? -1 : 1
    const rows = entries
      .filter(({ place }) => from === null || sorting.compare(place, from) * sign > 0)
      .toSorted((a, b) => sorting.compare(a.place, b.place))
      .map(({ row }) => row)
    // Before a cursor the page is the end of what is there, not its beginning.
    return cursor?.before && limit !== null
      ? rows.slice(Math.max(0, rows.length - limit))
      : rows.slice(offset, end ?? undefined)
  }
}

function differencesOf(commits: readonly Commit[]): Differences {
  const since = new ChangesSince()
  for (const { changes } of commits) for (const change of changes) since.add(change)
  return since.differences()
}
