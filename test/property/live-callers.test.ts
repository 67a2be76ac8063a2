// Callers whose rights change by the commits that also change what they follow, at random: whatever becomes visible together,
// and however it is sliced, subscribers must have what a GET by whoever they are by then shows.
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { any, api, resource, t, type Api } from '../../src/index.ts'
import type { Call } from '../../src/engine/call/call.ts'
import type { Standing } from '../../src/auth/principal.ts'
import type { CallOptions } from '../../src/model/rules/call-options.ts'
import { Client } from './live-oracle/client.ts'
import type { Subscriber } from './live-oracle/program.ts'
import { perform, type Commit, type Operation } from './live-oracle/random-commits.ts'
import { callFor } from './live-oracle/random-query.ts'
import { Random } from './live-oracle/random.ts'
import { held, kinds, type Held } from './live-oracle/stores.ts'

/** More by command: EVENTS=20000 npm test -- test/property/live-callers */
const commits = Number(process.env['EVENTS'] ?? 240)
const seed = Number(process.env['SEED'] ?? 1)

const id = t.id('integer', { client: true })
const model = {
  user: resource({
    id,
    email: t.email().unique(),
    password: t.password(),
    role: t.enum(['admin', 'member']).default('member'),
    team: t.one('team').nullable(),
  }).login('email', 'password'),
  team: resource({ id, n: t.integer().default(0), open: t.bool().default(true), lists: t.back('list', 'team') }),
  list: resource({
    id,
    n: t.integer().default(0),
    team: t.one('team', { inverse: 'lists' }).nullable(),
    readers: t.many('user', { ids: false }),
    todos: t.back('todo', 'list'),
    size: t.count('todos').sortable(),
  }).rules((me: any, list: any) => ({
    read: any(me.role.is('admin'), list.team.is(me.team), list.readers.has(me.id)),
  })),
  todo: resource({
    id,
    n: t.integer().default(0),
    list: t.one('list', { inverse: 'todos', onDelete: 'cascade' }),
    user: t.one('user').nullable(),
    price: t.integer().default(0),
    third: t.calc({ of: t.integer(), uses: ['n'], get: (row: any) => row.n % 3 }).sortable(),
  }).rules((me: any, todo: any) => ({
    read: any(todo.user.is(me), todo.list.can('read')),
    fields: { price: { read: any(me.role.is('admin'), todo.list.team.open.is(true)) } },
  })),
  audit: resource({ id, n: t.integer().default(0) }).rules((me: any) => ({ read: me.role.is('admin') })),
}

const queries: readonly [resource: string, query: CallOptions][] = [
  ['todo', {}],
  ['todo', { sort: '-n', limit: 3 }],
  ['todo', { sort: 'list.n,-n', limit: 4, offset: 1 }],
  ['todo', { sort: 'third' }],
  ['todo', { filter: { list: { team: { open: true } } } }],
  ['todo', { depth: 2 }],
  ['list', { sort: 'team.n,-n', limit: 2 }],
  ['list', { sort: '-size' }],
  ['list', { sort: 'size', limit: 2 }],
  ['list', { include: ['todos'] }],
  ['list', { fields: ['id', 'n'] }],
  ['audit', { sort: '-n', limit: 2 }],
]

class Commits {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  next(): Commit {
    const random = this.#random
    return Array.from({ length: random.pick([1, 1, 2, 3, 5]) }, () => this.#operation())
  }

  #operation(): Operation {
    const random = this.#random
    const n = (): number => random.int(6)
    const of = (most: number): number => 1 + random.int(most)
    const maybe = (value: number): number | null => (random.chance(0.2) ? null : value)
    switch (random.int(8)) {
      case 0:
        return { op: 'patch', resource: 'user', id: of(2), body: { role: random.pick(['admin', 'member', 'member']) } }
      case 1:
        return { op: 'patch', resource: 'user', id: of(2), body: { team: maybe(of(3)) } }
      case 2:
        return { op: 'patch', resource: 'team', id: of(3), body: { open: random.chance(0.5) } }
      case 3:
        return {
          op: 'patch',
          resource: 'list',
          id: of(5),
          body: random.pick([{ n: n() }, { team: maybe(of(3)) }, { readers: random.some([1, 2], n()) }]),
        }
      case 4:
        return { op: 'delete', resource: random.pick(['todo', 'todo', 'audit']), id: of(9) }
      case 5:
        return { op: 'put', resource: 'audit', id: of(9), body: { n: n() } }
      case 6:
        return {
          op: 'patch',
          resource: 'todo',
          id: of(9),
          body: random.pick([{ n: n() }, { list: of(5) }, { user: maybe(of(2)) }, { price: n() }]),
        }
      default:
        return { op: 'put', resource: 'todo', id: of(9), body: { n: n(), list: of(5), user: maybe(of(2)) } }
    }
  }
}

/** How often to wait for missing events, at most a second each. */
const PATIENCE = 30

interface Follower {
  readonly client: Client
  readonly standing: Standing
}

test.each(kinds)('over %s, subscribers whose rights change have the rows that GET shows', async kind => {
  let checks = 0
  for (let made = 0, round = seed; made < commits / kinds.length; made += 60, round++) checks += await play(kind, round)
  expect(checks).toBeGreaterThan(commits)
})

async function play(kind: (typeof kinds)[number], round: number): Promise<number> {
  const random = new Random(round)
  const feed = held(kind)
  const faults: unknown[] = []
  const app = api(model, {
    store: feed.store,
    auth: {},
    cache: 0,
    limits: { turn: random.pick([0, 5]) },
    report: () => {},
    onFault: error => void faults.push(error.cause ?? error),
  }) as unknown as Api<any>
  try {
    await perform(app, firstRows)
    const followers: Follower[] = []
    // If rights change, a row that left and came back in between is sent as a change, as in `latest` mode.
    for (const user of [1, 2])
      for (const [name, query] of queries)
        followers.push(await follow(app, user, { resource: name, query, mode: 'latest' }))
    const source = new Commits(random)
    let checks = 0
    for (let made = 0; made < 60;) {
      const group = Array.from({ length: 1 + random.int(4) }, () => source.next())
      made += group.length
      await commit(app, feed, group, random.int(3))
      checks += await compare(app, followers, `round ${round}, ${made} commits: ${JSON.stringify(group)}`)
      expect(faults).toEqual([])
    }
    return checks
  } finally {
    await app.close()
  }
}

const firstRows: Commit = [
  ...[1, 2, 3].map((id): Operation => ({ op: 'put', resource: 'team', id, body: {} })),
  ...[1, 2].map((id): Operation => ({
    op: 'put',
    resource: 'user',
    id,
    // A client that may follow something at the beginning may follow it however often the right comes and goes.
    body: { email: `${id}@x.io`, password: 'correct horse', team: id, role: 'admin' },
  })),
  ...[1, 2, 3, 4, 5].map((id): Operation => ({ op: 'put', resource: 'list', id, body: { team: 1 + (id % 3) } })),
  ...[1, 2, 3, 4, 5].map((id): Operation => ({ op: 'put', resource: 'todo', id, body: { n: id % 2, list: id } })),
]

async function follow(app: Api<any>, user: number, asked: Subscriber): Promise<Follower> {
  const auth = app.engine.auth!
  const { access_token: token } = await auth.begin(user)
  const identity = await auth.authenticateToken(token)
  const standing = auth.standing(identity)!
  const client = new Client(asked, app.model.resources.get(asked.resource)!)
  const call = { ...callFor(app.engine, asked), trusted: false, principal: identity.principal }
  client.subscription = await app.http.live!.subscribe(call, client, { standing })
  return { client, standing }
}

/** Commits are sent together, all at once, or one after another in slices. */
async function commit(app: Api<any>, { hold, release }: Held, group: readonly Commit[], how: number): Promise<void> {
  if (how === 0) return void (await Promise.all(group.map(one => perform(app, one))))
  if (how === 1) hold()
  try {
    for (const one of group) await perform(app, one)
  } finally {
    if (how === 1) release()
  }
}

async function compare(app: Api<any>, followers: readonly Follower[], where: string): Promise<number> {
  for (const { client, standing } of followers) {
    const principal = (await app.store.read(snapshot => standing.at(snapshot)))!
    const expected = await shown(app, { ...callFor(app.engine, client.asked), trusted: false, principal })
    // A query that took long on a busy machine runs again only after a while.
    for (let turn = 0; turn < PATIENCE; turn++) {
      await app.http.live!.advance()
      if (isDeepStrictEqual(client.bodies, expected)) break
    }
    const what = `${where}, user ${principal.id}, ${client.asked.resource} ${JSON.stringify(client.asked.query)}`
    expect(client.faults, what).toEqual([])
    expect(client.bodies, what).toEqual(expected)
  }
  return followers.length
}

/** The bodies of a GET; none where it is refused. */
async function shown({ engine }: Api<any>, call: Call): Promise<string[]> {
  const outcome = await engine.handle(call)
  if (outcome.kind === 'list') return (JSON.parse(outcome.body) as unknown[]).map(row => JSON.stringify(row))
  if (outcome.kind === 'failure' && outcome.error.code.startsWith('forbidden')) return []
  throw new Error(outcome.kind, { cause: outcome })
}
