import { any, resource, t, type Authenticate } from '../../src/index.ts'
import { envelope } from '../../src/dialects/channels/index.ts'
import type { AnyResource } from '../../src/model/declare/declaration.ts'

/** The caller who may see everything, and writes. */
export const ADMIN = 9
/** All other subscribers. */
export const users: readonly number[] = [1, 2, 3]
export const lists: readonly number[] = [1, 2, 3]

const key = t.id('integer', { client: true })
const user = resource({ id: key }).rules(me => ({ read: me.signedIn, create: me['role'].is('admin') }))
const list = resource({ id: key, owner: t.one('user'), members: t.many('user') }).rules(me => ({
  read: me.signedIn,
  create: me['role'].is('admin'),
  write: me['role'].is('admin'),
}))
const item = resource({ id: t.id(), text: t.text(), group: t.integer(), list: t.one('list') })
  .with(envelope({ page: 10_000 }))
  .rules((me, item) => ({
    read: any(me['role'].is('admin'), item.list['owner'].is(me), item.list['members'].has(me)),
    create: me['role'].is('admin'),
    write: me['role'].is('admin'),
  }))

/** Items are seen by the owner and the members of their list, which change. */
export const models: Readonly<Record<string, AnyResource>> = { user, list, item }

/** Callers are recognised by what they say about themselves. */
export const authenticate: Authenticate = credentials => principalOf(Number(credentials.header('x-user')))

export function principalOf(id: number): { id: number; role: string } | null {
  return Number.isNaN(id) ? null : { id, role: id === ADMIN ? 'admin' : 'member' }
}
