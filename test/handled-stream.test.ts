// Handled resources as a stream of events: the same promises as for rows.
import { request, type IncomingMessage } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { api, handled, memory, sqlite, type Api, type Store } from '../src/index.ts'
import { EventStream } from '../src/testing/event-stream.ts'
import { slow } from '../src/testing/slow-store.ts'
import { lampsIn, type Lamp } from './lamps.ts'
import { served } from './speakers.ts'

const folder = mkdtempSync(join(tmpdir(), 'restuary-handled-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const stores: [string, () => Store][] = [
  ['memory', () => memory()],
  ['a slow store', () => slow(memory())],
  ['sqlite', () => sqlite(join(folder, `${++files}.db`))],
]

async function house(store: Store): Promise<{ app: Api; port: number }> {
  const lit = new Map<number, Lamp>()
  const lamps = handled(
    {
      ...lampsIn(lit),
    },
    { permissions: [(me, operation) => me !== null || operation !== 'get'] },
  )
  const authenticate = (asked: { header: (name: string) => string | undefined }): { id: string } | null => {
    const who = asked.header('authorization')
    return who === undefined ? null : { id: who }
  }
  const options = { store, authenticate, report: () => {}, http: { log: () => {} } }
  const app = api({ lamps }, options) as unknown as Api
  return { app, port: await served(app) }
}

/** Follows a path; resolves with the header section. */
async function follow(
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ answer: IncomingMessage; stream: EventStream; cut: () => void }> {
  const stream = new EventStream()
  const asked = request({
    port,
    path,
    headers: { accept: 'text/event-stream', authorization: 'ann', ...headers },
  })
  onTestFinished(() => void asked.destroy())
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    asked.on('response', resolve).on('error', reject).end()
  })
  answer.setEncoding('utf8').on('data', (text: string) => stream.feed(text))
  answer.on('error', () => {}).on('close', () => stream.end())
  return { answer, stream, cut: () => void asked.destroy() }
}

async function write(port: number, method: string, path: string, data?: unknown): Promise<any> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { authorization: 'ann', 'content-type': 'application/json' },
    ...(data !== undefined && { body: JSON.stringify(data) }),
  })
  expect(answer.status).toBeLessThan(300)
  return answer.headers.get('position')
}

describe.each(stores)('over %s', (_, store) => {
  test('a list: its state, then its changes, also those from outside', async () => {
    const { app, port } = await house(store())
    await write(port, 'POST', '/lamps/', { on: false })
    const { answer, stream } = await follow(port, '/lamps/')
    expect(answer.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    const [first] = await stream.take(1)
    expect(first).toMatchObject({ event: 'snapshot', data: [{ id: 1, on: false }] })
    const created = await write(port, 'POST', '/lamps/', { on: false })
    const patched = await write(port, 'PATCH', '/lamps/2', { on: true })
    await app.publish('/lamps/1', { patch: { on: true } })
    const deleted = await write(port, 'DELETE', '/lamps/2')
    expect(await stream.take(4)).toEqual([
      { event: 'created', id: created, data: { uri: '/lamps/', version: created, data: { id: 2, on: false } } },
      { event: 'updated', id: patched, data: { uri: '/lamps/2', version: patched, patch: { on: true } } },
      expect.objectContaining({ event: 'updated', data: expect.objectContaining({ uri: '/lamps/1' }) }),
      { event: 'deleted', id: deleted, data: { uri: '/lamps/2', version: deleted, data: null } },
    ])
  })

  test('an item is a list of one, and gets only its own events', async () => {
    const { port } = await house(store())
    await write(port, 'POST', '/lamps/', { on: false })
    await write(port, 'POST', '/lamps/', { on: false })
    const { stream } = await follow(port, '/lamps/1')
    expect(await stream.take(1)).toMatchObject([{ event: 'snapshot', data: [{ id: 1, on: false }] }])
    await write(port, 'PATCH', '/lamps/2', { on: true })
    await write(port, 'PATCH', '/lamps/1', { on: true })
    expect(await stream.take(1)).toMatchObject([{ event: 'updated', data: { uri: '/lamps/1', patch: { on: true } } }])
  })

  test.each(['last-event-id', 'since'])('%s resumes; what the log cannot tell begins anew', async way => {
    const { port } = await house(store())
    const from = await write(port, 'POST', '/lamps/', { on: false })
    const { stream, cut } = await follow(port, '/lamps/')
    await stream.take(1)
    cut()
    const missed = await write(port, 'PATCH', '/lamps/1', { on: true })
    const again = (position: string): ReturnType<typeof follow> =>
      way === 'since' ? follow(port, `/lamps/?since=${position}`) : follow(port, '/lamps/', { [way]: position })
    const resumed = await again(from)
    expect(await resumed.stream.take(1)).toMatchObject([{ event: 'updated', id: missed }])
    const other = await again('zzz.1')
    expect(await other.stream.take(2)).toMatchObject([
      { event: 'reset' },
      { event: 'snapshot', data: [{ id: 1, on: true }] },
    ])
  })

  test('a request that cannot be followed is refused before the stream begins', async () => {
    const { port } = await house(store())
    const status = async (path: string, headers: Record<string, string> = {}): Promise<unknown> => {
      const { answer, stream } = await follow(port, path, headers)
      if (answer.headers['content-type'] !== 'application/problem+json') return answer.headers['content-type']
      await new Promise(resolve => answer.on('close', resolve))
      expect(stream.events).toEqual([])
      return answer.statusCode
    }
    expect(await status('/lamps/7')).toBe(404)
    expect(await status('/lamps/?on=true')).toBe(400)
    expect(await status('/lamps/?since=1.1&since=1.2')).toBe(400)
    const nobody = await fetch(`http://127.0.0.1:${port}/lamps/`, { headers: { accept: 'text/event-stream' } })
    expect(nobody.status).toBe(401)
    const headers = { accept: 'text/event-stream', authorization: 'ann' }
    const head = await fetch(`http://127.0.0.1:${port}/lamps/`, { method: 'HEAD', headers })
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    expect((await fetch(`http://127.0.0.1:${port}/lamps/7`, { method: 'HEAD', headers })).status).toBe(404)
  })

  test('an ended stream is no longer followed', async () => {
    const { app, port } = await house(store())
    const { stream, cut } = await follow(port, '/lamps/')
    await stream.take(1)
    expect(app.published.subscriptions).toBe(1)
    cut()
    await expect.poll(() => app.published.subscriptions).toBe(0)
    const { stream: last } = await follow(port, '/lamps/')
    await last.take(1)
    app.http.live!.close()
    expect(await last.take(1)).toMatchObject([{ event: 'problem', data: { error: 'unavailable' } }])
  })
})
