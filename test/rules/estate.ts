import {
  all,
  any,
  api,
  hashPassword,
  not,
  resource,
  t,
  type Api,
  type ApiOptions,
  type Store,
} from '../../src/index.ts'
import { fillStore } from '../../src/testing/fill.ts'

/** Lists with owner, members, a team, grants and a policy, todos in them, hidden and guarded fields, a log for admins; with a login. */
export async function estate(store: Store, options: ApiOptions): Promise<Api> {
  const user = resource({
    id: t.id(),
    email: t.email().unique(),
    role: t.enum(['admin', 'member']).default('member'),
    pin: t.text().hidden(),
    phone: t.text(),
    password: t.password(),
    teams: t.many('team', { inverse: 'members', ids: false }),
  })
    .login('email', 'password')
    .rules((me, user) => ({ read: me.signedIn, write: user.is(me), fields: { phone: { read: user.is(me) } } }))
  const team = resource({ id: t.id(), members: t.many('user', { inverse: 'teams', ids: false }) }).rules(me => ({
    read: me.signedIn,
  }))
  const policy = resource({ id: t.id(), open: t.bool() }).rules(me => ({ read: me.signedIn }))
  const list = resource
    .for(user)({
      id: t.id(),
      title: t.text(),
      secret: t.text().hidden(),
      locked: t.bool().default(false),
      owner: t.one('user'),
      members: t.many('user', { ids: false }),
      team: t.one('team'),
      policy: t.one('policy'),
      grants: t.back('grant', 'list', { ids: false }),
    })
    .rules((me, list) => ({
      read: any(
        list.owner.is(me),
        list.members.has(me),
        list['team']['members'].has(me),
        list.grants.can('read'),
        me.role.is('admin'),
        list['policy']['open'].is(true),
      ),
      write: all(list.owner.is(me), not(list.locked.is(true))),
    }))
  const grant = resource({
    id: t.id('integer', { client: true }),
    list: t.one('list', { inverse: 'grants' }),
    user: t.one('user'),
  }).rules((me, grant) => ({ read: grant.user.is(me) }))
  const todo = resource
    .for(user)({ id: t.id(), text: t.text(), memo: t.text(), list: t.one('list'), private: t.bool().default(false) })
    .rules((me, todo) => ({
      read: all(todo.list.can('read'), any(todo.private.is(false), todo.list['owner'].is(me))),
      write: todo.list.can('write'),
      fields: { memo: { read: me.role.is('admin') } },
    }))
  const audit = resource
    .for(user)({ id: t.id(), what: t.text() })
    .rules(me => ({ read: me.role.is('admin') }))
  const app = api({ user, team, policy, list, grant, todo, audit }, { ...options, store, auth: {} }) as unknown as Api
  await app.ready()
  const password = await hashPassword('correct horse', { memory: 8, passes: 1, parallelism: 1 })
  await fillStore(app, {
    user: users.map(id => ({ id, email: `u${id}@x.io`, role: 'member', pin: '', phone: '', password })),
    team: teams.map(id => ({ id })),
    policy: [
      { id: 1, open: false },
      { id: 2, open: false },
    ],
    list: lists.map(id => ({ id, title: '', secret: '', locked: false, owner: 1, team: 1, policy: 1 })),
    todo: todos.map(id => ({ id, text: '', memo: '', list: 1, private: false })),
    audit: [
      { id: 1, what: '' },
      { id: 2, what: '' },
    ],
  })
  return app
}

export const users: readonly number[] = [1, 2, 3]
export const teams: readonly number[] = [1, 2]
export const grants: readonly number[] = [1, 2, 3]
export const lists: readonly number[] = [1, 2, 3, 4]
export const todos: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8]

interface List {
  owner: number
  members: readonly number[]
  team: number
  policy: number
}
interface Todo {
  list: number
  private: boolean
}

/** The stored rows, and who may see which canary in them: the rules once more in plain code. */
export class Oracle {
  readonly role: Map<number, string> = new Map(users.map(id => [id, 'member']))
  /** The members of each team. */
  readonly teams: Map<number, ReadonlySet<number>> = new Map(teams.map(id => [id, new Set<number>()]))
  readonly grants: Map<number, { readonly list: number; readonly user: number }> = new Map()
  readonly open: Map<number, boolean> = new Map([1, 2].map(id => [id, false]))
  readonly lists: Map<number, List> = new Map(lists.map(id => [id, { owner: 1, members: [], team: 1, policy: 1 }]))
  readonly todos: Map<number, Todo> = new Map(todos.map(id => [id, { list: 1, private: false }]))
  /** The canary in each place: `todo 3 text`. */
  readonly #placed = new Map<string, number>()
  /** Who may have seen a canary, as bits. */
  readonly #seen: number[] = []

  /** A user belongs to these teams and no others. */
  join(me: number, joined: readonly number[]): void {
    for (const [team, members] of this.teams) {
      const others = [...members].filter(user => user !== me)
      this.teams.set(team, new Set(joined.includes(team) ? [...others, me] : others))
    }
  }

  place(resource: string, id: number, field: string, canary: number): void {
    this.#placed.set(`${resource} ${id} ${field}`, canary)
  }

  /** Notes that everyone who may see something now may have seen it. */
  look(): void {
    for (const [place, canary] of this.#placed) {
      const [resource = '', id, field = ''] = place.split(' ')
      for (const me of users)
        if (this.shows(me, resource, Number(id), field)) this.#seen[canary] = (this.#seen[canary] ?? 0) | (1 << me)
    }
  }

  mayHaveSeen(me: number, canary: number): boolean {
    return ((this.#seen[canary] ?? 0) & (1 << me)) !== 0
  }

  shows(me: number, resource: string, id: number, field: string): boolean {
    const isAdmin = this.role.get(me) === 'admin'
    switch (resource) {
      case 'user':
        return field === 'phone' && id === me
      case 'list':
        return field !== 'secret' && this.#list(me, id)
      case 'todo': {
        const { list, private: isPrivate } = this.todos.get(id)!
        const isShown = this.#list(me, list) && (!isPrivate || this.lists.get(list)!.owner === me)
        return isShown && (field !== 'memo' || isAdmin)
      }
      default:
        return isAdmin
    }
  }

  #list(me: number, id: number): boolean {
    const { owner, members, team, policy } = this.lists.get(id)!
    return (
      owner === me ||
      members.includes(me) ||
      this.teams.get(team)!.has(me) ||
      [...this.grants.values()].some(grant => grant.list === id && grant.user === me) ||
      this.role.get(me) === 'admin' ||
      this.open.get(policy)!
    )
  }
}
