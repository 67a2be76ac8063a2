import * as fc from 'fast-check'
import type { Field, Id, Model, Resource } from '../../src/model/model.ts'

/** One call of a random program. Ids are named by place, so that they can be told from numbers and shrunk. */
export type Command =
  | {
      readonly op: 'post' | 'delete' | 'get'
      readonly resource: string
      readonly at: Ref
      readonly body: unknown
      readonly depth: number
    }
  | {
      readonly op: 'put' | 'patch'
      readonly resource: string
      readonly at: Ref
      readonly body: unknown
      readonly depth: number
    }
  | { readonly op: 'list'; readonly resource: string; readonly at: Ref; readonly body: null; readonly depth: number }

/** The n-th of the rows that there are, round and round; one place of many is a row that is not there. */
export class Ref {
  readonly place: number
  constructor(place: number) {
    this.place = place
  }
}

export type IdsOf = (resource: string) => readonly Id[]

const places = 24

/** The id that a place has at the moment. */
export function idAt(ref: Ref, ids: readonly Id[]): Id {
  return (ref.place === places ? undefined : ids[ref.place % ids.length]) ?? 900 + ref.place
}

/** Puts ids in the place of references. */
export function resolved(resource: Resource, body: unknown, idsOf: IdsOf): unknown {
  if (Array.isArray(body)) return body.map(item => resolved(resource, item, idsOf))
  if (typeof body !== 'object' || body === null) return body
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => {
      const target = resource.field.get(name)?.target as Resource | null | undefined
      return [name, target ? related(target, value, idsOf) : value]
    }),
  )
}

function related(target: Resource, value: unknown, idsOf: IdsOf): unknown {
  if (value instanceof Ref) return idAt(value, idsOf(target.name))
  if (Array.isArray(value)) return value.map(item => related(target, item, idsOf))
  return resolved(target, value, idsOf)
}

const ref = fc.nat(places).map(place => new Ref(place))

/** Random calls on a model; bodies nest up to two levels. */
export function commands(model: Model): fc.Arbitrary<Command> {
  const bodies = new Map<string, fc.Arbitrary<unknown>>()
  const body = (resource: Resource, depth: number): fc.Arbitrary<unknown> => {
    const name = `${resource.name} ${depth}`
    const known = bodies.get(name)
    if (known) return known
    const members: Record<string, fc.Arbitrary<unknown>> = {}
    const derived = ['calc', 'count', 'self']
    for (const field of resource.fields)
      if (field !== resource.id && !derived.includes(field.is)) members[field.name] = value(field, depth)
    const made = fc.record(members, { requiredKeys: [] })
    bodies.set(name, made)
    return made
  }
  const value = (field: Field, depth: number): fc.Arbitrary<unknown> => {
    if (field.is === 'scalar') return scalar(field.type.name)
    const target = field.target as Resource
    const one =
      depth > 0 ? fc.oneof({ weight: 3, arbitrary: ref }, { weight: 1, arbitrary: body(target, depth - 1) }) : ref
    return field.toMany
      ? fc.array(one, { maxLength: 3 })
      : fc.oneof({ weight: 4, arbitrary: one }, { weight: 1, arbitrary: fc.constant(null) })
  }
  const resources = [...model.resources.values()]
  return fc.oneof(
    ...resources.flatMap((resource): fc.WeightedArbitrary<Command>[] => {
      const call = <O extends Command['op']>(
        op: O,
        weight: number,
        data: fc.Arbitrary<unknown>,
      ): fc.WeightedArbitrary<Command> => ({
        weight,
        arbitrary: fc.record({
          op: fc.constant(op),
          resource: fc.constant(resource.name),
          at: ref,
          body: data,
          depth: fc.nat(2),
        }) as fc.Arbitrary<Command>,
      })
      const data = body(resource, 2)
      const strange = fc.constantFrom(null, 5, { nope: 1 }, { id: 1 })
      return [
        call('post', 5, data),
        call('post', 1, fc.array(data, { maxLength: 3 })),
        call('put', 4, data),
        call('patch', 8, data),
        call('patch', 1, strange),
        call('delete', 4, fc.constant(null)),
        call('get', 2, fc.constant(null)),
        call('list', 2, fc.constant(null)),
      ]
    }),
  )
}

function scalar(type: string): fc.Arbitrary<unknown> {
  switch (type) {
    case 'integer':
      return fc.constantFrom(0, 1, 5, 9, 10, null)
    case 'enum':
      return fc.constantFrom('biscuit', 'donut', 'other', null)
    default:
      return fc.constantFrom('a', 'b', 'c', '', 'ż', null)
  }
}
