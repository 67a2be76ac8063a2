import type { Id, Resource, Row } from '../../../model/model.ts'
import { signaturesOf } from '../../../store/signature.ts'
import type { Change } from '../../../store/store.ts'
import { FormerState, type StepHistory } from './history.ts'
import type { PresentState, RowState } from './state.ts'

/** What a step did to one row. */
export interface Touched {
  readonly before: Row | null
  readonly after: Row | null
  readonly changes: readonly Change[]
}

/** One commit, or several that are sent as one: the states before and after, and the rows that changed. */
export interface Step {
  readonly present: PresentState
  readonly before: RowState
  readonly after: RowState
  readonly touched: ReadonlyMap<Resource, ReadonlyMap<Id, Touched>>
  /** The seq of the view after the step. */
  readonly position: number
  /** The idempotency keys of the writes in it, with their callers. */
  readonly by: readonly string[]
  /** All commits that the step is part of. */
  readonly history: StepHistory
}

/** All commits as one step. */
export function wholeStep(history: StepHistory, present: PresentState): Step {
  return stepOf(history, present, 0, history.commits.length)
}

/** Each commit as a step of its own, in order. */
export function* singleSteps(history: StepHistory, present: PresentState): Generator<Step, void> {
  for (let i = 0; i < history.commits.length; i++) yield stepOf(history, present, i, i + 1)
}

function stepOf(history: StepHistory, present: PresentState, from: number, to: number): Step {
  const touched = new Map<Resource, Map<Id, { before: Row | null; after: Row | null; changes: Change[] }>>()
  const commits = history.commits.slice(from, to)
  for (const { changes } of commits)
    for (const change of changes) {
      let rows = touched.get(change.resource)
      if (!rows) touched.set(change.resource, (rows = new Map()))
      const known = rows.get(change.id)
      if (known) {
        known.after = change.after
        known.changes.push(change)
      } else rows.set(change.id, { before: change.before, after: change.after, changes: [change] })
    }
  const isLast = to === history.commits.length
  return {
    present,
    before: new FormerState(present, history, from),
    after: isLast ? present : new FormerState(present, history, to),
    touched,
    position: commits.at(-1)?.position ?? present.snapshot.position,
    by: signaturesOf(commits),
    history,
  }
}

/** The step backwards: undoes what it did. */
export function reversed(step: Step): Step {
  const touched = new Map<Resource, Map<Id, Touched>>()
  for (const [resource, rows] of step.touched) {
    const back = new Map<Id, Touched>()
    for (const [id, { before, after, changes }] of rows) back.set(id, { before: after, after: before, changes })
    touched.set(resource, back)
  }
  return { ...step, before: step.after, after: step.before, touched }
}
