// How long the most expensive requests hold the event loop of the built package, and how much memory they leave:
// `npm run build && node bench/bounds.ts [--rows=200000] [--only=WORD]`. Each request is at most 8 KB, and at the limit of what it asks.
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { WebSocket } from 'ws'
import { expensiveModel, expensiveReads, largeAnswers, queryText } from './expensive-requests.ts'
import { LoopWatch } from './loop-watch.ts'

const dist = new URL('../dist/index.js', import.meta.url)
if (!existsSync(dist)) throw new Error('dist/ is missing: npm run build')
const { always, api, resource, serve, sqlite, t } = (await import(dist.href)) as typeof import('../src/index.ts')

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '200000' }, only: { type: 'string', default: '' } },
})
const ROWS = Number(values.rows)
/** Rows that one owner has. */
const MANY = 20_000

const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
const STOCK = { owners: 1_000, tags: 10, notes: ROWS }
const SIZES = { texts: 48, items: 300, sort: ['rank', '-title'], offset: 10_000 }
/** Notes with much in them, and further ones that one owner has: as much as an answer may load. */
const WIDE = 200
const LOADED = 12

const folder = mkdtempSync(join(import.meta.dirname, 'results-bounds-'))
const app = api(
  expensiveModel({ always, resource, t }),
  // A small page cache: it fills with whatever is read, up to its size, and would hide what requests leave.
  {
    store: sqlite(join(folder, 'bounds.db'), { synchronous: 'normal', cache: 8_388_608 }),
    report: () => {},
    http: { log: () => {} },
  },
)
await app.ready()
await fill()
const served = await serve(app, { port: 0 })
await warmUp()
const longAgo = await changed()
const memoryBefore = process.memoryUsage().rss

const filter = (value: unknown): string => `filter=${encodeURIComponent(JSON.stringify(value))}`
const nested = (i: number): object => ({ title: `n${i}`, body: '', rank: 1, page: 1, words: [] })
const json = { 'content-type': 'application/json' }

/** By name: the most expensive request of its kind. */
const requests: Readonly<Record<string, { path: string; init?: RequestInit }>> = {
  ...Object.fromEntries(
    [...expensiveReads(STOCK, SIZES), ...largeAnswers].map(({ name, of, params }) => [
      name,
      { path: `/${of}?${queryText(params)}` },
    ]),
  ),
  'a page of large rows': { path: `/note?limit=100&id[gt]=${ROWS}` },
  ...Object.fromEntries(
    ['application/xml', 'text/csv', 'application/vnd.msgpack', 'application/hal+json', 'application/vnd.api+json'].map(
      accept => [`large rows as ${accept}`, { path: `/note?limit=100&id[gt]=${ROWS}`, init: { headers: { accept } } }],
    ),
  ),
  'all that a row may show of others': { path: `/owner/${STOCK.owners + 1}?depth=2` },
  'large rows of many owners': { path: '/owner?limit=100&sort=-id&depth=2&include=notes' },
  'the history of large rows': { path: `/note/${ROWS + 1}/history?limit=100` },
  'a state that is far back': { path: `/note/${ROWS + 1}?at=${longAgo}` },
  'a list that is far back': { path: `/note?limit=100&at=${longAgo}` },
  'ids of large rows': { path: `/note?limit=100&fields=id&id[gt]=${ROWS}` },
  'large rows of a row': { path: '/owner/1000?depth=2' },
  'a page of 100 rows': { path: '/note?limit=100' },
  'a page as XML': { path: '/note?limit=100', init: { headers: { accept: 'application/xml' } } },
  'a page as CSV': { path: '/note?limit=100', init: { headers: { accept: 'text/csv' } } },
  'the largest offset': { path: '/note?offset=10000&limit=100' },
  'a total of what matches': { path: `/note?total=true&limit=1&${filter({ rank: { $gt: 3 } })}` },
  'a thousand ids': { path: `/note?${filter({ id: { $in: many(1_000, i => i) } })}` },
  'a filter by a count': { path: `/owner?${filter({ count: { $gt: 1_000_000 } })}` },
  'a long Prefer': { path: '/note/1', init: { headers: { prefer: 'return=minimal,x=y,'.repeat(430) } } },
  'nested rows': {
    path: '/owner',
    init: { method: 'POST', headers: json, body: JSON.stringify({ name: 'x', notes: many(130, nested) }) },
  },
  'a sort by a count': { path: '/owner?sort=-count&limit=100&fields=name,count' },
  'related rows of related rows': { path: '/note?limit=100&depth=3' },
  'ids that a rule guards': { path: '/owner/1' },
  'a long Accept': { path: '/note/1', init: { headers: { accept: `${'a/b;q=0.1,'.repeat(700)}*/*` } } },
  'a long If-None-Match': { path: '/note/1', init: { headers: { 'if-none-match': `${'"a",'.repeat(1_800)}"b"` } } },
  'the document': { path: '/openapi.json' },
  'a patch that doubles': {
    path: '/note/1',
    init: {
      method: 'PATCH',
      headers: { 'content-type': 'application/json-patch+json' },
      body: JSON.stringify([
        { op: 'add', path: '/data', value: { a: 1 } },
        ...many(29, i => ({ op: 'copy', from: '/data', path: `/data/k${i}` })),
      ]),
    },
  },
  'rows in one body': {
    path: '/note',
    init: {
      method: 'POST',
      headers: json,
      body: JSON.stringify(many(90, i => ({ title: `n${i}`, body: '', rank: 1, page: 1, words: [], owner: 1 }))),
    },
  },
  'a patch of all that match': {
    path: `/note?${filter({ title: { $icontains: 'nowhere' } })}`,
    init: { method: 'PATCH', headers: json, body: '{"rank":1}' },
  },
}

/** The same over restuary.1. */
const frames: Readonly<Record<string, object>> = {
  'socket: text anywhere': { op: 'list', uri: '/note', params: { filter: { title: { $icontains: 'nowhere' } } } },
  'socket: a sort that no index has': { op: 'list', uri: '/note?sort=rank&limit=100' },
  'socket: a subscription that no index serves': {
    op: 'subscribe',
    uri: '/note',
    params: { filter: { title: { $icontains: 'nowhere' } } },
  },
  'socket: a window in an order that no index has': { op: 'subscribe', uri: '/note?sort=-rank&limit=100' },
  'socket: all that an index finds': { op: 'subscribe', uri: '/note?page=7' },
  'socket: a page of large rows': { op: 'list', uri: `/note?limit=100&id[gt]=${ROWS}` },
  'socket: as much as a snapshot may have': { op: 'subscribe', uri: '/note?page=5000' },
  'socket: related rows, $none': {
    op: 'subscribe',
    uri: '/owner?limit=100',
    params: { filter: { notes: { $none: { rank: { $gte: 0 } } } } },
  },
}

const results: Record<string, object> = {}
async function measure(name: string, work: () => Promise<unknown>): Promise<void> {
  if (!name.includes(values.only)) return
  const watch = new LoopWatch()
  await watch.settle()
  const before = process.memoryUsage().rss
  const begun = performance.now()
  const answer = await work()
  const milliseconds = performance.now() - begun
  const { turn, cpu } = watch.stop()
  results[name] = {
    answer,
    ms: Math.round(milliseconds),
    'longest turn, ms': Math.round(turn),
    'of it computing, ms': Math.round(cpu),
    'MB by it': Math.round((process.memoryUsage().rss - before) / 1e6),
    'MB in all': Math.round((process.memoryUsage().rss - memoryBefore) / 1e6),
  }
}

for (const [name, { path, init }] of Object.entries(requests))
  await measure(name, async () => {
    const answer = await fetch(served.url + path, init)
    await answer.arrayBuffer()
    return answer.status
  })
const socket = new WebSocket(`ws://127.0.0.1:${served.port}/`, 'restuary.1')
await once(socket, 'open')
for (const [name, frame] of Object.entries(frames))
  await measure(name, async () => {
    socket.send(JSON.stringify({ id: name, ...frame }))
    for (;;) {
      const [data] = await once(socket, 'message')
      const heard = JSON.parse(String(data))
      if (heard.id === name) return heard.status ?? heard.error?.status
    }
  })
socket.terminate()
console.table(results)
await scanMeanwhile()
await served.close()
rmSync(folder, { recursive: true })
process.exit()

/** Ordinary requests, so that what the first ones take of memory is not charged to the expensive ones. */
async function warmUp(): Promise<void> {
  for (let i = 1; i <= 300; i++)
    for (const path of [`/note/${i}`, `/owner/${i}`, `/note?page=${i}`, `/owner?limit=10&offset=${i}`])
      await (await fetch(served.url + path)).arrayBuffer()
}

/** Changes a large row some times. Returns the position before. */
async function changed(): Promise<string> {
  const { position } = (await app.store.commits(0, 1_000_000))?.at(-1) ?? { position: 1 }
  const data = many(20_000, i => ({ n: i, text: `other ${i}` }))
  for (let i = 0; i < 20; i++) await app.patch('note' as never, (ROWS + 1) as never, { data: [i, ...data] } as never)
  return app.store.terms.position(position)
}

/** A scan of all rows that takes long, while other requests are answered. */
async function scanMeanwhile(): Promise<void> {
  const watch = new LoopWatch()
  await watch.settle()
  const begun = performance.now()
  const scanning = new AbortController()
  const { params } = expensiveReads(STOCK, SIZES).find(one => one.name.endsWith('not ASCII'))!
  const scan = fetch(`${served.url}/note?${queryText(params)}`).then(async answer => {
    await answer.arrayBuffer()
    scanning.abort()
    return answer.status
  })
  const times: number[] = []
  while (!scanning.signal.aborted) {
    const asked = performance.now()
    await (await fetch(`${served.url}/note/${1 + (times.length % ROWS)}`)).arrayBuffer()
    times.push(performance.now() - asked)
  }
  const milliseconds = Math.round(performance.now() - begun)
  const { turn, cpu } = watch.stop()
  console.log(
    `a scan of ${ROWS} rows: ${await scan} in ${milliseconds} ms; meanwhile ${times.length} rows were read, the slowest in ` +
      `${Math.max(...times).toFixed(0)} ms; the loop was held for ${turn.toFixed(0)} ms at most, ${cpu.toFixed(0)} of them computing`,
  )
}

async function fill(): Promise<void> {
  const { resources } = app.engine.model
  const of = (name: string) => resources.get(name)!
  await app.store.load(
    of('owner'),
    many(STOCK.owners + 1, i => [i + 1, 0, 0, `owner ${i}`]),
  )
  await app.store.load(
    of('note'),
    (function* () {
      for (let i = 1; i <= ROWS; i++)
        yield [
          i,
          0,
          0,
          `Title ${(i * 7919) % 1_000_003} of Things`,
          `Über ${i} Dinge`,
          (i * 31) % 65_537,
          i % 1_000,
          ['a'],
          null,
          1 + (i % 1_000),
        ]
    })(),
  )
  await app.store.load(
    of('note'),
    (function* () {
      const data = many(20_000, i => ({ n: i, text: `text ${i}` }))
      for (let i = 1; i <= WIDE; i++) yield [ROWS + i, 0, 0, 'wide', '', 1, 1_000 + i, [], data, 1_000]
      for (let i = 1; i <= LOADED; i++) yield [ROWS + WIDE + i, 0, 0, 'wide', '', 1, 5_000, [], data, STOCK.owners + 1]
    })(),
  )
  await app.store.load(
    of('tag'),
    many(STOCK.tags, i => [i + 1, 0, 0, `label ${i}`]),
  )
  await app.store.load(
    of('secret'),
    (function* () {
      for (let i = 1; i <= MANY; i++) yield [i, 0, 0, 1, i % 2 === 0]
      // A hundred owners have as many as are shown.
      for (let i = 0; i < 100_000; i++) yield [MANY + 1 + i, 0, 0, 2 + (i % 100), true]
    })(),
  )
}
