// Every way to learn of a row, by everyone, on every face: values, filters, counts, orders, pages, nested lists, histories, and what
// is answered about rows that are hidden or not there.
import { once } from 'node:events'
import { get } from 'node:http'
import { afterAll, describe, expect, test } from 'vitest'
import { io } from 'socket.io-client'
import { WebSocket } from 'ws'
import { memory, sqlite, type Store } from '../../../src/index.ts'
import { SUBPROTOCOL } from '../../../src/protocol/frames.ts'
import { EventStream } from '../../../src/testing/event-stream.ts'
import type { Snapshot } from '../../../src/store/store.ts'
import { serveFaces } from '../../speakers.ts'
import { sees, shown, shownIds } from './oracle.ts'
import { callerOf, club, empty, first, names, reset, type Me, type Name } from './world.ts'

const people: Me[] = [null, ...[1, 2, 3, 4].map(callerOf)]
let cells = 0

/** A list that is asked for, and the ids that it must have, in order. */
interface Probe {
  readonly uri: string
  readonly ids: readonly number[]
}

const lists: readonly [name: Name, field: string, target: Name][] = [
  ['user', 'docs', 'doc'],
  ['user', 'groups', 'group'],
  ['group', 'members', 'user'],
  ['group', 'docs', 'doc'],
]

/** Everything that can be asked of lists, with what the rules leave of it. */
function probes(me: Me): Probe[] {
  const found: Probe[] = []
  const idsOf = (name: Name): number[] => Object.keys(first[name]).map(Number)
  const seen = (name: Name): number[] => idsOf(name).filter(id => sees(first, me, name, id))
  const add = (name: Name, query: object | string, ids: readonly number[]): void => {
    const text = typeof query === 'string' ? query : `filter=${encodeURIComponent(JSON.stringify(query))}`
    found.push({ uri: `/${name}?${text}`, ids })
  }
  for (const name of names) {
    add(name, 'sort=id', seen(name))
    add(name, 'sort=-id', seen(name).toReversed())
    add(name, { $not: { id: 0 } }, seen(name))
    for (const id of [...idsOf(name), 99])
      add(
        name,
        { id },
        seen(name).filter(one => one === id),
      )
    for (const field of Object.keys(first[name][1]).filter(one => one !== 'phone' && one !== 'members'))
      for (const value of new Set(Object.values(first[name]).map(row => row[field])))
        add(
          name,
          { [field]: value },
          seen(name).filter(id => first[name][id][field] === value),
        )
  }
  for (const [name, field, target] of lists) {
    const of = (id: number): number[] => shownIds(first, me, name, id, field)
    for (const size of [0, 1, 2, 3])
      add(
        name,
        { [field]: { $size: size } },
        seen(name).filter(id => of(id).length === size),
      )
    for (const other of idsOf(target)) {
      add(
        name,
        { [field]: { $some: { id: other } } },
        seen(name).filter(id => of(id).includes(other)),
      )
      add(
        name,
        { [field]: { $none: { id: other } } },
        seen(name).filter(id => !of(id).includes(other)),
      )
      add(
        name,
        { [field]: { $every: { id: other } } },
        seen(name).filter(id => of(id).every(one => one === other)),
      )
    }
    // Nested lists are there below the rows that are seen.
    for (const id of seen(name)) found.push({ uri: `/${name}/${id}/${field}?sort=id`, ids: of(id) })
  }
  const count = (id: number): number => shownIds(first, me, 'group', id, 'docs').length
  add(
    'group',
    'sort=docCount,id',
    seen('group').toSorted((a, b) => count(a) - count(b) || a - b),
  )
  // Lists are compared from their beginning.
  for (const field of ['docs', 'members']) {
    const of = (id: number): string => shownIds(first, me, 'group', id, field).join()
    add(
      'group',
      `sort=-${field},id`,
      seen('group').toSorted((a, b) => (of(a) === of(b) ? a - b : of(a) < of(b) ? 1 : -1)),
    )
  }
  for (const size of [0, 1, 2]) {
    add(
      'group',
      { docCount: size },
      seen('group').filter(id => count(id) === size),
    )
    add(
      'group',
      { docCount: { $gte: size } },
      seen('group').filter(id => count(id) >= size),
    )
  }
  for (const [name, field, target, key] of [
    ['doc', 'group', 'group', 'title'],
    ['doc', 'author', 'user', 'name'],
    ['badge', 'holder', 'user', 'name'],
    ['group', 'owner', 'user', 'name'],
  ] as const)
    for (const other of idsOf(target))
      add(
        name,
        { [field]: { [key]: first[target][other][key] } },
        sees(first, me, target, other) ? seen(name).filter(id => first[name][id][field] === other) : [],
      )
  const badge = (id: number): number | null => shownIds(first, me, 'user', id, 'badge')[0] ?? null
  for (const held of [...idsOf('badge'), null])
    add(
      'user',
      { badge: held },
      seen('user').filter(id => badge(id) === held),
    )
  return found
}

/** The ids of a list on one face; a text where it is refused. */
type Ask = (uri: string) => Promise<number[] | string>
type Asker = (port: number, app: any, me: Me) => Promise<{ ask: Ask; cut: () => void }>

const bearer = (me: Me): Record<string, string> => (me ? { authorization: `Bearer ${me.id}` } : {})
const idsIn = (rows: { id: number }[]): number[] => rows.map(row => row.id)

const askers: Record<string, Asker> = {
  async code(_, app, me) {
    return {
      cut: () => {},
      ask: async uri => {
        const url = new URL(uri, 'http://x')
        const [, name, id, nested] = url.pathname.split('/')
        const query = {
          sort: url.searchParams.get('sort')?.split(','),
          filter: JSON.parse(url.searchParams.get('filter') ?? '{}'),
        }
        // Code has no nested URIs; the row says the same.
        if (nested) return (await app.get(name, Number(id), { me }))[nested]
        return idsIn(await app.list(name, { me, ...query }))
      },
    }
  },
  async http(_, app, me) {
    return {
      cut: () => {},
      ask: async uri => {
        const ids: number[] = []
        // Page by page; what is sorted in memory has no cursors.
        const size = /sort=-?(?:docs|docCount|members)/.test(uri) ? 100 : 1
        for (let next: string | null = `${uri}&limit=${size}&total=true`; next;) {
          const answer: Response = await app.fetch(new Request(`http://x${next}`, { headers: bearer(me) }))
          if (answer.status !== 200) return `${answer.status}`
          ids.push(...idsIn((await answer.json()) as { id: number }[]))
          const total = Number(answer.headers.get('x-total-count'))
          next =
            /<([^>]*)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1]?.replace(/^http:\/\/[^/]*/, '') ?? null
          if (next === null && total !== ids.length) return `${total} in all, but ${ids.length} shown`
        }
        return ids
      },
    }
  },
  async sse(port, _, me) {
    return {
      cut: () => {},
      ask: uri =>
        new Promise((resolve, reject) => {
          const asked = get({ port, path: uri, headers: { accept: 'text/event-stream', ...bearer(me) } }, answer => {
            if (answer.statusCode !== 200) return resolve(`${answer.statusCode}`)
            const stream = new EventStream()
            answer.setEncoding('utf8').on('data', (text: string) => {
              stream.feed(text)
              const state = stream.events.find(({ event }) => event === 'snapshot')
              if (!state) return
              asked.destroy()
              resolve(idsIn(state.data))
            })
          })
          asked.on('error', error => asked.destroyed || reject(error))
        }),
    }
  },
  native: (port, _, me) => overNative(port, me, 'list'),
  'native, following': (port, _, me) => overNative(port, me, 'subscribe'),
  async socketio(port, _, me) {
    const auth = me ? { token: String(me.id) } : {}
    const socket = io(`http://127.0.0.1:${port}`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      auth,
    })
    await once(socket as never, 'connect')
    return {
      cut: () => void socket.disconnect(),
      ask: async uri => {
        const state = new Promise<any>(resolve => socket.once('state', resolve))
        const answer = await new Promise<any>(resolve => socket.emit('subscribe', uri, {}, resolve))
        if (answer.error) return String(answer.status)
        const ids = idsIn((await state).resource)
        await new Promise(resolve => socket.emit('unsubscribe', uri, {}, resolve))
        return ids
      },
    }
  },
}

async function overNative(port: number, me: Me, op: string): Promise<{ ask: Ask; cut: () => void }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, SUBPROTOCOL, { headers: bearer(me) })
  let hear: (frame: any) => void = () => {}
  socket.on('message', text => hear(JSON.parse(String(text))))
  await once(socket, 'open')
  let last = 0
  return {
    cut: () => socket.terminate(),
    ask: uri =>
      new Promise(resolve => {
        const id = ++last
        hear = frame => {
          if (frame.id === id && frame.error) resolve(String(frame.status))
          else if (op === 'list' && frame.id === id) resolve(idsIn(frame.data))
          else if (frame.sub === id && frame.op === 'snapshot') {
            socket.send(JSON.stringify({ op: 'unsubscribe', sub: id, id: -id }))
            resolve(idsIn(frame.data))
          }
        }
        socket.send(JSON.stringify({ id, op, uri }))
      }),
  }
}

const stores: [string, () => Store, readonly string[]][] = [
  ['memory', memory, Object.keys(askers)],
  ['sqlite', () => sqlite(':memory:'), ['http']],
]

describe.each(stores)('over %s', (_, store, faces) => {
  test.each(people.map(me => [me ? String(first.user[me.id as number].name) : 'nobody', me] as const))(
    'lists show %s what the rules do',
    async (_name, me) => {
      const app: any = club(store())
      await app.ready()
      await reset(app, first, empty)
      const { port, close } = await serveFaces(app)
      const wrong: unknown[] = []
      for (const face of faces) {
        const { ask, cut } = await askers[face]!(port, app, me)
        for (const { uri, ids } of probes(me)) {
          cells++
          const answer = await ask(uri)
          if (JSON.stringify(answer) !== JSON.stringify(ids)) wrong.push([face, decodeURIComponent(uri), answer, ids])
        }
        cut()
      }
      await close()
      expect(wrong.slice(0, 10)).toEqual([])
    },
  )

  test.each(people.map(me => [me ? String(first.user[me.id as number].name) : 'nobody', me] as const))(
    'rows show %s what the rules do, and hidden ones are as if they were not there',
    async (_name, me) => {
      const app: any = club(store())
      await app.ready()
      await reset(app, first, empty)
      const ask = async (method: string, path: string, body?: object): Promise<string> => {
        const headers = { 'content-type': 'application/json', ...bearer(me) }
        const init = { method, headers, ...(body && { body: JSON.stringify(body) }) }
        const answer: Response = await app.fetch(new Request(`http://x${path}`, init))
        const text = (await answer.text()).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '')
        const fields = [...answer.headers].filter(([name]) => name !== 'x-request-id' && name !== 'date')
        return JSON.stringify([answer.status, fields, text])
      }
      for (const name of names)
        for (const id of Object.keys(first[name]).map(Number)) {
          cells++
          if (sees(first, me, name, id)) {
            expect(await app.get(name, id, { me })).toEqual(shown(first, me, name, id))
            expect(await ask('GET', `/${name}/${id}/history`)).toMatch(/^\[200/)
            continue
          }
          const both = async (method: string, more: string, body?: object): Promise<void> => {
            cells++
            const missing = await ask(method, `/${name}/9${more}`, body)
            const hidden = await ask(method, `/${name}/${id}${more}`, body)
            expect(hidden.replaceAll(/\b\d\b/g, 'N')).toBe(missing.replaceAll(/\b\d\b/g, 'N'))
          }
          for (const more of ['', '?depth=2', '?fields=id', '/history', '?at=1', '/docs', '/members'])
            await both('GET', more)
          for (const body of [{}, { title: 'x' }, { nosuch: 1 }, { id: 7 }]) {
            await both('PATCH', '', body)
            await both('POST', '/docs', body)
          }
          await both('DELETE', '')
        }
      await app.close()
    },
  )
})

/** A store that notes which reads it is asked for. */
function noting(inner: Store, calls: string[]): Store {
  const noted = <S extends Snapshot>(snapshot: S): S =>
    new Proxy(snapshot, {
      get(target, key) {
        const value = Reflect.get(target, key, target) as unknown
        if (typeof value !== 'function') return value
        return (...given: unknown[]) => {
          calls.push(String(key))
          return Reflect.apply(value, target, given)
        }
      },
    })
  const own: Partial<Store> = {
    read: work => inner.read(snapshot => work(noted(snapshot))),
    write: work => inner.write(tx => work(noted(tx))),
  }
  return new Proxy(inner, {
    get(target, key) {
      if (key in own) return own[key as keyof Store]
      const value = Reflect.get(target, key, target) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

test('a hidden row costs the store what a missing one does', async () => {
  const calls: string[] = []
  const app: any = club(noting(memory(), calls))
  await app.ready()
  await reset(app, first, empty)
  for (const me of people)
    for (const name of names)
      for (const id of Object.keys(first[name]).map(Number)) {
        if (sees(first, me, name, id)) continue
        for (const [method, body] of [['GET'], ['PATCH', {}], ['DELETE']] as const) {
          cells++
          const asked = async (which: number): Promise<string> => {
            calls.length = 0
            const headers = { 'content-type': 'application/json', ...bearer(me) }
            const init = { method, headers, ...(body && { body: '{}' }) }
            await app.fetch(new Request(`http://x/${name}/${which}`, init))
            return calls.join()
          }
          expect([name, id, method, await asked(id)]).toEqual([name, id, method, await asked(99)])
        }
      }
  await app.close()
})

afterAll(() => expect(cells).toBeGreaterThan(7_000))
