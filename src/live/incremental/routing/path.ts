import {
  ID,
  type BackField,
  type CountField,
  type Id,
  type ManyField,
  type OneField,
  type Resource,
  type Row,
  type StoredField,
  type Value,
} from '../../../model/model.ts'
import { orderOf, type Order } from '../../../query/order.ts'
import { relatedCount } from './holds.ts'
import type { RowState } from '../step/state.ts'

/** A relation that a path follows. */
export type PathStep = OneField | BackField | ManyField

/** A way from a row over relations to values. Equal paths are the same object, so they can be keys of maps. */
export interface RelationPath {
  readonly key: string
  readonly steps: readonly PathStep[]
  /** A stored field, the ids of a to-many relation, or their count. */
  readonly end: StoredField | BackField | ManyField | CountField
  /** It leads to at most one value. */
  readonly isSingle: boolean
}

const paths = new WeakMap<Resource, Map<string, RelationPath>>()

/**
 * The path with these steps and this end. Equal paths are one object, because maps are keyed by paths and compare by
 * identity.
 */
export function relationPath(root: Resource, steps: readonly PathStep[], end: RelationPath['end']): RelationPath {
  let known = paths.get(root)
  if (!known) paths.set(root, (known = new Map()))
  const last = end.is === 'back' || end.is === 'many' ? `${end.name}#` : end.name
  const key = [...steps.map(step => step.name), last].join('.')
  let path = known.get(key)
  if (!path) {
    const isStored = end.is === 'one' || end.is === 'scalar'
    const isSingle = isStored && end.type.list === null && steps.every(step => step.is === 'one')
    known.set(key, (path = { key, steps, end, isSingle }))
  }
  return path
}

/** Adds the values at the end of a path, starting at a row. `from` = how many steps of the path are already behind. */
export function valuesAt(path: RelationPath, row: Row, state: RowState, into: Set<Value>, from = 0): void {
  const { steps, end } = path
  const step = steps[from]
  if (!step) return valuesOf(end, row, state, into)
  if (step.is === 'one') {
    const id = row[step.slot]
    const other = id === null ? null : state.row(step.target, id as Id)
    if (other) valuesAt(path, other, state, into, from + 1)
  } else if (step.is === 'back') {
    for (const child of state.children(step.via, row[ID] as Id)) valuesAt(path, child, state, into, from + 1)
  } else
    for (const id of state.others(step, row[ID] as Id)) {
      const other = state.row(step.target, id)
      if (other) valuesAt(path, other, state, into, from + 1)
    }
}

function valuesOf(end: RelationPath['end'], row: Row, state: RowState, into: Set<Value>): void {
  switch (end.is) {
    case 'back':
      for (const child of state.children(end.via, row[ID] as Id)) into.add(child[ID] as Id)
      return
    case 'many':
      for (const id of state.others(end, row[ID] as Id)) into.add(id)
      return
    case 'count':
      into.add(relatedCount(end.of, row[ID] as Id, state))
      return
    default: {
      const value = row[end.slot] ?? null
      if (Array.isArray(value)) for (const item of value) into.add(item)
      else into.add(value)
    }
  }
}

/**
 * The list of ids at the end of a path of to-one relations, without a copy. null if there is none, undefined if the path is of
 * another kind.
 */
export function listAt({ steps, end }: RelationPath, row: Row, state: RowState): ReadonlySet<Id> | null | undefined {
  if (end.is !== 'many') return undefined
  let at: Row | null = row
  for (const step of steps) {
    if (step.is !== 'one') return undefined
    const id = at[step.slot] as Id | null
    at = id === null ? null : state.row(step.target, id)
    if (at === null) return null
  }
  return state.others(end, at[ID] as Id)
}

/** The value at the end of a path of to-one relations; null if the path leads to no row. */
export function valueAt({ steps, end }: RelationPath, row: Row, state: RowState): Value {
  let at: Row | null = row
  for (const step of steps) {
    const id = at[(step as OneField).slot] as Id | null
    at = id === null ? null : state.row(step.target, id)
    if (at === null) return null
  }
  return at[(end as StoredField).slot] ?? null
}

const byNumber: Order = (a, b) => (a as number) - (b as number)

/** The order of the values at the end of a path. */
export function orderAt({ end }: RelationPath): Order {
  if (end.is === 'count') return byNumber
  return orderOf(end.type ?? (end.target as Resource | null)?.idType ?? null)
}
