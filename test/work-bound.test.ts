// How many rows the most expensive requests of each kind visit, and how many bytes they make: exactly, on every face. A request
// that may visit so many rows is answered; with one row less it is refused. A page that may have so many bytes is whole; with one
// byte less it is shorter.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { io } from 'socket.io-client'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { always, api, memory, resource, t, type Api, type Store } from '../src/index.ts'
import { sqlite } from '../src/store/sqlite/index.ts'
import {
  expensiveModel,
  expensiveReads,
  largeAnswers,
  queryText,
  type ExpensiveRead,
} from '../bench/expensive-requests.ts'
import { fillStore } from '../src/testing/fill.ts'
import { NativeClient } from '../src/testing/native-client.ts'
import { Random } from './property/live-oracle/random.ts'
import { served } from './speakers.ts'

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
    data: { text: 'é€😀'.repeat(i % 7) },
    owner: 1 + (i % OWNERS),
  })),
  secret: many(NOTES, i => ({ id: i + 1, owner: 1 + (i % OWNERS), open: i % 3 > 0 })),
}

const folder = mkdtempSync(join(tmpdir(), 'restuary-work-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const stores: Readonly<Record<keyof ExpensiveRead['visited'], () => Store>> = {
  memory: () => memory(),
  file: () => sqlite(join(folder, `${files++}.db`)),
}
const kinds = Object.keys(stores) as (keyof typeof stores)[]

async function started(kind: keyof typeof stores, limits: object): Promise<Api<any>> {
  const app: Api<any> = api(expensiveModel({ always, resource, t }), {
    store: stores[kind](),
    limits,
    report: () => {},
    http: { log: () => {} },
  })
  await app.ready()
  await fillStore(app, rows)
  for (const { id } of rows.tag) await app.patch('tag', id, { owners: rows.owner.map(one => one.id) })
  return app
}

/** Reads of random sizes. */
function reads(random: Random): ExpensiveRead[] {
  const keys = ['rank', 'title', 'body'].map(key => (random.chance(0.5) ? key : `-${key}`))
  return expensiveReads(
    { owners: OWNERS, tags: TAGS, notes: NOTES },
    {
      texts: 1 + random.int(48),
      items: 1 + random.int(300),
      sort: keys.slice(0, 1 + random.int(3)),
      offset: random.int(2 * NOTES),
    },
  )
}

type Asked = Pick<ExpensiveRead, 'of' | 'params'>
/** What a request comes to on a face: 200, or the rows that were visited until it was refused. */
type Way = (port: number, asked: Asked) => Promise<unknown>

const overNative =
  (op: 'list' | 'subscribe'): Way =>
  async (port, { of, params }) => {
    const native = await NativeClient.open(`ws://127.0.0.1:${port}/`)
    try {
      const answer = await native.ask({ op, uri: `/${of}`, params })
      return answer.error?.visited ?? 200
    } finally {
      native.cut()
    }
  }

const overHttp =
  (accept: string): Way =>
  async (port, { of, params }) => {
    const answer = await fetch(`http://127.0.0.1:${port}/${of}?${queryText(params)}`, { headers: { accept } })
    if (answer.status !== 200) return (await answer.json()).visited
    await answer.body!.cancel()
    return 200
  }

const ways: Readonly<Record<string, Way>> = {
  http: overHttp('application/json'),
  'restuary.1': overNative('list'),
}

/** The same for the first state of a subscription, which is read in one turn of the event loop. */
const subscriptions: typeof ways = {
  'server-sent events': overHttp('text/event-stream'),
  'restuary.1': overNative('subscribe'),
  async 'Socket.IO'(port, { of, params }) {
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true })
    try {
      return await new Promise(resolve => {
        socket.once('api_error', ({ message }) => resolve(Number(/^more than (\d+) rows/.exec(message)?.[1])))
        socket.emit('subscribe', `/${of}?${queryText(params)}`, () => resolve(200))
      })
    } finally {
      socket.disconnect()
    }
  },
}

describe.each(kinds)('over %s', kind => {
  test.each([1, 2, 3])('expensive reads visit exactly so many rows (%i)', async seed => {
    const requests = reads(new Random(seed))
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
    for (const one of reads(new Random(4)).filter(({ params }) => params['offset'] === undefined)) {
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

  test('a page has exactly so many bytes, or as many rows less as it takes, and leads on', async () => {
    const whole = await started(kind, {})
    onTestFinished(() => whole.close())
    for (const { name, of, params } of largeAnswers) {
      const ask = async (app: Api<any>, path: string): Promise<{ text: string; next: string | undefined }> => {
        const answer = await app.fetch(new Request(`http://localhost${path}`))
        expect([name, answer.status]).toEqual([name, 200])
        const next = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1]
        return { text: await answer.text(), next }
      }
      const path = `/${of}?${queryText(params)}`
      const { text } = await ask(whole, path)
      const bytes = Buffer.byteLength(text)
      const all = JSON.parse(text) as { id: number }[]
      for (const listBytes of [bytes, bytes - 1, Math.floor(bytes / 3)]) {
        const app = await started(kind, { listBytes })
        onTestFinished(() => app.close())
        const found: { id: number }[] = []
        let pages = 0
        for (let at: string | undefined = path; at !== undefined && found.length < all.length; pages++) {
          const page: Awaited<ReturnType<typeof ask>> = await ask(app, at)
          expect(Buffer.byteLength(page.text)).toBeLessThanOrEqual(listBytes)
          found.push(...JSON.parse(page.text))
          at = page.next
        }
        expect(found.slice(0, all.length)).toEqual(all)
        expect([name, pages > 1]).toEqual([name, listBytes < bytes])
      }
    }
  })

  test('exactly so many ids of a relation are shown, and so many related rows are loaded', async () => {
    const each = NOTES / OWNERS
    for (const expandedRows of [5 * each, 5 * each - 1]) {
      const app = await started(kind, { expandedRows, relatedIds: TAGS - 1 })
      onTestFinished(() => app.close())
      const get = async (path: string): Promise<Response> => app.fetch(new Request(`http://localhost${path}`))
      const shown = (await (await get('/owner?limit=5&fields=tags')).json()) as { tags: unknown[] }[]
      expect(shown.map(owner => owner.tags.length)).toEqual(many(5, () => TAGS - 1))
      const related = await get('/owner?limit=5&include=notes&fields=notes')
      expect(related.status).toBe(expandedRows === 5 * each ? 200 : 400)
    }
  })

  test('a body makes exactly so many rows, of so many bytes', async () => {
    const body = JSON.stringify(many(7, i => ({ ...rows.note[i], id: undefined, title: 'é' })))
    const size = Buffer.byteLength(body)
    const statusOf = async (limits: object): Promise<number> => {
      const app = await started(kind, limits)
      onTestFinished(() => app.close())
      const headers = { 'content-type': 'application/json' }
      const answer = await app.fetch(new Request('http://localhost/note', { method: 'POST', headers, body }))
      return answer.status
    }
    expect(await statusOf({ body: size, bulk: 7 })).toBe(201)
    expect(await statusOf({ body: size - 1, bulk: 7 })).toBe(413)
    expect(await statusOf({ body: size, bulk: 6 })).toBe(400)
  })
})
