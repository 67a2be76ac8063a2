// The API of the random programs, and the queries that they follow.
import { api, type Api } from '../../../src/api.ts'
import { resource } from '../../../src/model/declare/resource.ts'
import { always } from '../../../src/model/rules/rule.ts'
import { t } from '../../../src/schema/builder.ts'
import type { Store } from '../../../src/store/store.ts'

const list = resource({ id: t.id(), title: t.text() }).public()
const todo = resource(
  {
    id: t.id('uuid', { client: true }),
    text: t.text(),
    done: t.bool().default(false),
    rank: t.integer().default(0),
    price: t.decimal({ digits: 6, places: 2 }).default('0.00'),
    owner: t.text().default(''),
    n: t.integer().default(0),
    list: t.one('list').nullable(),
  },
  { bulk: true },
).public()
const note = resource({ id: t.id(), text: t.text() }, { bulk: true }).public()
const user = resource({ id: t.id(), email: t.email().unique(), password: t.password() })
  .login('email', 'password')
  .rules(() => ({ create: always, read: always }))

/** Access tokens last for eight seconds, so that they end while a program runs. A renewal may be repeated after a restart. */
export function board(store: Store): Api<any> {
  return api(
    { list, todo, note, user },
    {
      store,
      report: () => {},
      auth: { secret: 'a secret of more than thirty-two bytes', access: 8, leeway: 0, grace: 60 },
      limits: { messageRate: 10_000, messageBurst: 10_000, maxPage: 10_000, connectionsPerAddress: 1_000 },
      http: { log: () => {} },
    },
  )
}

export const queries: readonly object[] = [
  {},
  { filter: { done: false }, sort: '-rank' },
  { sort: ['rank', 'text'], limit: 8 },
  { filter: { text: { $startsWith: 'a' } }, sort: 'text' },
  { filter: { rank: { $gte: 3 } }, include: ['list'] },
  { filter: { done: true }, sort: ['-list.title', 'rank'] },
  { fields: ['text', 'rank'], sort: '-price', filter: { owner: { $ne: 'x' } } },
  { sort: 'price', fields: ['id', 'price'] },
]
