import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { planJoins, type Defs } from './joins.ts'
import type { Draft } from './link-fields.ts'
import type { BackField, CountField, Field, Join, ManyField, OneField, Resource } from '../model.ts'

type Drafts = ReadonlyMap<string, Draft<Resource>>

/**
 * Fills in the targets and other sides of all relations, `inbound` and `joins`. Returns the join tables. The declarations are
 * already checked.
 */
export function linkRelations(defs: Defs, resources: Drafts): Join[] {
  for (const [name, { fields }] of defs) {
    for (const [field, def] of Object.entries(fields)) {
      if (def.is === 'one') linkOne(draft<OneField>(resources, name, field), getOrThrow(resources, def.to))
    }
  }
  for (const [name, { fields }] of defs) {
    for (const [field, def] of Object.entries(fields)) {
      if (def.is === 'back') {
        const via = draft<OneField>(resources, def.to, def.via)
        linkBack(draft<BackField>(resources, name, field), getOrThrow(resources, def.to), via, def.one ?? false)
      }
    }
  }
  const joins = planJoins(defs).map(plan => {
    const join = Object.freeze({
      table: plan.table,
      schema: plan.schema,
      a: Object.freeze({ column: plan.a.column, resource: getOrThrow(resources, plan.a.resource) }),
      b: Object.freeze({ column: plan.b.column, resource: getOrThrow(resources, plan.b.resource) }),
      symmetric: plan.symmetric,
    })
    linkMany(
      join,
      plan.shownBy.map(shown => byPlace(resources, shown)),
    )
    return join
  })
  for (const resource of resources.values()) linkCountsAndJoins(defs, resource)
  return joins
}

function linkOne(field: Draft<OneField>, target: Draft<Resource>): void {
  field.target = target
  field.type = target.idType
  if (field.symmetric) field.inverse = field
  ;(target.inbound as OneField[]).push(field)
}

function linkBack(field: Draft<BackField>, target: Draft<Resource>, via: Draft<OneField>, one: boolean): void {
  field.target = target
  field.via = via
  // A single id as in a to-one, or a list of ids.
  field.type = one ? target.idType : null
  via.inverse = field
  if (one) via.single = true
}

function linkMany(join: Join, [first, second]: Draft<ManyField>[]): void {
  if (!first) return
  first.target = join.b.resource
  first.join = join
  first.side = 'a'
  first.inverse = join.symmetric ? first : (second ?? null)
  if (!second) return
  second.target = join.a.resource
  second.join = join
  second.side = 'b'
  second.inverse = first
}

function linkCountsAndJoins(defs: Defs, resource: Draft<Resource>): void {
  for (const [name, def] of Object.entries(getOrThrow(defs, resource.name).fields)) {
    const field = getOrThrow(resource.field, name)
    if (def.is === 'count') (field as Draft<CountField>).of = resource.field.get(def.of) as CountField['of']
    if (field.is !== 'many') continue
    for (const end of new Set([resource, field.target as Draft<Resource>])) (end.joins as ManyField[]).push(field)
  }
}

function draft<T extends Field>(resources: Drafts, resource: string, field: string): Draft<T> {
  return getOrThrow(getOrThrow(resources, resource).field, field) as unknown as Draft<T>
}

/** Names contain no dot, so `resource.field` can be split in only one way. */
function byPlace(resources: Drafts, place: string): Draft<ManyField> {
  const [resource, field] = place.split('.') as [string, string]
  return draft<ManyField>(resources, resource, field)
}
