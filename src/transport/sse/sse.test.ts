import { once } from 'node:events'
import { get as ask, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { api, type Api } from '../../api.ts'
import type { ApiOptions } from '../../api-options.ts'
import { Live } from '../../live/live.ts'
import { resource } from '../../model/declare/resource.ts'
import { ApiError } from '../../protocol/error.ts'
import { t } from '../../schema/builder.ts'
import { EventStream, type StreamEvent } from '../../testing/event-stream.ts'
import { handler, nodeServer } from '../hosts/node.ts'
import { wantsStream } from './accept.ts'

const models = {
  todo: resource(
    {
      id: t.id('integer', { client: true }),
      text: t.text(),
      done: t.bool().default(false),
      since: t.integer().default(0),
    },
    { path: '/todos' },
  ),
  note: resource({ id: t.id(), text: t.text() }),
}

type World = Api<typeof models>

const serve = async (options: ApiOptions = {}): Promise<{ app: World; server: Server; base: string; port: number }> => {
  const app = api(models, { report: () => {}, ...options, http: { log: () => {}, ...options.http } })
  await app.ready()
  const server = nodeServer(handler(app.engine, app.http), app.engine.limits).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await app.close()
  })
  const { port } = server.address() as AddressInfo
  return { app, server, port, base: `http://127.0.0.1:${port}` }
}

/** Opens a stream and reads it until the test ends. */
const open = async (
  url: string,
  headers: Record<string, string> = {},
): Promise<{ response: IncomingMessage; reader: EventStream; cut: () => void }> => {
  const request = ask(url, { headers: { accept: 'text/event-stream', ...headers }, agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const reader = new EventStream()
  response.setEncoding('utf8').on('data', (text: string) => reader.feed(text))
  response.on('close', () => reader.end()).on('error', () => {})
  onTestFinished(() => void request.destroy())
  return { response, reader, cut: () => void request.destroy() }
}

const eventually = async (holds: () => boolean): Promise<void> => {
  await expect.poll(holds).toBe(true)
}

describe('a stream', () => {
  test('has its header section at once, without anything that keeps it', async () => {
    const { base } = await serve()
    const { response, reader } = await open(`${base}/todos`)
    expect(response.statusCode).toBe(200)
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    })
    expect(response.headers['content-encoding']).toBeUndefined()
    expect(await reader.take(1)).toMatchObject([{ event: 'snapshot', data: [] }])
    expect(reader.retry).toBeGreaterThan(0)
  })

  test('sends a snapshot, then the changes', async () => {
    const { app, base } = await serve()
    const { epoch } = app.engine
    await app.post('todo', { id: 1, text: 'a' })
    const { reader } = await open(`${base}/todos`)
    expect(await reader.take(1)).toEqual([
      { event: 'snapshot', id: `${epoch}.1`, data: [{ id: 1, text: 'a', done: false, since: 0 }] },
    ])
    await app.post('todo', [
      { id: 2, text: 'b' },
      { id: 3, text: 'c' },
    ])
    await app.patch('todo', 1, { done: true })
    await app.delete('todo', 2)
    const row = (id: number, text: string): object => ({ id, text, done: id === 1, since: 0 })
    expect(await reader.take(4)).toEqual([
      { event: 'created', data: { resource: 'todo', id: 2, version: `${epoch}.2`, data: row(2, 'b') } },
      {
        event: 'created',
        id: `${epoch}.3`,
        data: { resource: 'todo', id: 3, version: `${epoch}.3`, data: row(3, 'c') },
      },
      {
        event: 'updated',
        id: `${epoch}.4`,
        data: { resource: 'todo', id: 1, version: `${epoch}.4`, data: row(1, 'a') },
      },
      { event: 'deleted', id: `${epoch}.5`, data: { resource: 'todo', id: 2, version: `${epoch}.5`, data: null } },
    ])
  })

  test('says why a row that was there before comes or goes', async () => {
    const { app, base } = await serve()
    await app.post('todo', { id: 1, text: 'a' })
    const { reader } = await open(`${base}/todos?done=true`)
    await reader.take(1)
    await app.patch('todo', 1, { done: true })
    await app.patch('todo', 1, { done: false })
    const told = await reader.take(2)
    expect(told.map(one => [one.event, one.data.reason, one.data.data?.done])).toEqual([
      ['created', 'enter', true],
      ['deleted', 'leave', undefined],
    ])
  })

  test('tells changed members to whoever prefers that, and whole rows to all others', async () => {
    const { app, base } = await serve()
    await app.post('todo', { id: 1, text: 'a' })
    const whole = await open(`${base}/todos`)
    const patched = await open(`${base}/todos`, { prefer: 'changes=patch' })
    await app.patch('todo', 1, { done: true })
    await app.delete('todo', 1)
    const { epoch } = app.engine
    const row = { id: 1, text: 'a', done: true, since: 0 }
    const of = { resource: 'todo', id: 1, version: `${epoch}.2` }
    expect((await whole.reader.take(2))[1]!.data).toEqual({ ...of, data: row })
    const told = await patched.reader.take(3)
    expect(told[1]!.data).toEqual({ ...of, patch: { done: true } })
    expect(told[2]!.data).toEqual({ ...of, version: `${epoch}.3`, data: null })
  })

  test('of rows that do not show their id sends the ids as well', async () => {
    const { app, base } = await serve()
    await app.post('todo', [
      { id: 1, text: 'a' },
      { id: 2, text: 'b' },
    ])
    const { reader } = await open(`${base}/todos?fields=text`)
    expect(await reader.take(2)).toEqual([
      { event: 'ids', data: [1, 2] },
      { event: 'snapshot', id: `${app.engine.epoch}.2`, data: [{ text: 'a' }, { text: 'b' }] },
    ])
    await app.patch('todo', 2, { text: 'c' })
    expect(await reader.take(1)).toMatchObject([{ event: 'updated', data: { id: 2, data: { text: 'c' } } }])
    const { reader: shown } = await open(`${base}/todos?fields=id,text`)
    expect(await shown.take(1)).toMatchObject([{ event: 'snapshot' }])
  })

  test('sends the order of rows if it does not follow from them', async () => {
    const user = resource({ id: t.id(), name: t.text() })
    const task = resource({ id: t.id(), user: t.one('user') })
    const app = api({ user, task }, { report: () => {}, http: { log: () => {} } })
    const server = nodeServer(handler(app.engine, app.http), app.engine.limits).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(async () => {
      server.closeAllConnections()
      server.close()
      await app.close()
    })
    await app.post('user', [{ name: 'a' }, { name: 'b' }])
    await app.post('task', [{ user: 1 }, { user: 2 }])
    const { port } = server.address() as AddressInfo
    const { reader } = await open(`http://127.0.0.1:${port}/task?sort=user.name`)
    await reader.take(1)
    await app.patch('user', 1, { name: 'c' })
    expect(await reader.take(1)).toEqual([{ event: 'order', id: `${app.engine.epoch}.5`, data: { ids: [2, 1] } }])
    await app.post('task', { user: 1 })
    expect(await reader.take(2)).toMatchObject([
      { event: 'created', data: { id: 3 } },
      { event: 'order', id: expect.any(String), data: { ids: [2, 1, 3] } },
    ])
  })

  test('of a long list comes in parts', async () => {
    const { app, base } = await serve()
    const text = 'x'.repeat(1_000)
    await app.post(
      'todo',
      Array.from({ length: 200 }, (_, i) => ({ id: i + 1, text })),
    )
    const { reader } = await open(`${base}/todos`)
    const parts: StreamEvent[] = []
    do parts.push(...(await reader.take(1)))
    while (parts.at(-1)!.event === 'snapshot')
    expect(parts.length).toBeGreaterThan(3)
    expect(parts.pop()).toEqual({ event: 'ready', id: `${app.engine.epoch}.200`, data: { count: 200 } })
    expect(parts.every(part => part.id === undefined)).toBe(true)
    expect(parts.flatMap(part => part.data.map((row: any) => row.id))).toEqual(
      Array.from({ length: 200 }, (_, i) => i + 1),
    )
  })

  test.each<[string, (position: string) => [path: string, headers: Record<string, string>]]>([
    ['Last-Event-ID', position => ['/note', { 'last-event-id': position }]],
    ['since', position => [`/note?since=${position}`, {}]],
    ['Last-Event-ID before since', position => [`/note?since=zzzzzz.1`, { 'last-event-id': position }]],
  ])('resumes by %s', async (_, asking) => {
    const { app, base } = await serve()
    const first = await open(`${base}/note`)
    await first.reader.take(1)
    await app.post('note', { text: 'seen' })
    const { id } = (await first.reader.take(1))[0]!
    first.cut()
    await app.post('note', { text: 'missed' })
    const [path, headers] = asking(id!)
    const { reader } = await open(base + path, headers)
    await app.post('note', { text: 'later' })
    expect((await reader.take(2)).map(one => one.data.data.text)).toEqual(['missed', 'later'])
  })

  test('that cannot resume is reset, once', async () => {
    const { app, base } = await serve()
    await app.post('todo', { id: 1, text: 'a' })
    const { reader } = await open(`${base}/todos`, { 'last-event-id': 'zzzzzz.9' })
    expect((await reader.take(2)).map(one => one.event)).toEqual(['reset', 'snapshot'])
    await app.post('todo', { id: 2, text: 'b' })
    expect((await reader.take(1))[0]!.event).toBe('created')
  })

  test('of one row reports its end', async () => {
    const { app, base } = await serve()
    await app.post('todo', { id: 1, text: 'a' })
    const { reader } = await open(`${base}/todos/1`)
    expect((await reader.take(1))[0]!.data).toMatchObject([{ id: 1 }])
    await app.delete('todo', 1)
    expect((await reader.take(1))[0]).toMatchObject({ event: 'deleted', data: { id: 1, data: null } })
  })

  test('a window refills; its limit may exceed that of a page', async () => {
    const { app, base } = await serve()
    await app.post(
      'todo',
      Array.from({ length: 130 }, (_, i) => ({ id: i + 1, text: 'x' })),
    )
    const { reader } = await open(`${base}/todos?sort=-id&limit=120`)
    expect((await reader.take(1))[0]!.data).toHaveLength(120)
    await app.delete('todo', 130)
    expect((await reader.take(2)).map(one => [one.event, one.data.id, one.data.reason])).toEqual([
      ['deleted', 130, undefined],
      ['created', 10, 'enter'],
    ])
  })

  test('a word of streams that is a field of the resource stays a filter', async () => {
    const { app, base } = await serve()
    await app.post('todo', [
      { id: 1, text: 'a', since: 5 },
      { id: 2, text: 'b' },
    ])
    const { reader } = await open(`${base}/todos?since=5`)
    expect((await reader.take(1))[0]!.data).toMatchObject([{ id: 1 }])
  })

  test('refuses a HEAD for what it would refuse a GET', async () => {
    const { base } = await serve()
    const head = async (path: string): Promise<number> =>
      (await fetch(base + path, { method: 'HEAD', headers: { accept: 'text/event-stream' } })).status
    expect([await head('/todos'), await head('/todos/7'), await head('/todos?nope=1')]).toEqual([200, 404, 400])
  })

  test('does not answer HEAD with a body, only with its fields', async () => {
    const { base, app } = await serve()
    const response = await fetch(`${base}/todos`, { method: 'HEAD', headers: { accept: 'text/event-stream' } })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    expect(await response.text()).toBe('')
    expect(app.http.live!.subscriptions).toBe(0)
  })

  test.each<[string, number, string]>([
    ['/todos/1', 404, 'not_found'],
    ['/nope', 404, 'not_found'],
    ['/todos?nope=1', 400, 'unknown_param'],
    ['/todos?cursor=x', 400, 'format'],
    ['/todos?total=true', 400, 'unknown_param'],
    ['/todos?mode=sometimes', 400, 'validation'],
    ['/todos?mode=0', 400, 'validation'],
    ['/note?since=1&since=2', 400, 'validation'],
  ])('of %s is refused with %d', async (path, status, code) => {
    const { base, app } = await serve()
    const response = await fetch(base + path, { headers: { accept: 'text/event-stream' } })
    expect(response.status).toBe(status)
    const problem = await response.json()
    expect([problem.error, ...(problem.errors ?? []).map((one: any) => one.code)]).toContain(code)
    expect(app.http.live!.groups).toBe(0)
  })

  test('needs credentials like reading', async () => {
    const authenticate = (): never => {
      throw new ApiError('unauthenticated')
    }
    const { base } = await serve({ authenticate })
    const response = await fetch(`${base}/todos`, { headers: { accept: 'text/event-stream' } })
    expect(response.status).toBe(401)
  })

  test('frees everything when the client leaves', async () => {
    const { base, app } = await serve()
    const streams = await Promise.all(Array.from({ length: 5 }, () => open(`${base}/todos`)))
    for (const { reader } of streams) await reader.take(1)
    expect(app.http.live!.subscriptions).toBe(5)
    for (const { cut } of streams) cut()
    await eventually(() => app.http.live!.groups === 0)
    expect(app.http.live!.subscriptions).toBe(0)
  })

  test('of a client that left before it began follows nothing', async () => {
    const [asked, known] = [Promise.withResolvers<void>(), Promise.withResolvers<{ id: number }>()]
    const authenticate = (): Promise<{ id: number }> => {
      asked.resolve()
      return known.promise
    }
    const { app, server, base } = await serve({ authenticate })
    const connected = once(server, 'connection')
    const request = ask(`${base}/todos`, { headers: { accept: 'text/event-stream' }, agent: false })
    request.on('error', () => {})
    const [socket] = await connected
    await asked.promise
    request.destroy()
    await once(socket, 'close')
    known.resolve({ id: 1 })
    // Whoever comes later has begun: so has the other.
    const { reader } = await open(`${base}/todos`)
    await reader.take(1)
    await eventually(() => app.http.live!.subscriptions === 1)
  })

  test('ends when the Api closes', async () => {
    const { base, app } = await serve()
    const { reader } = await open(`${base}/todos`)
    await reader.take(1)
    app.http.live!.close()
    expect(await reader.take(2)).toMatchObject([{ event: 'problem', data: { error: 'unavailable' } }])
    expect(reader.ended).toBe(true)
  })

  test('of a slow reader is bounded, and starts anew when it reads again', async () => {
    const { base, app } = await serve({ limits: { mailbox: 100_000 } })
    await app.post('todo', { id: 1, text: 'a' })
    const { response, reader } = await open(`${base}/todos`)
    await reader.take(1)
    response.pause()
    const text = '漢'.repeat(10_000)
    for (let i = 0; i < 500; i++) {
      await app.patch('todo', 1, { text: `${i}${text}`.slice(0, 10_000) })
      await new Promise(resolve => setImmediate(resolve))
    }
    response.resume()
    const told: StreamEvent[] = []
    do told.push(...(await reader.take(1)))
    while (told.at(-1)!.id !== `${app.engine.epoch}.501`)
    expect(told.map(one => one.event)).toContain('reset')
    expect(told.length).toBeLessThan(500)
    const last = told.at(-1)!
    const shown = last.event === 'snapshot' ? last.data[0].text : last.data.data.text
    expect(shown.slice(0, 3)).toBe('499')
  })

  test('through fetch, without a socket', async () => {
    const { app } = await serve()
    await app.post('todo', { id: 1, text: 'a' })
    const abort = new AbortController()
    const asked = new Request('http://host/todos', { headers: { accept: 'text/event-stream' }, signal: abort.signal })
    const response = await app.fetch(asked)
    const reader = new EventStream()
    const body = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    const read = async (count: number): Promise<StreamEvent[]> => {
      while (reader.events.length < count) reader.feed((await body.read()).value!)
      return reader.events.splice(0)
    }
    expect(await read(1)).toMatchObject([{ event: 'snapshot', data: [{ id: 1 }] }])
    await app.delete('todo', 1)
    expect(await read(1)).toMatchObject([{ event: 'deleted' }])
    await body.cancel()
    await eventually(() => app.http.live!.subscriptions === 0)
  })
})

describe('silence', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
  afterEach(() => void vi.useRealTimers())

  const beat = async (heard: readonly unknown[], count: number): Promise<void> => {
    vi.advanceTimersByTime(15_000)
    while (heard.length < count) await new Promise(resolve => setImmediate(resolve))
  }

  test('is broken by the position up to which everything was told', async () => {
    const { base, app } = await serve()
    await app.post('todo', { id: 1, text: 'a', done: false })
    const { reader } = await open(`${base}/todos?done=true`)
    const [snapshot] = await reader.take(1)
    await beat(reader.positions, 1)
    // This tells the view nothing.
    await app.patch('todo', 1, { text: 'b' })
    await beat(reader.positions, 2)
    expect(reader.positions).toEqual([snapshot!.id, `${app.engine.epoch}.2`])
    expect([reader.events, reader.comments]).toEqual([[], []])
  })

  test('is broken by comments where the log itself is followed', async () => {
    const { base } = await serve({ http: { changes: () => true } })
    const { reader } = await open(`${base}/changes`)
    for (let count = 1; count <= 3; count++) await beat(reader.comments, count)
    expect(reader.comments).toEqual([':', ':', ':'])
  })
})

describe('position', () => {
  test('is told soon after a stream goes on, also if others write just then', async () => {
    const { base, app } = await serve()
    await app.post('todo', { id: 1, text: 'a', done: false })
    const isLast = vi.spyOn(Live.prototype, 'isLast').mockReturnValueOnce(false).mockReturnValueOnce(false)
    onTestFinished(() => isLast.mockRestore())
    const { reader } = await open(`${base}/todos?done=true`, { 'last-event-id': `${app.engine.epoch}.0` })
    await eventually(() => reader.positions.length > 0)
    expect(reader.positions).toEqual([`${app.engine.epoch}.1`])
    expect(isLast).toHaveBeenCalledTimes(3)
  })

  test('of a write is in its answer, and a read may wait for it', async () => {
    const log: unknown[] = []
    const { base, app } = await serve({ http: { log: record => log.push(record) } })
    const body = JSON.stringify({ id: 1, text: 'a' })
    const headers = { 'content-type': 'application/json' }
    const written = await fetch(`${base}/todos`, { method: 'POST', headers, body })
    const position = written.headers.get('position')!
    expect(position).toBe(`${app.engine.epoch}.1`)
    const read = (min: string): Promise<Response> => fetch(`${base}/todos/1`, { headers: { 'min-position': min } })
    expect((await read(position)).status).toBe(200)
    const waiting = read(`${app.engine.epoch}.2`)
    await app.patch('todo', 1, { text: 'b' })
    expect(await (await waiting).json()).toMatchObject({ text: 'b' })
    expect((await read('garbage')).status).toBe(400)
    expect((await read('zzzzzz.1')).status).toBe(503)
    expect((await read(`${app.engine.epoch}.9`)).status).toBe(503)
    // Requests for missing things do not fill the log.
    expect(log).toEqual([])
    const gone = await fetch(`${base}/todos/1`, { method: 'DELETE' })
    expect(gone.headers.get('position')).toBe(`${app.engine.epoch}.3`)
  })
})

describe('the log', () => {
  const changes = (): boolean => true

  test('of all changes is for callers who may see everything', async () => {
    expect((await fetch(`${(await serve()).base}/changes`)).status).toBe(404)
    const { base } = await serve({ http: { changes: who => who !== null } })
    expect((await fetch(`${base}/changes`)).status).toBe(401)
  })

  test('in pages, each with a link to the next', async () => {
    const { app, base } = await serve({ http: { changes } })
    const { epoch } = app.engine
    for (const id of [1, 2, 3]) await app.post('todo', { id, text: 'a' })
    await app.patch('todo', 1, { text: 'b' })
    const page = await fetch(`${base}/changes?limit=3`)
    expect(page.headers.get('position')).toBe(`${epoch}.4`)
    const link = page.headers.get('link')!
    expect(link).toBe(`</changes?since=${epoch}.3&limit=3>; rel="next"`)
    expect(((await page.json()) as any[]).map(commit => commit.position)).toEqual([1, 2, 3].map(n => `${epoch}.${n}`))
    const next = await fetch(`${base}/changes?since=${epoch}.3`)
    const row = { id: 1, text: 'a', done: false, since: 0 }
    const change = { version: `${epoch}.4`, resource: 'todo', id: 1, op: 'patch', before: row }
    expect(await next.json()).toEqual([
      { position: `${epoch}.4`, at: expect.any(String), changes: [{ ...change, after: { ...row, text: 'b' } }] },
    ])
    expect(await (await fetch(`${base}/changes?since=${epoch}.4`)).json()).toEqual([])
    for (const since of ['zzzzzz.1', 'x', `${epoch}.5`]) {
      const gone = await fetch(`${base}/changes?since=${since}`)
      expect([gone.status, (await gone.json()).position]).toEqual([410, `${epoch}.4`])
    }
  })

  test('as a stream, from a position on', async () => {
    const { app, base } = await serve({ http: { changes } })
    const { epoch } = app.engine
    for (const id of [1, 2]) await app.post('todo', { id, text: 'a' })
    const { reader, cut } = await open(`${base}/changes?since=${epoch}.1`)
    expect(await reader.take(1)).toMatchObject([{ event: 'commit', id: `${epoch}.2`, data: { changes: [{ id: 2 }] } }])
    await app.delete('todo', 1)
    expect(await reader.take(1)).toMatchObject([
      { event: 'commit', id: `${epoch}.3`, data: { changes: [{ op: 'delete' }] } },
    ])
    cut()
    const other = await open(`${base}/changes?since=zzzzzz.1`)
    expect(await other.reader.take(1)).toMatchObject([{ event: 'reset', id: `${epoch}.3` }])
  })
})

test.each<[string | undefined, boolean]>([
  [undefined, false],
  ['*/*', false],
  ['text/event-stream', true],
  ['TEXT/Event-Stream; q=0.5', true],
  ['text/event-stream;q=0', false],
  ['application/json, text/event-stream', true],
  ['application/json, text/event-stream;q=0.9', false],
  ['text/event-stream, */*', true],
  ['text/event-streams', false],
])('Accept: %s asks for a stream: %s', (accept, expected) => expect(wantsStream(accept)).toBe(expected))
