import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { BackDef, CountDef, ManyDef, OneDef } from '../../schema/field.ts'
import { instead, type Note } from '../link/faults.ts'
import { inverseOfMany, type Defs } from '../link/joins.ts'

/** Checks the names in relations: targets, other sides, and what counts count. */
export function checkRelations(defs: Defs, note: Note): void {
  for (const [resource, { fields }] of defs) {
    for (const [field, def] of Object.entries(fields)) {
      const at: RelationPlace = { defs, resource, field, place: `${resource}.${field}` }
      switch (def.is) {
        case 'one':
        case 'back':
        case 'many':
          checkTarget(at, def, note)
          break
        case 'count':
          checkCount(at, def, note)
          break
        case 'scalar':
        case 'calc':
        case 'self':
      }
    }
  }
}

/** Where a relation is declared, among all declarations. `place` is how faults name it: `todo.owner`. */
interface RelationPlace {
  readonly defs: Defs
  readonly resource: string
  readonly field: string
  readonly place: string
}

function checkTarget(at: RelationPlace, def: OneDef | BackDef | ManyDef, note: Note): void {
  const { defs, resource, field, place } = at
  if (!defs.has(def.to)) {
    note(place, `refers to "${def.to}", which is not declared`, instead(def.to, [...defs.keys()]))
    return
  }
  if (def.is !== 'back' && def.symmetric && def.to !== resource) {
    note(
      place,
      `is symmetric, but refers to "${def.to}"`,
      `refer to "${resource}", or name the other side with inverse`,
    )
    return
  }
  if (def.is !== 'back' && def.symmetric && def.inverse !== undefined && def.inverse !== field) {
    note(
      place,
      `is symmetric, but names "${def.inverse}" as its inverse`,
      'take one of the two away: it is its own other side',
    )
    return
  }
  if (def.is !== 'one' && 'onDelete' in def)
    note(place, 'has onDelete, which belongs to the side that holds the key', `move it to the t.one(…) of "${def.to}"`)
  if (def.is === 'one') checkOne(at, def, note)
  else if (def.is === 'back') checkBack(at, def, note)
  else checkMany(at, def, note)
}

function checkOne({ defs, resource, field, place }: RelationPlace, def: OneDef, note: Note): void {
  if (def.onDelete === 'null' && !def.nullable)
    note(
      place,
      "has onDelete: 'null', but may not be null",
      "add .nullable(), or write onDelete: 'restrict' or 'cascade'",
    )
  if (def.inverse === undefined || def.symmetric) return
  const other = getOrThrow(defs, def.to).fields[def.inverse]
  const back = `${def.inverse}: t.back("${resource}", "${field}")`
  if (!other)
    note(place, `names "${def.inverse}" as its inverse, which ${def.to} does not have`, `add ${back} to ${def.to}`)
  else if (other.is !== 'back' || other.to !== resource || other.via !== field)
    note(place, `names ${def.to}.${def.inverse} as its inverse, which does not lead back here`, `declare it as ${back}`)
}

function checkBack({ defs, resource, field, place }: RelationPlace, def: BackDef, note: Note): void {
  const target = getOrThrow(defs, def.to)
  const via = target.fields[def.via]
  const candidates = Object.keys(target.fields).filter(name => {
    const other = target.fields[name]!
    return other.is === 'one' && other.to === resource
  })
  const fix = candidates.length ? instead(def.via, candidates) : `add ${def.via}: t.one("${resource}") to ${def.to}`
  if (!via) note(place, `goes back via ${def.to}.${def.via}, which does not exist`, fix)
  else if (via.is !== 'one')
    note(
      place,
      `goes back via ${def.to}.${def.via}, which is not a to-one`,
      via.is === 'many' ? `use t.many("${def.to}", { inverse: "${def.via}" })` : fix,
    )
  else if (via.to !== resource) note(place, `goes back via ${def.to}.${def.via}, which refers to "${via.to}"`, fix)
  else if (via.symmetric)
    note(place, `goes back via ${def.to}.${def.via}, which is its own other side`, 'take this field away')
  else {
    const first = Object.keys(getOrThrow(defs, resource).fields).find(name => {
      const other = getOrThrow(defs, resource).fields[name]!
      return other.is === 'back' && other.to === def.to && other.via === def.via
    })
    if (first !== field) note(place, `goes back via ${def.to}.${def.via} like "${first}"`, 'keep one of the two')
  }
}

function checkMany({ defs, resource, field, place }: RelationPlace, def: ManyDef, note: Note): void {
  const inverse = inverseOfMany(defs, resource, field)
  if (def.symmetric || inverse === null) return
  const there = `${def.to}.${inverse}`
  const fix = `declare it as ${inverse}: t.many("${resource}", { inverse: "${field}" })`
  if (def.to === resource && inverse === field) {
    note(place, 'names itself as its inverse', 'write { symmetric: true }')
    return
  }
  const other = getOrThrow(defs, def.to).fields[inverse]
  if (!other)
    note(
      place,
      `names "${inverse}" as its inverse, which ${def.to} does not have`,
      `add ${inverse}: t.many("${resource}", { inverse: "${field}" }) to ${def.to}`,
    )
  else if (other.is !== 'many' || other.to !== resource || other.symmetric)
    note(place, `names ${there} as its inverse, which does not lead back here`, fix)
  else if (inverseOfMany(defs, def.to, inverse) !== field)
    note(place, `names ${there} as its inverse, whose inverse is "${inverseOfMany(defs, def.to, inverse)}"`, fix)
  else if (place > there && def.through && other.through && !mirrored(def.through, other.through))
    note(place, `goes through "${def.through.table}" otherwise than ${there}`, 'declare through on one side only')
}

function mirrored(a: NonNullable<ManyDef['through']>, b: NonNullable<ManyDef['through']>): boolean {
  return a.table === b.table && a.from === b.to && a.to === b.from
}

function checkCount({ defs, resource, place }: RelationPlace, def: CountDef, note: Note): void {
  const { fields } = getOrThrow(defs, resource)
  const lists = Object.keys(fields).filter(name => {
    const other = fields[name]!
    return other.is === 'many' || (other.is === 'back' && !other.one)
  })
  if (!Object.hasOwn(fields, def.of))
    note(place, `counts "${def.of}", which ${resource} does not have`, instead(def.of, lists))
  else if (!lists.includes(def.of))
    note(place, `counts "${def.of}", which is not a list of relations`, instead(def.of, lists))
}
