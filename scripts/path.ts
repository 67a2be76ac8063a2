// node scripts/path.ts [--list]: how many files and named functions of src one request goes through, once everything is warm.
// Fewer are quicker to read. The counts are V8's own (Profiler.takePreciseCoverage), taken in the process that serves.
import { request } from 'node:http'
import { Session } from 'node:inspector/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { api, resource, serve, t } from '../src/index.ts'
import { sqlite } from '../src/store/sqlite/index.ts'

const WARM = 50
const sources = new URL('../src/', import.meta.url).href

const app = api(
  { todo: resource({ id: t.id(), text: t.text(), done: t.bool().default(false), rank: t.integer().default(0) }) },
  { store: sqlite(':memory:'), report: () => {}, limits: { messageRate: 1_000_000 } },
)
const served = await serve(app, { port: 0, signals: false, report: () => {} })
const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })

await app.post('todo', { text: 'walk' })
let etag = (await send('GET', '/todo/1')).etag
await measure('PATCH with If-Match', async n => {
  const { status, etag: after } = await send('PATCH', '/todo/1', { rank: n }, { 'if-match': etag! })
  if (status !== 200) throw new Error(`the PATCH was answered ${status}`)
  etag = after
})

const socket = new WebSocket(`${served.url.replace('http', 'ws')}/`, 'restuary.1')
await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
await measure('restuary.1 subscription', subscribe, async n => {
  socket.send(JSON.stringify({ id: -n, op: 'unsubscribe', sub: n }))
})

socket.terminate()
session.disconnect()
await served.close()

/** Resolves when the snapshot is there. */
function subscribe(n: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.on('message', function hear(data: Buffer) {
    const frame = JSON.parse(String(data)) as { readonly op?: string; readonly status?: number }
    if ((frame.status ?? 200) >= 400) reject(new Error(String(data)))
    if (frame.op !== 'snapshot') return
    socket.off('message', hear)
    resolve()
  })
  socket.send(JSON.stringify({ id: n, op: 'subscribe', uri: '/todo' }))
  return promise
}

/** Counts the instructions of `once`. `after` undoes it and is not counted. */
async function measure(
  what: string,
  once: (n: number) => Promise<void>,
  after: (n: number) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  for (let n = 1; n <= WARM; n++) {
    await once(n)
    await after(n)
  }
  await pause(50)
  await session.post('Profiler.takePreciseCoverage')
  await once(WARM + 1)
  await pause(50)
  const { result } = await session.post('Profiler.takePreciseCoverage')
  const hit = result
    .filter(({ url }) => url.startsWith(sources))
    .map(({ url, functions }) => ({
      file: url.slice(sources.length),
      names: functions
        .filter(({ functionName, ranges }) => functionName !== '' && ranges[0]!.count > 0)
        .map(one => one.functionName),
      isHit: functions.some(({ ranges }) => ranges[0]!.count > 0),
    }))
    .filter(one => one.isHit)
    .toSorted((a, b) => a.file.localeCompare(b.file))
  console.log(`${what}: ${hit.length} files, ${hit.flatMap(one => one.names).length} named functions`)
  if (process.argv.includes('--list')) for (const { file, names } of hit) console.log(`  ${file}: ${names.join(', ')}`)
}

function send(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly etag: string | undefined }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; etag: string | undefined }>()
  const asked = request(served.url + path, { method, headers: { 'content-type': 'application/json', ...headers } })
  asked.once('error', reject)
  asked.once('response', answer => {
    answer.resume().once('end', () => resolve({ status: answer.statusCode!, etag: answer.headers.etag }))
  })
  asked.end(body === undefined ? undefined : JSON.stringify(body))
  return promise
}
