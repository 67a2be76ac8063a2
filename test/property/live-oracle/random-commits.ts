// Random commits as plain data. They name ids that are fixed beforehand, so any of them can be left out of a program.
import { ApiError, type Api } from '../../../src/index.ts'
import type { Field, Id, Resource } from '../../../src/model/model.ts'
import type { Ids } from './random-query.ts'
import type { Random } from './random.ts'

export interface Operation {
  readonly op: 'put' | 'patch' | 'delete'
  readonly resource: string
  readonly id: Id
  /** Absent for a deletion. */
  readonly body?: Readonly<Record<string, unknown>>
}

/** Operations of one transaction; a single one is done without a transaction. */
export type Commit = readonly Operation[]

/** Executes a commit. Refused operations, such as deletions of missing rows, are skipped. */
export async function perform(app: Api<any>, commit: Commit): Promise<void> {
  const one = async (on: any, { op, resource, id, body }: Operation): Promise<void> => {
    try {
      if (op === 'delete') await on.delete(resource, id)
      else await on[op](resource, id, body)
    } catch (error) {
      if (!(error instanceof ApiError) || error.status >= 500) throw error
    }
  }
  if (commit.length === 1) return one(app, commit[0]!)
  await app.transaction(async tx => {
    for (const operation of commit) await one(tx, operation)
  })
}

export class Commits {
  readonly #random: Random
  readonly #resources: readonly Resource[]
  readonly #ids: Ids
  /** Rows that probably exist: cascades are not followed. */
  readonly #there: Map<string, Set<Id>>

  constructor(random: Random, resources: readonly Resource[], ids: Ids) {
    this.#random = random
    this.#resources = resources
    this.#ids = ids
    this.#there = new Map(resources.map(({ name }) => [name, new Set<Id>()]))
  }

  /** The rows to begin with, ordered so that each can point to earlier ones. */
  first(): Commit {
    return this.#resources.flatMap(resource => {
      const ids = this.#ids.get(resource.name)!
      return ids.slice(0, Math.ceil(ids.length * 0.85)).map(id => this.#put(resource, id))
    })
  }

  next(): Commit {
    const random = this.#random
    if (random.chance(0.04)) return this.#sweep()
    if (random.chance(0.04)) return this.#again()
    const count = random.chance(0.2) ? 2 + random.int(5) : 1
    return Array.from({ length: count }, () => this.#operation())
  }

  /** Changes or deletes many rows of a resource in one transaction. */
  #sweep(): Commit {
    const random = this.#random
    const resource = this.#resource()
    const fields = resource.columns.filter(field => field !== resource.id && !(field.is === 'one' && field.single))
    const field = random.pick(fields)
    const value = this.#value(field)
    const ids = random.some([...this.#there.get(resource.name)!], 5 + random.int(25))
    if (random.chance(0.25)) return ids.map(id => this.#delete(resource, id))
    return ids.map(id => ({ op: 'patch', resource: resource.name, id, body: { [field.name]: value } }))
  }

  /** A row is deleted, with what goes with it, and made again. */
  #again(): Commit {
    const resource = this.#resource()
    const there = this.#there.get(resource.name)!
    const id = this.#random.pick([...there, this.#ids.get(resource.name)![0]!])
    return [
      this.#delete(resource, id),
      ...(this.#random.chance(0.3) ? [this.#operation()] : []),
      this.#put(resource, id),
    ]
  }

  #operation(): Operation {
    const random = this.#random
    const resource = this.#resource()
    const id = random.pick(this.#ids.get(resource.name)!)
    const there = this.#there.get(resource.name)!
    if (!there.has(id)) return this.#put(resource, id)
    const dice = random.int(20)
    if (dice === 0) return this.#put(resource, id)
    if (dice === 1 || (dice === 2 && there.size > this.#ids.get(resource.name)!.length / 2))
      return this.#delete(resource, id)
    const fields = writable(resource)
    const lists = fields.filter(field => field.target)
    const chosen =
      lists.length > 0 && random.chance(0.5) ? random.some(lists, 1) : random.some(fields, 1 + random.int(2))
    return { op: 'patch', resource: resource.name, id, body: this.#body(chosen) }
  }

  /** Prefers resources with many rows. */
  #resource(): Resource {
    const random = this.#random
    const one = random.pick(this.#resources)
    const other = random.pick(this.#resources)
    return this.#ids.get(one.name)!.length > this.#ids.get(other.name)!.length ? one : other
  }

  #put(resource: Resource, id: Id): Operation {
    this.#there.get(resource.name)!.add(id)
    const fields = writable(resource).filter(
      field => isRequired(field) || this.#random.chance(field.toMany ? 0.3 : 0.8),
    )
    return { op: 'put', resource: resource.name, id, body: this.#body(fields) }
  }

  #delete(resource: Resource, id: Id): Operation {
    this.#there.get(resource.name)!.delete(id)
    return { op: 'delete', resource: resource.name, id }
  }

  #body(fields: readonly Field[]): Record<string, unknown> {
    return Object.fromEntries(fields.map(field => [field.name, this.#value(field)]))
  }

  #value(field: Field): unknown {
    const random = this.#random
    if (field.target) {
      const { name } = field.target as Resource
      const there = [...this.#there.get(name)!]
      if (field.toMany) return random.some(there, random.pick([0, 1, 1, 2, 3, 6]))
      if (there.length === 0 || (field.nullable && random.chance(0.2))) return null
      return random.chance(0.02) ? random.pick(this.#ids.get(name)!) : random.pick(there)
    }
    if (field.nullable && random.chance(0.25)) return null
    switch (field.type?.name) {
      case 'bool':
        return random.chance(0.5)
      case 'integer':
        return random.int(20)
      case 'list':
        return random.some(['r', 'g', 'b'], random.int(3))
      case 'enum':
        return random.pick(['a', 'b', 'c'])
      case 'date':
        return `2026-01-0${1 + random.int(9)}`
      default:
        return random.pick(['x0', 'x1', 'x10', 'x2', 'y1', 'X1', ''])
    }
  }
}

const isRequired = (field: Field): boolean => field.is === 'one' && !field.nullable

function writable({ fields, id }: Resource): Field[] {
  return fields.filter(field => field !== id && field.is !== 'calc' && field.is !== 'count' && field.is !== 'self')
}
