import { expect } from 'vitest'
import { everything } from '../../src/query/predicate.ts'
import type { Field, Id, Model, Resource, Row, Value } from '../../src/model/model.ts'
import type { Commit, Snapshot, Store } from '../../src/store/store.ts'
import { wait, type Work } from '../../src/store/work.ts'

/** A commit without the objects of its model, so that those of two APIs compare. */
export function plain({ position, changes }: Commit): unknown {
  return {
    position,
    changes: changes.map(({ resource, id, op, before, after, changed, lists, seq }) => ({
      resource: resource.name,
      id,
      op,
      before,
      after,
      changed,
      lists,
      seq,
    })),
  }
}

type Lists = Map<string, Set<Id>>

/** The rows and lists that a log says there are. */
export class Fold {
  readonly rows: Map<string, Map<Id, Row>> = new Map()
  readonly lists: Lists = new Map()
  position: number = 0

  /** Applies a commit. Each change must start from the state that the earlier ones left. */
  take(commit: Commit): void {
    for (const change of commit.changes) {
      const { resource, id, op, before, after, changed, lists, seq } = change
      expect(seq).toBe(this.position + 1)
      this.position = seq
      const rows = this.rows.get(resource.name) ?? new Map<Id, Row>()
      this.rows.set(resource.name, rows)
      const now = rows.get(id)
      expect(before).toEqual(now ?? null)
      expect(op).toBe(now === undefined ? 'create' : after === null ? 'delete' : 'patch')
      if (op === 'patch') expect(changed).toEqual(differing(resource, now!, after!))
      for (const { field, added, removed } of lists) this.#change(`${resource.name} ${id} ${field}`, added, removed)
      if (after === null) this.#delete(resource, id)
      else rows.set(id, after)
      if (after !== null) expect(after[1]).toBe(seq)
    }
    expect(commit.position).toBe(this.position)
  }

  /** A row that is made again under the same id starts without lists. */
  #delete(resource: Resource, id: Id): void {
    this.rows.get(resource.name)?.delete(id)
    for (const field of resource.fields) this.lists.delete(`${resource.name} ${id} ${field.name}`)
  }

  #change(name: string, added: readonly Id[], removed: readonly Id[]): void {
    const list = this.lists.get(name) ?? new Set<Id>()
    this.lists.set(name, list)
    for (const id of removed) expect(list.delete(id), `${name} loses ${id}`).toBe(true)
    for (const id of added) {
      expect(list.has(id), `${name} gains ${id}`).toBe(false)
      list.add(id)
    }
  }
}

function differing(resource: Resource, before: Row, after: Row): number[] {
  return resource.columns.map(c => c.slot).filter(slot => !Object.is(before[slot], after[slot]))
}

/** Reads everything from a store, and demands that it is what the log says and that both sides of relations agree. */
export async function checkState(model: Model, store: Store, fold: Fold): Promise<void> {
  const state = await store.read(snapshot => everythingOf(model, snapshot))
  for (const resource of model.resources.values()) {
    const rows = state.rows.get(resource.name)!
    expect(rows, resource.name).toEqual(fold.rows.get(resource.name) ?? new Map<Id, Row>())
    for (const field of resource.fields) {
      for (const [id, row] of rows) {
        if (field.is === 'one') checkOne(state.rows, field, id, row)
        if (field.is !== 'back' && field.is !== 'many') continue
        const list = `${resource.name} ${id} ${field.name}`
        expect(new Set(state.lists.get(list)), list).toEqual(fold.lists.get(list) ?? new Set())
      }
    }
  }
}

/** A foreign key names a row; of a one-to-one no other key names it; a symmetric one is named back. */
function checkOne(
  rows: ReadonlyMap<string, ReadonlyMap<Id, Row>>,
  field: Field & { is: 'one' },
  id: Id,
  row: Row,
): void {
  const key = row[field.slot] as Value
  if (key === null) return
  const there = rows.get(field.target.name)?.get(key as Id)
  expect(there, `${field.owner.name} ${id} ${field.name} = ${String(key)}`).toBeDefined()
  if (field.single) {
    const holders = [...rows.get(field.owner.name)!.values()].filter(r => r[field.slot] === key)
    expect(holders.length).toBe(1)
  }
  if (field.symmetric) expect(there?.[field.slot]).toBe(id)
}

interface State {
  readonly rows: Map<string, Map<Id, Row>>
  readonly lists: Map<string, Id[]>
}

function* everythingOf(model: Model, snapshot: Snapshot): Work<State> {
  const rows = new Map<string, Map<Id, Row>>()
  const lists = new Map<string, Id[]>()
  const note = (field: Field, pairs: readonly [Id, Id][]): void => {
    for (const [owner, other] of pairs) {
      const list = `${field.owner.name} ${owner} ${field.name}`
      lists.set(list, [...(lists.get(list) ?? []), other])
    }
  }
  const all = { where: everything, sort: [], limit: null, offset: 0, cursor: null }
  for (const resource of model.resources.values()) {
    const found = yield* wait(snapshot.select(resource, all))
    rows.set(resource.name, new Map(found.map(row => [row[0] as Id, row])))
  }
  for (const resource of model.resources.values()) {
    const ids = [...rows.get(resource.name)!.keys()]
    for (const field of resource.fields) {
      if (field.is === 'back') note(field, yield* wait(snapshot.children(field.via, ids, null)))
      if (field.is === 'many') note(field, yield* wait(snapshot.pairs(field.join, field.side, ids, null)))
    }
  }
  return { rows, lists }
}
