import { isComposed } from '../key-text.ts'
import type { FieldDef } from '../../schema/field.ts'
import type { FileLimits } from '../../schema/file.ts'
import { Refused } from '../../schema/read/refused.ts'
import { hasOrder, type ScalarType } from '../../schema/scalar-type.ts'
import { checkType } from './check-type.ts'
import { instead, noteAt, type Note, type NoteHere } from '../link/faults.ts'
import { isReadOnly, type ResourceDef } from '../declare/declaration.ts'
import type { Defs } from '../link/joins.ts'
import { declaredIdName, isIdField, nameFault } from '../link/names.ts'

/** Checks each field by itself: its name, its type, its default, and options that contradict each other. */
export function checkFields(defs: Defs, note: Note): void {
  for (const [resource, def] of defs) {
    for (const [name, field] of Object.entries(def.fields)) {
      const place = `${resource}.${name}`
      const problem = nameFault(name)
      if (problem !== null) note(place, problem, 'use letters, digits and "_"; .column("…") keeps the stored name')
      if ((field.is === 'scalar' || field.is === 'calc') && checkType(place, field.type, note))
        checkDefault(defs, place, field, note)
      else if (field.is !== 'scalar' && field.is !== 'calc') checkDefault(defs, place, field, note)
      if (isIdField(field)) checkId(place, def, field, note)
      checkOptions(place, field, note)
      checkUses(resource, def, field, noteAt(note, place))
    }
  }
}

/** Nobody but the client can make up such an id. */
const isChosen = (key: ScalarType['key']): boolean => key === 'text' || key === 'bigint' || key === 'hex'

function checkId(place: string, def: ResourceDef, field: FieldDef, note: Note): void {
  if (field.is !== 'scalar') return
  const readOnly = isReadOnly(def) || (def.foreign !== undefined && isComposed(def.foreign))
  if (isChosen(field.type.key) && !field.client && field.default === undefined && !readOnly)
    note(
      place,
      `is a ${field.type.key} id that nobody can choose`,
      `write t.id('${field.type.key}', { client: true }), or give a default that makes one`,
    )
  if (field.nullable) note(place, 'is an id that may be null', 'take .nullable() away')
  if (field.hidden) note(place, 'is an id that is hidden', 'take .hidden() away')
}

function checkOptions(place: string, field: FieldDef, note: Note): void {
  const type = field.is === 'scalar' || field.is === 'calc' ? field.type : null
  const stored = field.is === 'scalar' || field.is === 'one'
  if (field.is === 'scalar' && field.file) checkFile(place, field.file, note)
  if (field.is === 'scalar' && field.now !== undefined && field.type.fromDate === null)
    note(place, `is set to the moment, but is of type ${field.type.name}`, 'declare it with t.now()')
  for (const word of ['unique', 'index'] as const) {
    if (field[word] && !stored) note(place, `is ${word}, but nothing is stored for it`, `take .${word}() away`)
  }
  if (field.sortable) {
    if (field.hidden || type?.secret)
      note(place, 'is sortable, but hidden', 'take .sortable() away: the order would reveal hidden values')
    else if (field.is === 'self' || (type && !hasOrder(type)))
      note(place, `is sortable, but ${type?.name ?? 'a link'} has no order`, 'take .sortable() away')
  }
  if (field.filterable) {
    if (field.hidden || type?.secret)
      note(place, 'is filterable, but hidden', 'take .filterable() away: a filter would reveal hidden values')
    else if (type?.operators === 'none')
      note(place, `is filterable, but values of the type ${type.name} are not compared`, 'take .filterable() away')
    else if (field.is === 'calc' || field.is === 'self')
      note(place, 'is filterable, but nothing is stored for it', 'take .filterable() away, or store it')
  }
}

function checkFile(place: string, { max, types }: FileLimits, note: Note): void {
  if (!Number.isSafeInteger(max) || max < 0) note(place, `takes files of ${max} bytes`, 'give a whole number of bytes')
  for (const type of types)
    if (!/^[\w!#$&^.+-]+\/(?:[\w!#$&^.+-]+|\*)$/.test(type))
      note(
        place,
        `takes files of "${type}", which is not a media type`,
        "write 'image/png', or 'image/*' for all of them",
      )
}

function checkUses(resource: string, def: ResourceDef, field: FieldDef, note: NoteHere): void {
  const usable = Object.entries(def.fields).flatMap(([other, { is }]) =>
    is === 'calc' || is === 'self' ? [] : [other],
  )
  for (const used of field.uses ?? []) {
    if (!Object.hasOwn(def.fields, used)) note(`uses "${used}", which ${resource} does not have`, instead(used, usable))
    else if (!usable.includes(used))
      note(`uses "${used}", which is calculated itself`, 'use the fields that it is made from')
  }
}

function checkDefault(defs: Defs, place: string, field: FieldDef, note: Note): void {
  const given = field.default
  if (given === undefined) return
  if (field.is === 'calc' || field.is === 'count' || field.is === 'self') {
    note(place, 'has a default, but nothing is stored for it', 'take .default() away')
    return
  }
  if (field.is === 'scalar' && field.now !== undefined) {
    note(place, 'has a default, but is set to the moment', 'take .default() away')
    return
  }
  if (!('value' in given)) return
  const { value } = given
  if (isIdField(field)) {
    note(place, 'has the same default for every row', 'give a function that makes a new id')
    return
  }
  if (value === null) {
    if (!field.nullable && field.is !== 'back' && field.is !== 'many')
      note(place, 'has null as its default, but may not be null', 'add .nullable(), or give another default')
    if (isList(field)) note(place, 'has null as its default, but is a list', 'give a list, or no default')
    return
  }
  if (field.is === 'scalar') {
    const result = field.type.check(value)
    if (result instanceof Refused)
      note(
        place,
        `has a default that is not valid: ${result.at ? `${result.at}: ` : ''}${result.detail}`,
        'give one that the field would accept',
      )
    return
  }
  if (isList(field) !== Array.isArray(value)) {
    note(
      place,
      isList(field) ? 'has a default that is not a list' : 'has a list as its default',
      isList(field) ? 'give a list of ids' : 'give one id',
    )
    return
  }
  for (const one of isList(field) ? (value as unknown[]) : [value])
    checkReference(defs, field.to, one, noteAt(note, place))
}

function isList(field: FieldDef): boolean {
  return field.is === 'many' || (field.is === 'back' && !field.one)
}

/** Checks a default of a relation: an id of the target, or an object of which a new row is made. */
function checkReference(defs: Defs, to: string, value: unknown, note: NoteHere): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  const target = defs.get(to)
  const id = target && declaredIdName(target)
  const field = target && id != null ? target.fields[id] : null
  if (field?.is !== 'scalar') return
  const result = field.type.check(value)
  if (result instanceof Refused)
    note(`has a default that is not an id of "${to}": ${result.detail}`, 'give an id that it could have')
}
