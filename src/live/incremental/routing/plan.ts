import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import type { BackField, Field, ManyField, OneField, Resource } from '../../../model/model.ts'
import type { Predicate } from '../../../query/predicate.ts'
import { coverageOf } from './coverage.ts'
import { idOnly } from './holds.ts'
import type { RelationPath, PathStep } from './path.ts'

/** What groups of the same shape read: a predicate, whatever values it compares with, and sort keys. */
export interface ReadFields {
  readonly where: Predicate
  /** The groups are found by anchors of the predicate. Otherwise every change has to be checked. */
  readonly isAnchored: boolean
  readonly sort: readonly RelationPath[]
}

/** A node in a trie of relations: a place on the ways from the rows of a resource to what predicates read. */
export interface PlanNode {
  readonly resource: Resource
  readonly parent: PlanNode | null
  readonly step: PathStep | null
  readonly depth: number
  readonly children: Map<string, PlanNode>
  /** The stored fields that are read here, by slot. */
  readonly slots: Set<number>
  /** The id lists that are read here, by name. */
  readonly lists: Set<string>
  /** Any change of a row here matters. */
  readsAll: boolean
  /** A change here may affect groups that no value here leads to, so it always climbs. */
  isOpen: boolean
  /** Paths through this node that lead to all groups that a change may affect (coverage.ts). */
  readonly cover: Map<RelationPath, boolean>
}

/** A list on the other side of a join. Its log records also tell about the links of a list that is read here. */
export interface ToldBy {
  readonly field: string
  readonly list: string
  readonly node: PlanNode
}

/** What the predicates of all groups of a resource read. It tells which changes may move rows into or out of views. */
export class RoutingPlan {
  readonly root: PlanNode
  readonly #nodes = new Map<Resource, PlanNode[]>()
  readonly #toldBy = new Map<Resource, ToldBy[]>()

  constructor(resource: Resource, readings: Iterable<ReadFields>) {
    this.root = this.#node(resource, null, null)
    for (const { where, isAnchored, sort } of readings) {
      this.read(this.root, where)
      if (isAnchored) this.#cover(where)
      else this.open(this.root, where)
      for (const path of sort) this.#readKey(path)
    }
  }

  /** Whether any predicate reads a list of links. */
  get readsPairs(): boolean {
    return [...this.#nodes.values()].some(nodes => nodes.some(node => node.lists.size > 0))
  }

  /** The nodes at which rows of a resource are read. */
  nodesOf(resource: Resource): readonly PlanNode[] {
    return this.#nodes.get(resource) ?? none
  }

  toldBy(resource: Resource): readonly ToldBy[] {
    return this.#toldBy.get(resource) ?? none
  }

  /** Marks the nodes that a predicate reads, so that every change there climbs. */
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

  /** The node that a relation leads to. */
  child(node: PlanNode, field: PathStep): PlanNode {
    let child = node.children.get(field.name)
    if (!child) node.children.set(field.name, (child = this.#node(field.target, node, field)))
    if (field.is === 'one') node.slots.add(field.slot)
    else if (field.is === 'back') child.slots.add(field.via.slot)
    else this.#list(node, field)
    return child
  }

  /** Notes a list of links. Either row of a link may be the one whose record tells about it, in any field that shows the join. */
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

  /** Notes what a predicate reads, starting at a node. */
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
        return this.#readField(node, getOrThrow(node.resource.field, where.field))
    }
  }

  #readField(node: PlanNode, field: Field): void {
    if (field.is === 'count') return this.#readField(node, field.of)
    if (field.is === 'many') this.#list(node, field)
    else if (field.is === 'back') this.child(node, field)
    else node.slots.add((field as Field & { slot: number }).slot)
  }

  /** Notes a sort key. It may move rows that are found at the same values as before, so every change on its way climbs. */
  #readKey({ steps, end }: RelationPath): void {
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

/** The nodes below a node that a predicate reads. */
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
      const field = getOrThrow(node.resource.field, where.field)
      const child = node.children.get(field.is === 'count' ? field.of.name : field.name)
      if (child) into.add(child)
    }
  }
  return into
}
