import type { FieldDef } from '../../schema/field.ts'
import type { ResourceDef } from '../declare/declaration.ts'
import { durationOf } from '../declare/duration.ts'
import type { Note } from '../link/faults.ts'
import type { Defs } from '../link/joins.ts'

function checkOwn(name: string, def: ResourceDef, note: Note): void {
  const { ttl, max = 1, each = 1 } = def.ephemeral!
  if (durationOf(ttl) === null) note(name, `has ${JSON.stringify(ttl)} as its ttl`, "write '30 s', or milliseconds")
  if (!(Number.isSafeInteger(max) && max > 0)) note(name, `has ${max} as its max`, 'write a number of rows')
  if (!(Number.isSafeInteger(each) && each > 0)) note(name, `has ${each} as its each`, 'write a number of rows')
  if (def.login) note(name, 'is ephemeral, but its rows log in', 'keep users in a resource of their own')
  if (def.foreign) note(name, 'is ephemeral, but declared for a table', 'take one of the two away')
  if ((def.onCommit ?? []).length > 0)
    note(name, 'is ephemeral, so that no commit holds its rows', 'use .around(), or follow it with api.live')
}

function checkField(defs: Defs, place: string, def: ResourceDef, name: string, field: FieldDef, note: Note): void {
  const isEphemeral = def.ephemeral !== undefined
  if (field.is === 'count') {
    const of = def.fields[field.of]
    if (!isEphemeral && of?.is === 'back' && defs.get(of.to)?.ephemeral)
      note(place, `counts rows of "${of.to}", which is ephemeral`, 'ask its list with total=true')
    return
  }
  if (isEphemeral && field.is === 'scalar' && field.file)
    note(place, 'is a file of a row that passes', 'keep files in a resource that stays')
  if (field.is !== 'one' && field.is !== 'back' && field.is !== 'many') return
  const target = defs.get(field.to)
  if (!target) return
  if (field.is === 'many') {
    if (isEphemeral || target.ephemeral)
      note(place, 'is many-to-many with an ephemeral resource', 'make each pair a row of an ephemeral resource')
  } else if (!isEphemeral && target.ephemeral) {
    if (field.is === 'one') note(place, `points to "${field.to}", whose rows vanish`, 'let those point here')
    else if (field.one || field.ids !== false)
      note(
        place,
        `lists rows of "${field.to}", which would be part of the version of its owner`,
        `write ${name}: t.back("${field.to}", "${field.via}", { ids: false })`,
      )
  }
}

/** Checks the settings of ephemeral resources, and that no stored row depends on their rows. */
export function checkEphemeral(defs: Defs, note: Note): void {
  for (const [name, def] of defs) {
    if (def.ephemeral) checkOwn(name, def, note)
    for (const [field, d] of Object.entries(def.fields)) checkField(defs, `${name}.${field}`, def, field, d, note)
  }
}
