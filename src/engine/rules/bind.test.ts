import { describe, expect, onTestFinished, test } from 'vitest'
import { api } from '../../api.ts'
import { resource } from '../../model/declare/resource.ts'
import type { Rule } from '../../model/rules/rule.ts'
import { t } from '../../schema/builder.ts'
import { memory } from '../../store/memory.ts'
import { sqlite } from '../../store/sqlite/index.ts'

const key = t.id('integer', { client: true })

describe.each([
  ['memory', () => memory()],
  ['sqlite', () => sqlite(':memory:')],
])('a rule over %s that asks for the other side of a one-to-one', (_, store) => {
  test.each<[string, (me: any, desk: any) => Rule, number[]]>([
    ['by equality', (me, desk) => desk.user.is(me), [1]],
    ['by inequality, which no row fulfils too', (me, desk) => desk.user.ne(me), [2, 3]],
    ['by a set', (_, desk) => desk.user.in([1, 2]), [1, 2]],
    ['by an order', (_, desk) => desk.user.gt(1), [2]],
    ['by absence', (_, desk) => desk.user.isNull(), [3]],
    ['by presence', (_, desk) => desk.user.notNull(), [1, 2]],
    ['at the end of a path', (me, desk) => desk.user.desk.user.is(me), [1]],
  ])('finds rows %s', async (_, read, ids) => {
    const user = resource({ id: key, desk: t.one('desk', { inverse: 'user', unique: true }).nullable() })
    const desk = resource({ id: key, user: t.back('user', 'desk', { one: true }) }).rules((me, desk) => ({
      read: read(me, desk),
    }))
    const app = api({ user, desk }, { store: store(), report: () => {} })
    onTestFinished(() => app.close())
    await app.post('desk', [{ id: 1 }, { id: 2 }, { id: 3 }])
    await app.post('user', [
      { id: 1, desk: 1 },
      { id: 2, desk: 2 },
    ])
    const rows = await app.list('desk', { me: { id: 1 } })
    expect(rows.map(row => row.id)).toEqual(ids)
  })
})
