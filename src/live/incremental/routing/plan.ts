import type { BackField, Field, ManyField, OneField, Resource } from '../../../model/model.ts'
import type { Predicate } from '../../../query/predicate.ts'
import { coverageOf } from './coverage.ts'
import { idOnly } from './holds.ts'
import type { Path, PathStep } from './path.ts'

/** What groups of one shape read: a predicate, whatever it compares with, and the keys of a sort. */
export interface Reading {
  readonly where: Predicate
  /** The groups have their place at the anchors of the predicate; otherwise every change must be looked into. */
  readonly isAnchored: boolean
  readonly sort: readonly Path[]
}

/** A place on the ways that predicates take from the rows of a resource: a node of a trie of relations. */
export interface PlanNode {
  readonly resource: Resource
  readonly parent: PlanNode | null
  readonly step: PathStep | null
  readonly depth: number
  readonly children: Map<string, PlanNode>
  /** What is read here: stored fields by slot, and lists of ids by name. */
  readonly slots: Set<number>
  readonly lists: Set<string>
  /** Whatever changes of a row here is read. */
  readsAll: boolean
  /** A change here may concern groups that no value here leads to. */
  isOpen: boolean
  /** Paths through here that lead to all groups that a change may concern (coverage.ts). */
  readonly cover: Map<Path, boolean>
}

/** A list of another resource that tells of the pairs of a list that is read here. */
export interface ToldBy {
  readonly field: string
  readonly list: string
  readonly node: PlanNode
}

/** What the predicates of a resource's groups read, and so which changes may move rows into or out of views. */
export class Plan {
  readonly root: PlanNode
  readonly #nodes = new Map<Resource, PlanNode[]>()
  readonly #toldBy = new Map<Resource, ToldBy[]>()

  constructor(resource: Resource, readings: Iterable<Reading>) {
    this.root = this.#node(resource, null, null)
    for (const { where, isAnchored, sort } of readings) {
      this.read(this.root, where)
      if (isAnchored) this.#cover(where)
      else this.open(this.root, where)
      for (const path of sort) this.#readKey(path)
    }
  }

  /** Whether a list of pairs is read anywhere. */
  get readsPairs(): boolean {
    return [...this.#nodes.values()].some(nodes => nodes.some(node => node.lists.size > 0))
  }

  /** The places where rows of a resource are read. */
  nodesOf(resource: Resource): readonly PlanNode[] {
    return this.#nodes.get(resource) ?? none
  }

  toldBy(resource: Resource): readonly ToldBy[] {
    return this.#toldBy.get(resource) ?? none
  }

  /** Whatever changes of what a predicate reads must be looked into. */
  open(node: PlanNode, where: Predicate): void {
    for (const below of nodesBelow(node, where)) below.isOpen = true
  }

  #node(resource: Resource, parent: PlanNode | null, step: PathStep | null): PlanNode {
    const node: PlanNode = {
      resource,
      parent,
      step,
      depth: parent ? parent.depth + 1 : 0,
      children: new Map(),
      slots: new Set(),
      lists: new Set(),
      readsAll: false,
      isOpen: false,
      cover: new Map(),
    }
    const nodes = this.#nodes.get(resource)
    if (nodes) nodes.push(node)
    else this.#nodes.set(resource, [node])
    return node
  }

  /** The place that a relation leads to from another. */
  child(node: PlanNode, field: PathStep): PlanNode {
    let child = node.children.get(field.name)
    if (!child) node.children.set(field.name, (child = this.#node(field.target, node, field)))
    if (field.is === 'one') node.slots.add(field.slot)
    else if (field.is === 'back') child.slots.add(field.via.slot)
    else this.#list(node, field)
    return child
  }

  /** A list of pairs is told by the rows of either side, and by each field that shows the join. */
  #list(node: PlanNode, field: ManyField): void {
    if (node.lists.has(field.name)) return
    node.lists.add(field.name)
    for (const other of field.target.fields) {
      if (other.is !== 'many' || other.join !== field.join || (other.side === field.side && !field.symmetric)) continue
      const told: ToldBy = { field: other.name, list: field.name, node }
      const list = this.#toldBy.get(field.target)
      if (list) list.push(told)
      else this.#toldBy.set(field.target, [told])
    }
  }

  /** Notes what a predicate reads from a place on. */
  read(node: PlanNode, where: Predicate): void {
    switch (where.kind) {
      case 'constant':
        return
      case 'and':
      case 'or':
        for (const part of where.of) this.read(node, part)
        return
      case 'not':
        return this.read(node, where.of)
      case 'one':
      case 'many': {
        const field = node.resource.field.get(where.field) as PathStep
        if (field.is === 'many' && idOnly(field.target, where.of) !== undefined) return this.#list(node, field)
        return this.read(this.child(node, field), where.of)
      }
      default:
        return this.#readField(node, node.resource.field.get(where.field)!)
    }
  }

  #readField(node: PlanNode, field: Field): void {
    if (field.is === 'count') return this.#readField(node, field.of)
    if (field.is === 'many') this.#list(node, field)
    else if (field.is === 'back') this.child(node, field)
    else node.slots.add((field as Field & { slot: number }).slot)
  }

  /** A sort key moves rows that keep their place in the index: whatever changes on its way climbs. */
  #readKey({ steps, end }: Path): void {
    let node = this.root
    for (const step of steps) {
      node = this.child(node, step)
      node.isOpen = true
    }
    this.#readField(node, end)
  }

  #cover(where: Predicate): void {
    for (const node of nodesBelow(this.root, where)) {
      const coverage = coverageOf(this.root.resource, where, wayTo(node))
      if (!coverage) node.isOpen = true
      else for (const [path, isSole] of coverage) node.cover.set(path, (node.cover.get(path) ?? true) && isSole)
    }
  }
}

const none: readonly never[] = []

function wayTo(node: PlanNode): (OneField | BackField | ManyField)[] {
  const way: PathStep[] = []
  for (let at: PlanNode | null = node; at?.step; at = at.parent) way.unshift(at.step)
  return way
}

/** The places below one that a predicate reads. */
function nodesBelow(node: PlanNode, where: Predicate, into: Set<PlanNode> = new Set()): Set<PlanNode> {
  switch (where.kind) {
    case 'constant':
      break
    case 'and':
    case 'or':
      for (const part of where.of) nodesBelow(node, part, into)
      break
    case 'not':
      nodesBelow(node, where.of, into)
      break
    case 'one':
    case 'many': {
      const child = node.children.get(where.field)
      if (child) {
        into.add(child)
        nodesBelow(child, where.of, into)
      }
      break
    }
    default: {
      const field = node.resource.field.get(where.field)!
      const child = node.children.get(field.is === 'count' ? field.of.name : field.name)
      if (child) into.add(child)
    }
  }
  return into
}
