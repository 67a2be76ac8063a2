import type { FieldDef } from '../../schema/field.ts'
import type { ResourceDef } from '../declare/declaration.ts'
import { durationOf } from '../declare/duration.ts'
import { noteAt, type Note, type NoteHere } from '../link/faults.ts'
import type { Defs } from '../link/joins.ts'

type EphemeralDef = NonNullable<ResourceDef['ephemeral']>

function checkOwn(def: ResourceDef, { ttl, max = 1, each = 1 }: EphemeralDef, note: NoteHere): void {
  if (durationOf(ttl) === null) note(`has ${JSON.stringify(ttl)} as its ttl`, "write '30 s', or milliseconds")
  if (!(Number.isSafeInteger(max) && max > 0)) note(`has ${max} as its max`, 'write a number of rows')
  if (!(Number.isSafeInteger(each) && each > 0)) note(`has ${each} as its each`, 'write a number of rows')
  if (def.login) note('is ephemeral, but its rows log in', 'keep users in a resource of their own')
  if (def.foreign) note('is ephemeral, but declared for a table', 'take one of the two away')
  if ((def.onCommit ?? []).length > 0)
    note('is ephemeral, so that no commit holds its rows', 'use .around(), or follow it with api.live')
}

function checkField(defs: Defs, def: ResourceDef, [name, field]: readonly [string, FieldDef], note: NoteHere): void {
  const isEphemeral = def.ephemeral !== undefined
  if (field.is === 'count') {
    const of = def.fields[field.of]
    if (!isEphemeral && of?.is === 'back' && defs.get(of.to)?.ephemeral)
      note(`counts rows of "${of.to}", which is ephemeral`, 'ask its list with total=true')
    return
  }
  if (isEphemeral && field.is === 'scalar' && field.file)
    note('is a file of a row that passes', 'keep files in a resource that stays')
  if (field.is !== 'one' && field.is !== 'back' && field.is !== 'many') return
  const target = defs.get(field.to)
  if (!target) return
  if (field.is === 'many') {
    if (isEphemeral || target.ephemeral)
      note('is many-to-many with an ephemeral resource', 'make each pair a row of an ephemeral resource')
  } else if (!isEphemeral && target.ephemeral) {
    if (field.is === 'one') note(`points to "${field.to}", whose rows vanish`, 'let those point here')
    else if (field.one || field.ids !== false)
      note(
        `lists rows of "${field.to}", which would be part of the version of its owner`,
        `write ${name}: t.back("${field.to}", "${field.via}", { ids: false })`,
      )
  }
}

/** Checks the settings of ephemeral resources, and that no stored row depends on their rows. */
export function checkEphemeral(defs: Defs, note: Note): void {
  for (const [name, def] of defs) {
    if (def.ephemeral) checkOwn(def, def.ephemeral, noteAt(note, name))
    for (const field of Object.entries(def.fields)) checkField(defs, def, field, noteAt(note, `${name}.${field[0]}`))
  }
}
