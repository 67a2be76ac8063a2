import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { Resource } from '../../model/model.ts'
import type { Commit } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import type { CommitCosts } from './commit-costs.ts'
import type { Group } from './group.ts'
import { StepHistory } from '../incremental/step/history.ts'
import { KnownPairs } from '../incremental/step/known-pairs.ts'
import type { PresentState } from '../incremental/step/state.ts'
import { singleSteps, wholeStep, type Step } from '../incremental/step/step.ts'
import type { TimeSlice } from '../incremental/step/time-slice.ts'
import { ViewMaintenance, type Deliver } from '../incremental/view-maintenance.ts'

/** How many ids of many-to-many relations are cached between steps, so that long lists are not read again and again. */
const KNOWN_PAIRS = 500_000

/** The groups of one resource: those that are told each commit separately (`exact`), and those that are told steps (`merged`). */
interface OfResource {
  readonly exact: ViewMaintenance<Group>
  readonly merged: ViewMaintenance<Group>
}

/** Groups whose views are maintained from what commits change, by resource. */
export class MaintainedGroups {
  readonly known: KnownPairs = new KnownPairs(KNOWN_PAIRS)
  readonly #byResource = new Map<Resource, OfResource>()
  readonly #costs: CommitCosts<Group>
  readonly #onFault: (error: unknown) => void
  /** Called if it cannot be told what happened to all groups of one maintenance. */
  readonly #onLost: (maintenance: ViewMaintenance<Group>) => void

  constructor(
    costs: CommitCosts<Group>,
    onFault: (error: unknown) => void,
    onLost: (maintenance: ViewMaintenance<Group>) => void,
  ) {
    this.#costs = costs
    this.#onFault = onFault
    this.#onLost = onLost
  }

  /** The maintenance of a group; undefined if the group is kept up to date in another way. */
  of({ interest: { resource }, upkeep }: Group): ViewMaintenance<Group> | undefined {
    if (upkeep.kind !== 'maintained') return undefined
    return this.#byResource.get(resource)?.[upkeep.isExact ? 'exact' : 'merged']
  }

  add(group: Group): void {
    const { resource } = group.interest
    if (!this.#byResource.has(resource)) {
      const make = (): ViewMaintenance<Group> => new ViewMaintenance(resource, this.known, this.#onFault)
      this.#byResource.set(resource, { exact: make(), merged: make() })
    }
    this.of(group)?.registry.add(group)
  }

  delete(group: Group): void {
    const { resource } = group.interest
    const { exact, merged } = getOrThrow(this.#byResource, resource)
    this.of(group)?.registry.delete(group)
    if (exact.registry.isEmpty && merged.registry.isEmpty) this.#byResource.delete(resource)
    // Nobody keeps the cached lists up to date any more.
    if (this.#byResource.size === 0) this.known.clear()
  }

  /** Forgets what is known about views. */
  forget(): void {
    this.known.clear()
    for (const { exact, merged } of this.#byResource.values()) {
      exact.registry.forget()
      merged.registry.forget()
    }
  }

  /** Tells all groups what commits mean to them; null = it cannot be told. */
  *advance(present: PresentState, commits: readonly Commit[], slice: TimeSlice, deliver: Deliver<Group>): Work<void> {
    if (this.#byResource.size === 0) return
    const history = new StepHistory(commits, present)
    this.known.drop(history.pairs)
    for (const { exact, merged } of this.#byResource.values()) {
      if (!merged.registry.isEmpty) yield* this.#advance(merged, wholeStep(history, present), slice, deliver)
      if (exact.registry.isEmpty) continue
      for (const step of singleSteps(history, present)) if (!(yield* this.#advance(exact, step, slice, deliver))) break
    }
  }

  /** Tells the groups of one maintenance a step. Those that it concerns share what it costs. */
  *#advance(maintenance: ViewMaintenance<Group>, step: Step, slice: TimeSlice, deliver: Deliver<Group>): Work<boolean> {
    if (!this.#costs.isAsked) return yield* this.#guarded(maintenance, maintenance.advance(step, slice, deliver))
    const told = new Set<Group>()
    const begin = slice.spent
    const noting: Deliver<Group> = (group, batch) => {
      told.add(group)
      deliver(group, batch)
    }
    const isDone = yield* this.#guarded(maintenance, maintenance.advance(step, slice, noting))
    this.#costs.share(told, slice.spent - begin)
    return isDone
  }

  /**
   * Runs maintenance. An error that is not limited to one group resets all groups of that maintenance; then the result is
   * false.
   */
  *#guarded(maintenance: ViewMaintenance<Group>, work: Work<void>): Work<boolean> {
    try {
      yield* work
      return true
    } catch (error) {
      this.#onFault(error)
      this.known.clear()
      maintenance.registry.forget()
      this.#onLost(maintenance)
      return false
    }
  }
}
