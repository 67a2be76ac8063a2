import { expect, test } from 'vitest'
import { api, memory, resource, t } from '../../index.ts'
import { permissionsOf } from './permissions.ts'

test('the guard of an action is made once, however many a caller needs', () => {
  const owned = resource({ id: t.id(), owner: t.integer() }).rules((me, row) => {
    const own = row.owner.is(me['id'])
    return { read: own, create: own, write: own, delete: own, fields: { owner: { read: own, write: own } } }
  })
  const app = api({ a: owned, b: owned, c: owned }, { store: memory(), report: () => {} })
  const permissions = permissionsOf({ id: 7 }, false)
  const guards = (): object[] =>
    [...app.engine.model.resources.values()].flatMap(one => [
      ...['read', 'create', 'write', 'delete'].map(action => permissions.for(one, action)),
      permissions.field(one, 'owner', 'read'),
      permissions.field(one, 'owner', 'write'),
    ])
  const all = guards()
  expect(new Set(all).size).toBe(18)
  expect(guards().every((guard, i) => guard === all[i])).toBe(true)
})
