// Canaries in every hidden field and every row; roles, owners, members, teams, grants, policies and privacy change at random
// under open subscriptions on four faces, while the same callers read and try what they may not. Every byte that leaves the server,
// and every line of its log, is searched: a canary may only be where whoever reads there may have seen it.
import { once } from 'node:events'
import { request as ask } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memory, serve, sqlite, type Answer, type Api, type Served, type Store } from '../../src/index.ts'
import { rewrite } from '../../src/testing/fill.ts'
import { Tap, listenOn, type Ear, type Shown } from './ears.ts'
import { Oracle, estate, grants, lists, teams, todos, users } from './estate.ts'
import { seeded } from './seeded.ts'

/** More by command: EVENTS=100000 npm test -- test/rules/canary.test.ts */
const { EVENTS } = process.env
const events = Number(EVENTS ?? 600)
const stores: [string, () => Store][] = [
  ['memory', () => memory()],
  ['sqlite', () => sqlite(':memory:')],
]
const uris = ['/user', '/list', '/todo', '/audit']
/** Lists that the envelope has no words for: windows, filters through relations, rows with related ones. */
const asked = ['/todo?sort=-id&limit=3', '/todo?sort=text&limit=2&offset=1', '/todo?list.team=1', '/todo?depth=2']

describe.each(stores)('over %s', (name, store) => {
  let app: Api
  let served: Served
  let log = ''
  const ears: { readonly me: number; readonly uri: string; readonly ear: Ear }[] = []
  const readers = new Map<number, { readonly tap: Tap; readonly token: string }>()
  const oracle = new Oracle()

  beforeAll(async () => {
    const told = (line: unknown): void => void (log += `${JSON.stringify(line, plain)}\n`)
    app = await estate(store(), {
      report: told,
      onFault: (error, call) => told({ error, cause: error.cause, resource: call?.resource.name }),
      // On a busy machine no question may be refused.
      http: { log: told, requests: told, compress: false, overload: false },
    })
    served = await serve(app, { port: 0, signals: false, report: told, grace: 0 })
    for (const me of users) {
      const token = (await app.engine.auth!.begin(me)).access_token
      readers.set(me, { tap: new Tap(), token })
      // A client that may see a list at the beginning may follow it however often it is taken and given back.
      await patch('user', me, { role: 'admin' })
      for (const uri of [...uris, ...asked])
        for (const [face, listen] of Object.entries(listenOn))
          if (face !== 'envelope' || uris.includes(uri))
            ears.push({ me, uri, ear: await listen(served.url, token, uri) })
      await patch('user', me, { role: 'member' })
    }
  })
  afterAll(async () => {
    for (const { ear } of ears) ear.close()
    await served.close()
  })

  const positionOf = async (answering: Promise<Answer>): Promise<number> => {
    const answer = await answering
    if (answer.status >= 300) throw new Error(JSON.stringify(answer))
    return Number(answer.position!.split('.')[1])
  }
  const patch = (resource: string, id: number, data: object): Promise<number> =>
    positionOf(app.safe.patch(resource, id, data))

  /** A grant that was never given, or taken back already, is as good. */
  const withdrawn = async (id: number): Promise<number> => {
    const answer = await app.safe.delete('grant', id)
    return answer.status === 404 ? 0 : positionOf(Promise.resolve(answer))
  }

  const send = async (
    me: number,
    method: string,
    path: string,
    body?: object,
  ): Promise<{ status: number; json: any }> => {
    const { tap, token } = readers.get(me)!
    const text = body && JSON.stringify(body)
    const headers = {
      authorization: `Bearer ${token}`,
      ...(text && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    }
    const request = ask(`${served.url}${path}`, { method, headers, agent: tap.agent })
    request.end(text)
    const [response] = await once(request, 'response')
    let heard = ''
    for await (const chunk of response) heard += chunk
    return { status: response.statusCode, json: JSON.parse(heard) }
  }

  /** Searches everything since the last search. */
  const search = (): number => {
    let found = 0
    const searched = (me: number, tap: Tap, where: string): void => {
      // Incomplete text at the end is left for the next search.
      const end = tap.text.lastIndexOf('~') + 1
      for (const [canary] of tap.text.slice(0, end).matchAll(/~\d+~/g)) {
        found++
        if (!oracle.mayHaveSeen(me, Number(canary.slice(1, -1))))
          throw new Error(`${me} was told ${canary} on ${where}`)
      }
      tap.text = tap.text.slice(end - 1)
    }
    for (const { me, uri, ear } of ears) searched(me, ear.tap, `${ear.face} ${uri}`)
    for (const [me, { tap }] of readers) searched(me, tap, 'http')
    expect(log).not.toMatch(/~\d+~/)
    log = ''
    return found
  }

  test(
    'nobody is told what they may not see, and everybody has what reading shows',
    async () => {
      const random = seeded(11)
      const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!
      const some = (): number[] => users.filter(() => random() < 0.3)
      let canary = 0
      /** A random write, and its effect on the oracle. */
      const write = (): [Promise<number>, () => void] => {
        const list = pick(lists)
        const todo = pick(todos)
        const here = ++canary
        const mark = `~${here}~`
        const placed = (resource: string, id: number, field: string): [Promise<number>, () => void] => [
          rewrite(app, resource, id, field, mark),
          () => oracle.place(resource, id, field, here),
        ]
        switch (Math.floor(random() * 20)) {
          case 0:
          case 1: {
            const [me, role] = [pick(users), pick(['admin', 'member', 'member'])]
            return [patch('user', me, { role }), () => oracle.role.set(me, role)]
          }
          case 2: {
            const owner = pick(users)
            return [patch('list', list, { owner }), () => (oracle.lists.get(list)!.owner = owner)]
          }
          case 3: {
            const members = some()
            return [patch('list', list, { members }), () => (oracle.lists.get(list)!.members = members)]
          }
          case 16: {
            const [team, members] = [pick(teams), some()]
            return [patch('team', team, { members }), () => oracle.teams.set(team, new Set(members))]
          }
          case 17: {
            const [me, joined] = [pick(users), teams.filter(() => random() < 0.3)]
            return [patch('user', me, { teams: joined }), () => oracle.join(me, joined)]
          }
          case 18: {
            const team = pick(teams)
            return [patch('list', list, { team }), () => (oracle.lists.get(list)!.team = team)]
          }
          case 19: {
            const [id, user] = [pick(grants), pick(users)]
            // Half of them are taken back.
            if (random() < 0.5)
              return [
                positionOf(app.safe.put('grant', id, { list, user })),
                () => oracle.grants.set(id, { list, user }),
              ]
            return [withdrawn(id), () => oracle.grants.delete(id)]
          }
          case 4: {
            const policy = pick([1, 2])
            return [patch('list', list, { policy }), () => (oracle.lists.get(list)!.policy = policy)]
          }
          case 5: {
            const [id, open] = [pick([1, 2]), random() < 0.3]
            return [patch('policy', id, { open }), () => oracle.open.set(id, open)]
          }
          case 6: {
            const isPrivate = random() < 0.5
            return [patch('todo', todo, { private: isPrivate }), () => (oracle.todos.get(todo)!.private = isPrivate)]
          }
          case 7:
            return [patch('todo', todo, { list }), () => (oracle.todos.get(todo)!.list = list)]
          case 8:
            return placed('user', pick(users), 'pin')
          case 9:
            return placed('user', pick(users), 'phone')
          case 10:
            return placed('list', list, 'secret')
          case 11:
            return placed('list', list, 'title')
          case 12:
            return placed('todo', todo, 'memo')
          case 13:
            return placed('audit', pick([1, 2]), 'what')
          default:
            return placed('todo', todo, 'text')
        }
      }
      /** What callers also try. Much of it is refused. */
      const probe = async (): Promise<void> => {
        const [me, list, todo, other] = [pick(users), pick(lists), pick(todos), pick(users)]
        const [method, path, body] = pick<[string, string, object?]>([
          ['GET', `/todo/${todo}?depth=2`],
          ['GET', `/list?depth=2&include=owner,members`],
          ['GET', `/list/${list}/members`],
          ['GET', `/user/${other}`],
          ['GET', '/todo?filter={"list":{"title":{"$contains":"~"}}}'],
          ['GET', '/user?filter={"pin":{"$contains":"~"}}'],
          ['GET', '/todo?sort=memo'],
          ['GET', '/audit?total=true'],
          ['PATCH', `/todo/${todo}`, { memo: 1 }],
          ['PATCH', `/list/${list}`, { secret: 'mine', title: 7 }],
          ['PATCH', `/user/${other}`, { phone: null }],
          ['POST', '/todo', { text: 'x', list, memo: 'y' }],
        ])
        await send(me, method, path, body)
      }
      /** Checks that all subscribers have what reading shows. */
      const compare = async (): Promise<void> => {
        for (const me of users)
          for (const uri of [...uris, ...asked]) {
            const { status, json } = await send(me, 'GET', uri)
            const wanted: Shown[] = status === 403 ? [] : json
            for (const one of ears) if (one.me === me && one.uri === uri) await one.ear.reach(wanted)
          }
      }

      let found = 0
      for (let done = 0; done < events;) {
        // Several writes at once share commits and the step in which they are sent.
        const writes = Array.from({ length: Math.min(1 + Math.floor(random() * 6), events - done) }, write)
        done += writes.length
        const ordered = await Promise.all(writes.map(async ([position, come]) => ({ at: await position, come })))
        for (const { come } of ordered.toSorted((a, b) => a.at - b.at)) {
          come()
          oracle.look()
        }
        if (random() < 0.2) await probe()
        if (random() < 0.03) {
          await compare()
          found += search()
        }
      }
      await compare()
      found += search()
      if (EVENTS !== undefined) console.log(name, { events, canaries: found })
      expect(found).toBeGreaterThan(events)
    },
    60_000 + events * 20,
  )
})

const plain = (_: string, value: unknown): unknown =>
  value instanceof Error ? { message: value.message, stack: value.stack, cause: value.cause } : value
