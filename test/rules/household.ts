import {
  all,
  any,
  api,
  not,
  resource,
  t,
  type Api,
  type Authenticate,
  type Principal,
  type Store,
} from '../../src/index.ts'

/** Lists with an owner and members, todos in them, notes only for the owner: rules that read the row, relations, lists and who asks. */
export function household(store: Store, authenticate?: Authenticate): Api<never> {
  const user = resource({
    id: t.id(),
    name: t.text(),
    role: t.enum(['admin', 'member']).default('member'),
    phone: t.text().nullable(),
    shares: t.many('list', { inverse: 'members', ids: false }),
  }).rules((me, user) => ({
    read: me.signedIn,
    create: me['role'].is('admin'),
    write: any(user.is(me), me['role'].is('admin')),
    delete: me['role'].is('admin'),
    fields: { role: { write: me['role'].is('admin') }, phone: { read: user.is(me) } },
  }))
  const list = resource
    .for(user)({
      id: t.id(),
      title: t.text(),
      locked: t.bool().default(false),
      owner: t.one('user'),
      members: t.many('user', { inverse: 'shares' }),
      todos: t.back('todo', 'list', { ids: true }),
      size: t.count('todos'),
    })
    .rules((me, list) => ({
      read: any(list.owner.is(me), list.members.has(me), me.role.is('admin')),
      create: list.owner.is(me),
      write: all(any(list.owner.is(me), list.members.has(me)), not(list.locked.is(true))),
      delete: list.owner.is(me),
    }))
  const todo = resource
    .for(user)({
      id: t.id(),
      text: t.text(),
      list: t.one('list', { onDelete: 'cascade' }),
      private: t.bool().default(false),
    })
    .rules((me, todo) => ({
      read: all(todo.list.can('read'), any(todo.private.is(false), todo.list['owner'].is(me))),
      create: todo.list.can('write'),
      write: todo.list.can('write'),
    }))
  return api({ user, list, todo }, { store, report: () => {}, ...(authenticate ? { authenticate } : {}) }) as never
}

export interface World {
  readonly users: { id: number; name: string; role: string; phone: string }[]
  readonly lists: { id: number; title: string; locked: boolean; owner: number; members: number[] }[]
  readonly todos: { id: number; text: string; list: number; private: boolean }[]
}

/** All combinations of owner, membership, lock and privacy that a rule can distinguish. Each row has its own canary. */
export const world: World = {
  users: ['ann', 'bob', 'cyd', 'root'].map((name, i) => ({
    id: i + 1,
    name,
    role: name === 'root' ? 'admin' : 'member',
    phone: `PHONE-${name}`,
  })),
  lists: [
    { id: 1, title: 'LIST-1', locked: false, owner: 1, members: [] },
    { id: 2, title: 'LIST-2', locked: false, owner: 1, members: [2] },
    { id: 3, title: 'LIST-3', locked: true, owner: 2, members: [1] },
    { id: 4, title: 'LIST-4', locked: false, owner: 2, members: [] },
  ],
  todos: [1, 2, 3, 4].flatMap(list => [
    { id: 2 * list - 1, text: `TODO-${2 * list - 1}`, list, private: false },
    { id: 2 * list, text: `TODO-${2 * list}`, list, private: true },
  ]),
}

export async function fill(app: Api<never>): Promise<void> {
  await app.safe.post('user', withoutIds(world.users))
  await app.safe.post('list', withoutIds(world.lists))
  await app.safe.post('todo', withoutIds(world.todos))
}

function withoutIds<T extends { id: number }>(rows: readonly T[]): Omit<T, 'id'>[] {
  return rows.map(row => Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'id')) as Omit<T, 'id'>)
}

type Me = Principal | null

/** What the rules say, once more in plain code. */
export const oracle = {
  readUser: (me: Me): boolean => me !== null,
  readPhone: (me: Me, id: number): boolean => me?.id === id,
  readList: (me: Me, id: number): boolean => {
    const list = world.lists.find(l => l.id === id)
    return (
      me !== null &&
      list !== undefined &&
      (list.owner === me.id || list.members.includes(me.id as number) || me['role'] === 'admin')
    )
  },
  writeList: (me: Me, id: number): boolean => {
    const list = world.lists.find(l => l.id === id)!
    return me !== null && !list.locked && (list.owner === me.id || list.members.includes(me.id as number))
  },
  deleteList: (me: Me, id: number): boolean => me !== null && world.lists.find(l => l.id === id)!.owner === me.id,
  readTodo: (me: Me, id: number): boolean => {
    const todo = world.todos.find(x => x.id === id)!
    return (
      oracle.readList(me, todo.list) && (!todo.private || world.lists.find(l => l.id === todo.list)!.owner === me!.id)
    )
  },
}
