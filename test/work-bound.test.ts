// How many rows the most expensive requests of each kind visit, and how many bytes they make: exactly, on every face. A request
// that may visit so many rows is answered; with one row less it is refused.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { io } from 'socket.io-client'
import { afterAll, describe, expect, test } from 'vitest'
import { api, memory, resource, t, type Api, type Store } from '../src/index.ts'
import { sqlite } from '../src/store/sqlite/index.ts'
import { fillStore } from '../src/testing/fill.ts'
import { NativeClient } from '../src/testing/native-client.ts'
import { Random } from './property/live-oracle/random.ts'
import { served } from './speakers.ts'

const owner = resource({
  id: t.id(),
  name: t.text(),
  notes: t.back('note', 'owner', { ids: false }),
  count: t.count('notes').sortable(),
  tags: t.many('tag', { inverse: 'owners' }),
}).public()
const tag = resource({ id: t.id(), label: t.text(), owners: t.many('owner', { inverse: 'tags' }) }).public()
const note = resource({
  id: t.id(),
  title: t.text(),
  body: t.text(),
  rank: t.integer(),
  page: t.integer().index(),
  words: t.list(t.text()),
  owner: t.one('owner', { inverse: 'notes' }),
}).public()

const [OWNERS, TAGS, NOTES] = [20, 3, 200]
const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
const rows = {
  tag: many(TAGS, i => ({ id: i + 1, label: `label ${i}` })),
  owner: many(OWNERS, i => ({ id: i + 1, name: `owner ${i}` })),
  note: many(NOTES, i => ({
    id: i + 1,
    title: `Title ${(i * 7) % NOTES}`,
    body: `Über ${i}`,
    rank: (i * 31) % 97,
    page: i % 10,
    words: ['a'],
    owner: 1 + (i % OWNERS),
  })),
}

const folder = mkdtempSync(join(tmpdir(), 'restuary-work-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const stores: Readonly<Record<'memory' | 'a file', () => Store>> = {
  memory: () => memory(),
  'a file': () => sqlite(join(folder, `${files++}.db`)),
}
type Kind = keyof typeof stores

async function started(kind: Kind, limits: object): Promise<Api<any>> {
  const app = api({ owner, tag, note }, { store: stores[kind](), limits, report: () => {}, http: { log: () => {} } })
  await app.ready()
  await fillStore(app, rows)
  for (const { id } of rows.tag) await app.patch('tag', id, { owners: rows.owner.map(one => one.id) })
  return app
}

interface Expensive {
  readonly name: string
  readonly of: 'note' | 'owner'
  readonly params: Readonly<Record<string, unknown>>
  /** With how many values each row is compared. */
  readonly compared: number
  readonly visited: Readonly<Record<Kind, number>>
}

/** The most expensive requests per limit. What they look for is never there, so that nothing ends them early. */
function expensive(random: Random): Expensive[] {
  const notes = { memory: NOTES, 'a file': NOTES }
  // Nodes of a filter: 50 with the root.
  const texts = 1 + random.int(48)
  // Items of a filter: 1,000; the target of a request has 8 KB.
  const items = 1 + random.int(300)
  const keys = ['rank', 'title', 'body'].map(key => (random.chance(0.5) ? key : `-${key}`))
  return [
    {
      name: `text anywhere, ${texts} times`,
      of: 'note',
      params: {
        filter: {
          $or: many(texts, i => ({
            [random.pick(['title', 'body'])]: { [random.pick(['$icontains', '$contains'])]: `nowhere ${i}` },
          })),
        },
      },
      compared: texts,
      visited: notes,
    },
    {
      name: `any of ${items}`,
      of: 'note',
      params: { filter: { words: { $hasAny: many(items, i => `nowhere ${i}`) } } },
      compared: items > 1 ? 1 : 2,
      visited: notes,
    },
    {
      name: 'a sort that no index has',
      of: 'note',
      params: { sort: keys.slice(0, 1 + random.int(3)).join(','), limit: 100 },
      compared: 0,
      visited: notes,
    },
    {
      name: 'the end of what is not sorted',
      of: 'note',
      params: { filter: { rank: { $gte: 0 } }, offset: NOTES },
      compared: 1,
      visited: notes,
    },
    {
      name: 'a related row',
      of: 'note',
      params: { filter: { owner: { name: `nobody ${random.int(9)}` } } },
      compared: 1,
      // SQLite visits the owner of each note.
      visited: { memory: NOTES, 'a file': 2 * NOTES },
    },
    ...(['$some', '$none', '$every'] as const).map((quantifier): Expensive => ({
      name: `related rows, ${quantifier}`,
      of: 'owner',
      params: { filter: { notes: { [quantifier]: { rank: { [quantifier === '$every' ? '$gte' : '$lt']: 0 } } } } },
      compared: 1,
      visited: { memory: OWNERS + NOTES, 'a file': OWNERS + NOTES },
    })),
    {
      name: 'linked rows',
      of: 'owner',
      params: { filter: { tags: { $some: { label: 'nothing' } } } },
      compared: 1,
      visited: { memory: OWNERS + OWNERS * TAGS, 'a file': OWNERS + OWNERS * TAGS },
    },
    {
      name: 'the number of related rows',
      of: 'owner',
      params: { filter: { notes: { $size: NOTES } } },
      compared: 1,
      visited: { memory: OWNERS + NOTES, 'a file': OWNERS + NOTES },
    },
    {
      name: 'three relations deep',
      of: 'note',
      params: { filter: { owner: { notes: { $some: { owner: { name: 'nobody' } } } } } },
      compared: 1,
      visited: { memory: 2 * NOTES, 'a file': 2 * NOTES + OWNERS },
    },
  ]
}

const query = (params: Expensive['params']): string =>
  Object.entries(params)
    .map(([name, value]) => `${name}=${encodeURIComponent(typeof value === 'string' ? value : JSON.stringify(value))}`)
    .join('&')

/** What a request comes to on a face: 200, or the rows that were visited until it was refused. */
const ways: Readonly<Record<string, (port: number, asked: Expensive) => Promise<unknown>>> = {
  async http(port, { of, params }) {
    const answer = await fetch(`http://127.0.0.1:${port}/${of}?${query(params)}`)
    const body = await answer.json()
    return answer.status === 200 ? 200 : body.visited
  },
  async 'restuary.1'(port, { of, params }) {
    const native = await NativeClient.open(`ws://127.0.0.1:${port}/`)
    try {
      const answer = await native.ask({ op: 'list', uri: `/${of}`, params })
      return answer.error?.visited ?? 200
    } finally {
      native.cut()
    }
  },
}

/** The same for the first state of a subscription, which is read in one turn of the event loop. */
const subscriptions: typeof ways = {
  async 'server-sent events'(port, { of, params }) {
    const headers = { accept: 'text/event-stream' }
    const answer = await fetch(`http://127.0.0.1:${port}/${of}?${query(params)}`, { headers })
    if (answer.status !== 200) return (await answer.json()).visited
    await answer.body!.cancel()
    return 200
  },
  async 'restuary.1'(port, { of, params }) {
    const native = await NativeClient.open(`ws://127.0.0.1:${port}/`)
    try {
      const answer = await native.ask({ op: 'subscribe', uri: `/${of}`, params })
      return answer.error?.visited ?? 200
    } finally {
      native.cut()
    }
  },
  async 'Socket.IO'(port, { of, params }) {
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true })
    try {
      return await new Promise(resolve => {
        socket.once('api_error', ({ message }) => resolve(Number(/^more than (\d+) rows/.exec(message)?.[1])))
        socket.emit('subscribe', `/${of}?${query(params)}`, () => resolve(200))
      })
    } finally {
      socket.disconnect()
    }
  },
}

describe.each(Object.keys(stores) as Kind[])('over %s', kind => {
  test.each([1, 2, 3])('expensive reads visit exactly so many rows (%i)', async seed => {
    const requests = expensive(new Random(seed))
    for (const visited of new Set(requests.map(one => one.visited[kind]))) {
      const asked = requests.filter(one => one.visited[kind] === visited)
      for (const visitedRows of [visited, visited - 1]) {
        const port = await served(await started(kind, { visitedRows }))
        for (const one of asked)
          for (const [face, ask] of Object.entries(ways))
            expect([one.name, face, await ask(port, one)]).toEqual([
              one.name,
              face,
              visitedRows === visited ? 200 : visitedRows,
            ])
      }
    }
  })

  test('so does the first state of a subscription, where each value that a row is compared with takes its share', async () => {
    for (const one of expensive(new Random(4)).filter(({ params }) => params['offset'] === undefined)) {
      const visited = one.visited[kind]
      const compared = kind === 'memory' ? 1 : Math.max(1, one.compared)
      const enough = Math.ceil((visited * (1 + compared)) / 2)
      for (const visitedInTurn of [enough, enough - 1]) {
        const port = await served(await started(kind, { visitedInTurn }))
        const heard = visitedInTurn === enough ? 200 : Math.floor((2 * visitedInTurn) / (1 + compared))
        for (const [face, ask] of Object.entries(subscriptions))
          expect([one.name, face, await ask(port, one)]).toEqual([one.name, face, heard])
      }
    }
  })
})
