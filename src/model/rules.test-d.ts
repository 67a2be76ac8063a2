// Checked by the compiler, never run: which words a set of rules has.
import { t } from '../schema/builder.ts'
import { resource } from './declare/resource.ts'
import { always, never } from './rules/rule.ts'

const note = resource({ id: t.id(), text: t.text(), owner: t.one('user') })

note.rules(() => ({}))
note.rules(() => ({ read: always, create: never, write: never, delete: never, actions: { send: never } }))
note.rules((me, row) => ({ read: me.signedIn, write: row.owner.is(me), fields: { text: { write: never } } }))
note.rules((me, row) => {
  const own = row.owner.is(me)
  return { read: own, write: own }
})

// @ts-expect-error -- there is no such operation
note.rules(() => ({ read: always, delte: never }))
// @ts-expect-error -- it is `write`
note.rules(() => ({ read: always, update: never }))
// @ts-expect-error -- there is no such field
note.rules(() => ({ read: always, fields: { txet: { read: never } } }))
// @ts-expect-error -- a field is read and written
note.rules(() => ({ read: always, fields: { text: { raed: never } } }))
// @ts-expect-error -- a rule is not a truth value
note.rules(() => ({ read: true }))
// @ts-expect-error -- there is no such field in a row
note.rules((me, row) => ({ read: row.ownr.is(me) }))
