import type { Op, Sync } from './options.ts'

/** A goal: Restuary must be so many times as fast as the other server. */
export interface Goal {
  readonly op: Op
  readonly against: string
  readonly floor: number
  readonly goal: number
  /** The conditions that it is stated for. */
  readonly sync: Sync
  readonly connections: number
}

const normal = { sync: 'NORMAL', connections: 50 } as const
const full = { sync: 'FULL', connections: 50 } as const
const alone = { sync: 'NORMAL', connections: 1 } as const

const goals: readonly Goal[] = [
  { op: 'get', against: 'raw', floor: 1.15, goal: 1.4, ...normal },
  { op: 'hot', against: 'raw', floor: 1.4, goal: 1.7, ...normal },
  { op: 'unchanged', against: 'raw', floor: 1.5, goal: 1.5, ...normal },
  { op: 'list', against: 'raw', floor: 1.3, goal: 1.6, ...normal },
  { op: 'patch', against: 'raw', floor: 1.8, goal: 2.5, ...normal },
  { op: 'post', against: 'raw', floor: 1.8, goal: 2.5, ...normal },
  { op: 'patch', against: 'raw', floor: 3.5, goal: 5, ...full },
  { op: 'post', against: 'raw', floor: 5, goal: 8, ...full },
  { op: 'patch', against: 'raw', floor: 0.7, goal: 0.85, ...alone },
  { op: 'get', against: 'fastify', floor: 1.5, goal: 1.9, ...normal },
  { op: 'get', against: 'feathers', floor: 5, goal: 6.5, ...normal },
  { op: 'get', against: 'remult', floor: 8, goal: 10, ...normal },
]

/** The goals that a run under these conditions can speak of. */
export function goalsOf(op: Op, sync: Sync, connections: number): readonly Goal[] {
  return goals.filter(goal => goal.op === op && goal.sync === sync && goal.connections === connections)
}
