// A club: its rows as plain data, and the same as an Api. Groups have docs and members, docs an author, users a badge.
import { any, api, never, resource, t, type Api, type Principal, type Store } from '../../../src/index.ts'

export type Name = 'user' | 'group' | 'doc' | 'badge'
export type Row = Readonly<Record<string, unknown>>
export type World = Record<Name, Record<number, any>>
/** Who calls: the row of a user, or nobody. */
export type Me = Principal | null

/** Users of whom one is hidden, groups that are open or not, docs that are secret or not, badges that are taken or free. */
export const first: World = {
  user: {
    1: { name: 'ann', shown: true, role: 'member', phone: '11' },
    2: { name: 'bob', shown: true, role: 'member', phone: '22' },
    3: { name: 'cyd', shown: false, role: 'member', phone: '33' },
    4: { name: 'root', shown: true, role: 'admin', phone: '44' },
  },
  group: {
    1: { title: 'g1', open: true, owner: 1, members: [2] },
    2: { title: 'g2', open: false, owner: 1, members: [] },
    3: { title: 'g3', open: false, owner: 2, members: [1, 3] },
    4: { title: 'g4', open: false, owner: 3, members: [] },
  },
  doc: {
    1: { title: 'd1', secret: false, author: 1, group: 1 },
    2: { title: 'd2', secret: true, author: 2, group: 1 },
    3: { title: 'd3', secret: false, author: 1, group: null },
    4: { title: 'd4', secret: false, author: 2, group: 2 },
    5: { title: 'd5', secret: true, author: 3, group: 4 },
    6: { title: 'd6', secret: true, author: 2, group: null },
  },
  badge: {
    1: { label: 'b1', shown: true, loose: true, holder: 1 },
    2: { label: 'b2', shown: true, loose: true, holder: null },
    3: { label: 'b3', shown: false, loose: true, holder: 2 },
    4: { label: 'b4', shown: true, loose: false, holder: 4 },
  },
}

/** In an order in which each refers to those before it. */
export const names: readonly Name[] = ['user', 'group', 'doc', 'badge']
export const empty: World = { user: {}, group: {}, doc: {}, badge: {} }

export function club(store: Store): Api {
  const user = resource({
    id: t.id('integer', { client: true }),
    name: t.text(),
    shown: t.bool().default(true),
    role: t.enum(['member', 'admin']).default('member'),
    phone: t.text().default(''),
    pin: t.text().default('').hidden(),
    docs: t.back('doc', 'author', { ids: true }),
    groups: t.many('group', { inverse: 'members', ids: true }),
    badge: t.back('badge', 'holder', { one: true }),
  }).rules((me, row) => ({
    read: any(row.shown.is(true), row.is(me), me['role'].is('admin')),
    create: me['role'].is('admin'),
    write: row.is(me),
    delete: never,
    fields: { role: { write: me['role'].is('admin') }, phone: { read: row.is(me) } },
  }))
  const group = resource
    .for(user)({
      id: t.id('integer', { client: true }),
      title: t.text(),
      open: t.bool().default(false),
      owner: t.one('user'),
      members: t.many('user', { inverse: 'groups', ids: true }).sortable(),
      docs: t.back('doc', 'group', { ids: true }).sortable(),
      docCount: t.count('docs').sortable().filterable(),
    })
    .rules((me, row) => ({
      read: any(row.open.is(true), row.owner.is(me), row.members.has(me), me.role.is('admin')),
      create: row.owner.is(me),
      write: any(row.owner.is(me), row.members.has(me)),
      delete: row.owner.is(me),
      fields: { members: { write: row.owner.is(me) } },
    }))
  const doc = resource
    .for(user)({
      id: t.id('integer', { client: true }),
      title: t.text(),
      secret: t.bool().default(false),
      author: t
        .one('user', { inverse: 'docs' })
        .readonly()
        .default((ctx: { me: Principal | null }) => ctx.me?.id as never),
      group: t.one('group', { inverse: 'docs', onDelete: 'null' }).nullable(),
    })
    .rules((me, row) => ({
      read: any(row.secret.is(false), row.author.is(me), me.role.is('admin')),
      create: row.author.is(me),
      write: any(row.author.is(me), me.role.is('admin')),
      delete: row.author.is(me),
      fields: { group: { write: row.author.is(me) } },
    }))
  const badge = resource
    .for(user)({
      id: t.id('integer', { client: true }),
      label: t.text(),
      shown: t.bool().default(true),
      loose: t.bool().default(true),
      holder: t.one('user', { inverse: 'badge', unique: true, onDelete: 'null' }).nullable(),
    })
    .rules((me, row) => ({
      read: row.shown.is(true),
      create: me.signedIn,
      write: me.signedIn,
      delete: me.signedIn,
      fields: { holder: { write: row.loose.is(true) } },
    }))
  return api({ user, group, doc, badge } as never, {
    store,
    report: () => {},
    http: { log: () => {}, overload: false },
    limits: { messageRate: 1e6, messageBurst: 1e6, bulk: 1_000 },
    authenticate: credentials => {
      const id = Number(credentials.header('authorization')?.slice(7))
      return id in first.user ? callerOf(id) : null
    },
  }) as unknown as Api
}

export const callerOf = (id: number): Principal => ({ id, role: first.user[id].role })

/** Makes the rows what a world says. */
export async function reset(app: any, to: World, from: World): Promise<void> {
  for (const name of names)
    for (const [id, row] of Object.entries(to[name])) {
      const was = from[name][Number(id)]
      if (!was) await app.post(name, { id: Number(id), ...withoutLists(row) })
    }
  for (const name of names.toReversed())
    for (const id of Object.keys(from[name])) if (!to[name][Number(id)]) await app.delete(name, Number(id))
  const now = await worldOf(app)
  for (const name of names.toReversed())
    for (const [id, row] of Object.entries(to[name]))
      if (JSON.stringify(row) !== JSON.stringify(now[name][Number(id)])) await app.patch(name, Number(id), row)
}

function withoutLists(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => !Array.isArray(value)))
}

/** All rows as the application sees them, each with what it stores. */
export async function worldOf(app: any): Promise<World> {
  const world: World = { user: {}, group: {}, doc: {}, badge: {} }
  for (const name of names)
    for (const row of await app.list(name, { limit: 100 })) {
      const shape = Object.values(first[name])[0]
      world[name][row.id] = Object.fromEntries(Object.keys(shape).map(key => [key, row[key]]))
    }
  return world
}
