import type { ResourceDef } from '../declare/declaration.ts'
import { instead, type Note } from '../link/faults.ts'
import type { Defs } from '../link/joins.ts'

/** Checks the login: only one resource has it, by a unique text and a password. */
export function checkLogins(defs: Defs, note: Note): void {
  let first: string | null = null
  for (const [name, def] of defs) {
    if (!def.login) continue
    if (first !== null) note(name, `has a login beside ${first}`, 'let only one resource have a login')
    first ??= name
    checkId(name, def, def.login.id, note)
    checkSecret(name, def, def.login.secret, note)
  }
}

function checkId(name: string, def: ResourceDef, id: string, note: Note): void {
  const field = Object.hasOwn(def.fields, id) ? def.fields[id]! : null
  const place = `${name}.login`
  if (!field) {
    note(place, `names "${id}", which ${name} does not have`, instead(id, Object.keys(def.fields)))
    return
  }
  if (field.is !== 'scalar' || field.type.operators !== 'text' || field.type.secret)
    note(place, `names "${id}", which is not a text`, 'log in with a t.text() or t.email()')
  if (!field.unique) note(place, `names "${id}", which two users may have in common`, `add .unique() to ${name}.${id}`)
}

function checkSecret(name: string, def: ResourceDef, secret: string, note: Note): void {
  const field = Object.hasOwn(def.fields, secret) ? def.fields[secret]! : null
  const place = `${name}.login`
  const passwords = Object.entries(def.fields)
    .filter(([, other]) => other.is === 'scalar' && other.type.secret)
    .map(([other]) => other)
  if (!field) note(place, `names "${secret}", which ${name} does not have`, instead(secret, passwords))
  else if (field.is !== 'scalar' || !field.type.secret)
    note(
      place,
      `takes "${secret}" for the password, which would be stored as plain text`,
      'declare it with t.password()',
    )
}
