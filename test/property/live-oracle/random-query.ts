// Random queries over a linked model: filters, sorts, windows, shapes and callers.
import type { Principal } from '../../../src/index.ts'
import type { Call } from '../../../src/engine/call/call.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { appCall } from '../../../src/engine/call/app-call.ts'
import type { CallOptions } from '../../../src/model/rules/call-options.ts'
import type { Field, Id, Resource } from '../../../src/model/model.ts'
import type { Random } from './random.ts'

export interface Asked {
  readonly resource: string
  /** Follows this row instead of a list. */
  readonly id?: Id
  /** Follows a nested list: `/user/3/todos`. */
  readonly parent?: { readonly resource: string; readonly id: Id; readonly field: string }
  readonly query: CallOptions
}

/** The call of a GET, and of a subscription to the same. */
export function callFor(engine: Engine, { resource, id, parent, query }: Asked): Call {
  const call = appCall(engine, { operation: id === undefined ? 'list' : 'get', name: resource, id }, query)
  if (!parent) return call
  const above = engine.model.resources.get(parent.resource)!
  return { ...call, parent: { resource: above, id: parent.id, field: above.field.get(parent.field)! } }
}

/** The ids that rows of each resource may have. */
export type Ids = ReadonlyMap<string, readonly Id[]>

export class Queries {
  readonly #random: Random
  readonly #resources: readonly Resource[]
  readonly #ids: Ids

  constructor(random: Random, resources: readonly Resource[], ids: Ids) {
    this.#random = random
    this.#resources = resources
    this.#ids = ids
  }

  next(): Asked {
    const random = this.#random
    // Half of the queries are about the resource with most rows, where windows and filters select something.
    const resource = random.chance(0.5) ? this.#largest() : random.pick(this.#resources)
    const me = random.chance(0.8) && { me: random.chance(0.06) ? null : this.#caller() }
    if (random.chance(0.06)) {
      return { resource: resource.name, id: this.#id(resource), query: { ...this.#shape(resource), ...me } }
    }
    const parents = this.#parentsOf(resource)
    const parent = parents.length > 0 && random.chance(0.08) ? random.pick(parents) : null
    const slice = this.#slice(resource)
    const twice = random.chance(0.2) ? this.#twice(resource) : null
    const filter = twice ?? (random.chance(0.75) ? this.#filter(resource, random.pick([2, 2, 3])) : null)
    return {
      resource: resource.name,
      ...(parent && { parent: { resource: parent.owner.name, id: this.#id(parent.owner), field: parent.name } }),
      query: {
        ...(filter && { filter }),
        ...slice,
        ...this.#shape(resource),
        ...me,
      },
    }
  }

  /** Relations that lead to a resource and can be followed as nested lists. */
  #parentsOf(resource: Resource): Field[] {
    return this.#resources.flatMap(({ fields }) =>
      fields.filter(
        field =>
          field.target === resource &&
          (field.is === 'back' ? field.toMany : field.is === 'many' && field.inverse !== null),
      ),
    )
  }

  #largest(): Resource {
    const sizeOf = ({ name }: Resource): number => this.#ids.get(name)!.length
    return this.#resources.toSorted((a, b) => sizeOf(b) - sizeOf(a))[0]!
  }

  #caller(): Principal {
    const random = this.#random
    const users = this.#ids.get('user')!
    return {
      id: random.pick(users),
      role: random.chance(0.15) ? 'admin' : 'member',
      friends: random.some(users, random.int(3)),
    }
  }

  /** Sort, limit and offset. */
  #slice(resource: Resource): CallOptions {
    const random = this.#random
    const sort = random.chance(0.75) ? this.#sort(resource) : null
    const sorted = sort === null ? {} : { sort }
    if (random.chance(0.55)) return sorted
    const limit = random.chance(0.05) ? 0 : 1 + random.int(6)
    const offset = random.pick([0, 0, 1 + random.int(5), 10 + random.int(25)])
    return { ...sorted, limit, ...(offset > 0 && { offset }) }
  }

  #sort(resource: Resource): string {
    return [...new Set(Array.from({ length: 1 + this.#random.int(2) }, () => this.#key(resource)))].join()
  }

  #key(resource: Resource): string {
    const random = this.#random
    const path: string[] = []
    let at = resource
    for (let steps = random.pick([0, 0, 1, 1, 2]); steps > 0; steps--) {
      const ways = at.fields.filter(field => field.is === 'one')
      if (ways.length === 0) break
      const way = random.pick(ways)
      path.push(way.name)
      at = way.target
    }
    const ends = at.fields.filter(
      field => field.sortable && (path.length === 0 || field.is === 'scalar' || field.is === 'one'),
    )
    // Many rows are equal in these.
    const ties = ends.filter(({ name }) => name === 'open' || name === 'kind')
    const end = random.pick(random.chance(0.3) ? ties : ends)
    return `${random.chance(0.5) ? '-' : ''}${[...path, end.name].join('.')}`
  }

  #shape(resource: Resource): CallOptions {
    const random = this.#random
    if (random.chance(0.5)) return {}
    switch (random.int(4)) {
      case 0:
        return { depth: random.pick([0, 2, 2, 2, 3]) }
      case 1:
      case 2: {
        const include = this.#paths(resource)
        return include.length > 0 ? { include } : { depth: 2 }
      }
      default: {
        const names = resource.fields.map(field => field.name)
        return { fields: [...new Set(['id', ...random.some(names, 1 + random.int(4))])] }
      }
    }
  }

  #paths(resource: Resource): string[] {
    const random = this.#random
    const relations = resource.fields.filter(field => field.target)
    return random.some(relations, 1 + random.int(2)).map(field => {
      const next = (field.target as Resource).fields.filter(other => other.target)
      return next.length > 0 && random.chance(0.3) ? `${field.name}.${random.pick(next).name}` : field.name
    })
  }

  /** One row of a list behind a to-one, and something else of the same list. null = there is none. */
  #twice(resource: Resource): object | null {
    const random = this.#random
    const listsOf = (field: Field): Field[] => (field.target as Resource).fields.filter(({ toMany }) => toMany)
    const ways = resource.fields.filter(field => field.is === 'one' && listsOf(field).length > 0)
    if (ways.length === 0) return null
    const way = random.pick(ways)
    const lists = listsOf(way)
    const joins = lists.filter(({ is }) => is === 'many')
    const list = random.pick(joins.length > 0 && random.chance(0.7) ? joins : lists)
    const target = list.target as Resource
    const more = random.pick([
      { $size: 1 + random.int(3) },
      { $size: 2 },
      { $none: { open: true } },
      { $every: { n: { $lt: 15 } } },
    ])
    return { [way.name]: { [list.name]: { $some: { id: this.#id(target) }, ...more } } }
  }

  #filter(resource: Resource, levels: number): object {
    const random = this.#random
    const inner = (): object => this.#filter(resource, levels - 1)
    const kind = levels > 0 ? random.int(12) : 0
    if (kind < 5) return this.#condition(resource, levels)
    if (kind < 8) return { $and: [inner(), inner()] }
    if (kind < 10) return { $or: [inner(), inner()] }
    return kind < 11 ? { $not: inner() } : { $or: [{ $not: inner() }, inner(), { $and: [inner(), { $not: inner() }] }] }
  }

  #condition(resource: Resource, levels: number): object {
    const random = this.#random
    const fields = resource.fields.filter(field => field.filterable)
    const relations = fields.filter(field => field.target)
    const field = relations.length > 0 && random.chance(0.55) ? random.pick(relations) : random.pick(fields)
    if (!field.target) return { [field.name]: this.#test(field, resource) }
    const target = field.target as Resource
    const nested = (): object =>
      levels > 0 && random.chance(0.8) ? this.#filter(target, levels - 1) : { id: this.#id(target) }
    if (!field.toMany) return { [field.name]: this.#toOne(field, target, nested) }
    const quantified = (): object =>
      random.chance(0.2) ? { $size: random.int(4) } : { [random.pick(['$some', '$some', '$none', '$every'])]: nested() }
    return { [field.name]: random.chance(0.2) ? { ...quantified(), ...quantified() } : quantified() }
  }

  #toOne(field: Field, target: Resource, nested: () => object): unknown {
    const random = this.#random
    switch (random.int(6)) {
      case 0:
        return null
      case 1:
        return field.is === 'one' ? { $in: [this.#id(target), this.#id(target)] } : nested()
      case 2:
        return this.#id(target)
      case 3:
        return { $ne: this.#id(target) }
      default:
        return random.chance(0.15) ? { ...nested(), $ne: this.#id(target) } : nested()
    }
  }

  #test(field: Field, resource: Resource): unknown {
    const random = this.#random
    const number = (): number => random.int(20)
    switch (field.type?.name) {
      case 'id': {
        const id = (): Id => this.#id(resource)
        return random.pick([id(), { $in: [id(), id(), id()] }, { $gt: id() }, { $nin: [id(), id()] }])
      }
      case 'bool':
        return random.chance(0.5)
      case 'integer': {
        const low = number()
        const ranges = [{ $gte: low, $lt: low + 2 + random.int(6) }, { $gt: low }, { $lte: low }, { $gte: low }]
        return random.pick([
          low,
          ...ranges,
          { $in: [number(), number(), number()] },
          { $ne: low },
          ...(field.nullable ? [null, { $null: false }] : []),
        ])
      }
      case 'list':
        return random.pick([{ $has: 'r' }, { $hasAny: ['g', 'b'] }, { $hasAll: ['r', 'b'] }, { $size: random.int(3) }])
      case 'enum':
        return random.pick(['a', { $in: ['a', 'b'] }, { $ne: 'c' }])
      case 'date':
        return random.pick([{ $gte: '2026-01-05' }, { $lt: '2026-01-05' }, null])
      default:
        return random.pick([
          'x1',
          { $startsWith: `x${random.int(3)}` },
          { $startsWith: 'x' },
          { $contains: '2' },
          { $istartsWith: 'X1' },
          { $gte: 'x1', $lt: 'y' },
          { $in: ['x0', 'y1', ''] },
          { $endsWith: '1' },
        ])
    }
  }

  #id(resource: Resource): Id {
    return this.#random.pick(this.#ids.get(resource.name)!)
  }
}
