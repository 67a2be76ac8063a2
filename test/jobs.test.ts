// Jobs: actions in the background, followed as resources. What a restart does to them is in test/fault/jobs.test.ts.
import { afterEach, describe, expect, test } from 'vitest'
import { api, type Api } from '../src/api.ts'
import { abort, reply } from '../src/engine/call/reply.ts'
import { job, type JobCall } from '../src/model/declare/job.ts'
import { action } from '../src/model/declare/action.ts'
import { actions } from '../src/model/declare/action.ts'
import { resource } from '../src/model/declare/resource.ts'
import { t } from '../src/schema/builder.ts'
import { memory } from '../src/store/memory.ts'
import { sqlite } from '../src/store/sqlite/index.ts'
import type { Store } from '../src/store/store.ts'
import { slow } from '../src/testing/slow-store.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- bodies of all kinds
type Any = any

let running: Api | null = null
afterEach(async () => {
  await running?.close()
  running = null
})

/** Work that a test ends when it wants. */
class Gate {
  readonly calls: JobCall[] = []
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #begun = new Map<number, PromiseWithResolvers<JobCall>>()

  async run(call: JobCall): Promise<unknown> {
    const n = this.calls.push(call)
    this.#of(this.#begun, n).resolve(call)
    return this.#of(this.#open, n).promise
  }
  /** Resolves when the nth call has begun. */
  begun(n: number): Promise<JobCall> {
    return this.#of(this.#begun, n).promise
  }
  end(n: number, value: unknown = null): void {
    this.#of(this.#open, n).resolve(value)
  }
  fail(n: number, error: unknown): void {
    const { promise, reject } = this.#of(this.#open, n)
    promise.catch(() => {})
    reject(error)
  }
  #of<T>(map: Map<number, PromiseWithResolvers<T>>, n: number): PromiseWithResolvers<T> {
    let found = map.get(n)
    if (!found) map.set(n, (found = Promise.withResolvers<T>()))
    return found
  }
}

const people: Record<string, number> = { ann: 1, bob: 2 }

function start(store: Store, work: Gate, open = false, jobs: object = {}): Api {
  const app = api(
    {
      exports: resource({ id: t.id(), of: t.text(), rows: t.integer() })
        .public()
        .actions({
          create: job(call => work.run(call)),
          again: job(call => work.run(call), { retries: 1 }),
          quick: job(call => work.run(call), { timeout: 20 }),
          alone: job(call => work.run(call), { concurrency: 1 }),
          count: job(({ input }) => input.to * 2, {
            input: { to: t.integer({ min: 0 }) },
            output: { twice: t.integer() },
          }),
          close: action({ on: 'row', run: () => 'closed' }),
          copy: job(({ row, ctx }) => reply(row, { headers: { location: ctx.url('exports', { id: row['id'] }) } }), {
            on: 'row',
            always: true,
          }),
        }),
      hello: actions('Hello', null, { post: job(() => 'hi') }).public(),
    },
    {
      store,
      jobs,
      report: () => {},
      onFault: () => {},
      ...(open
        ? {}
        : {
            authenticate: request => {
              const name = request.header('authorization')
              return name && people[name] ? { id: people[name] } : null
            },
          }),
    },
  )
  return (running = app as unknown as Api)
}

interface Asked {
  readonly method?: string
  readonly key?: string
  readonly who?: string
  readonly prefer?: string
  readonly body?: unknown
}

async function ask(app: Api, path: string, { method = 'GET', who = 'ann', prefer, key, body }: Asked = {}) {
  const response = await app.fetch(
    new Request(`http://x${path}`, {
      method,
      headers: {
        authorization: who,
        ...(prefer === undefined ? {} : { prefer }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  )
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? (null as Any) : JSON.parse(text) }
}

const post = (app: Api, path: string, body: unknown = {}, prefer = 'respond-async', who = 'ann') =>
  ask(app, path, { method: 'POST', body, prefer, who })

/** The job when it has a status, by its live stream. */
async function until(app: Api, path: string, status: string): Promise<Any> {
  for await (const { rows } of app.live('jobs' as never, { filter: { id: path.split('/').at(-1)! } } as never)) {
    const [found] = rows
    if (found?.status === status) return found
  }
}

const stores: Record<string, () => Store> = {
  memory: () => memory(),
  'a slow store': () => slow(memory()),
  sqlite: () => sqlite(':memory:'),
}

describe.each(Object.entries(stores))('jobs over %s', (_, store) => {
  test('are accepted with 202, can be followed, and lead to their result', async () => {
    const work = new Gate()
    const app = start(store(), work)
    const begun = await post(app, '/exports', { of: 'todo', rows: 3 })
    expect(begun.status).toBe(202)
    expect(begun.headers.get('preference-applied')).toBe('respond-async')
    expect(begun.headers.get('retry-after')).toBe('1')
    expect(begun.body).toMatchObject({ action: 'exports.create', status: 'queued', progress: null })
    expect(begun.body).not.toHaveProperty('owner')
    expect(begun.body).not.toHaveProperty('call')
    const at = begun.headers.get('location')!
    expect(at).toMatch(/^\/jobs\/[0-9a-f-]{36}$/)

    const { input, me, progress, attempt } = await work.begun(1)
    expect([input, me, attempt]).toEqual([{ of: 'todo', rows: 3 }, { id: 1 }, 1])
    progress(0.5, 'half')
    expect(await until(app, at, 'running')).toMatchObject({ status: 'running' })
    const monitor = await ask(app, at)
    expect([monitor.status, monitor.headers.get('retry-after'), monitor.headers.get('cache-control')]).toEqual([
      200,
      '1',
      'no-store',
    ])
    work.end(1, { of: 'todo', rows: 30 })
    await until(app, at, 'succeeded')
    const done = await ask(app, at)
    expect([done.status, done.headers.get('location')]).toEqual([303, '/exports/1'])
    expect((await ask(app, '/exports/1')).body).toEqual({ id: 1, of: 'todo', rows: 30 })
    const itself = await ask(app, `${at}?follow=false`)
    expect([itself.status, itself.headers.get('retry-after')]).toEqual([200, null])
    expect((await ask(app, `${at}?follow=no`)).body).toMatchObject({ status: 400, errors: [{ parameter: 'follow' }] })
    expect(itself.body).toMatchObject({
      status: 'succeeded',
      progress: 1,
      location: '/exports/1',
      result: { id: 1, rows: 30 },
      error: null,
      attempts: 1,
    })
  })

  test('are answered like any action unless the client asks not to wait', async () => {
    const app = start(store(), new Gate())
    const answer = await ask(app, '/exports/count', { method: 'POST', body: { to: 4 } })
    expect(answer.status).toBe(500) // 8 is no { twice }
    const hello = await ask(app, '/hello', { method: 'POST' })
    expect([hello.status, hello.body]).toEqual([200, 'hi'])
    expect(hello.headers.get('preference-applied')).toBeNull()
    const refused = await ask(app, '/exports/count', { method: 'POST', body: { to: -1 } })
    expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, '#/to'])
    expect((await ask(app, '/jobs')).body).toHaveLength(2)
  })

  test('creating waits for the row, and a row that does not fit fails the job', async () => {
    const work = new Gate()
    const app = start(store(), work)
    work.end(1, { of: 'x', rows: 1 })
    const made = await ask(app, '/exports', { method: 'POST', body: { of: 'x', rows: 0 } })
    expect([made.status, made.headers.get('location'), made.body]).toEqual([
      201,
      '/exports/1',
      { id: 1, of: 'x', rows: 1 },
    ])
    work.end(2, { of: 5 })
    const unfit = await ask(app, '/exports', { method: 'POST', body: { of: 'y' } })
    expect([unfit.status, unfit.body.errors.map((one: Any) => one.pointer)]).toEqual([400, ['#/of', '#/rows']])
    expect((await ask(app, '/exports')).body).toHaveLength(1)
    // Both jobs may begin in the same millisecond. Then their ids do not show which one is younger.
    expect((await ask(app, '/jobs?status=failed')).body).toMatchObject([{ error: { error: 'validation' } }])
  })

  test('that create a row do so once for one key', async () => {
    const work = new Gate()
    const app = start(store(), work)
    work.end(1, { of: 'x', rows: 1 })
    const create = () => ask(app, '/exports', { method: 'POST', key: 'k', body: { of: 'x', rows: 0 } })
    const made = await create()
    const again = await create()
    expect([again.status, again.body]).toEqual([made.status, made.body])
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(work.calls).toHaveLength(1)
    expect((await ask(app, '/exports')).body).toHaveLength(1)
  })

  test('wait as long as the client allows', async () => {
    const work = new Gate()
    const app = start(store(), work)
    const waiting = post(app, '/exports', { of: 'a', rows: 1 }, 'respond-async, wait=20')
    await work.begun(1)
    work.end(1, { of: 'a', rows: 1 })
    expect((await waiting).status).toBe(201)
  })

  test('belong to their callers: others and anonymous callers do not find them', async () => {
    const work = new Gate()
    const app = start(store(), work)
    const { headers } = await post(app, '/exports', { of: 'a', rows: 1 })
    const at = headers.get('location')!
    expect((await ask(app, at, { who: 'bob' })).status).toBe(404)
    expect((await ask(app, at, { who: 'bob', method: 'DELETE' })).status).toBe(404)
    expect((await ask(app, at, { who: 'nobody' })).status).toBe(404)
    expect((await ask(app, '/jobs', { who: 'bob' })).body).toEqual([])
    expect((await ask(app, '/jobs')).body).toHaveLength(1)
    expect((await ask(app, '/jobs/nope')).status).toBe(404)
    expect((await ask(app, at, { method: 'PATCH', body: { status: 'succeeded' } })).status).toBe(403)
    expect((await ask(app, '/jobs', { method: 'POST', body: {} })).status).toBe(403)
    // Nobody could be shown the job, so the request waits for the answer.
    expect((await post(app, '/hello', {}, 'respond-async', 'nobody')).status).toBe(200)
  })

  test('belong to everyone if callers are not told apart', async () => {
    const work = new Gate()
    const app = start(store(), work, true)
    const { status, headers } = await post(app, '/exports', { of: 'a', rows: 1 })
    expect(status).toBe(202)
    expect((await ask(app, headers.get('location')!, { who: 'x' })).status).toBe(200)
  })

  test('are cancelled by DELETE, and forgotten by another', async () => {
    const work = new Gate()
    const app = start(store(), work)
    const at = (await post(app, '/exports', { of: 'a', rows: 1 })).headers.get('location')!
    const { signal } = await work.begun(1)
    const cancelled = await ask(app, at, { method: 'DELETE' })
    expect([cancelled.status, cancelled.body.status]).toEqual([202, 'cancelled'])
    expect(signal.aborted).toBe(true)
    work.end(1, { of: 'late', rows: 1 })
    expect((await ask(app, at)).body.status).toBe('cancelled')
    expect((await ask(app, at, { method: 'DELETE' })).status).toBe(204)
    expect((await ask(app, at)).status).toBe(404)
    expect((await ask(app, '/exports')).body).toEqual([])
  })

  test('one that waits for its turn is cancelled before it begins', async () => {
    const work = new Gate()
    const app = start(store(), work)
    const first = (await post(app, '/exports/alone')).headers.get('location')!
    const second = (await post(app, '/exports/alone')).headers.get('location')!
    await work.begun(1)
    expect((await ask(app, second)).body.status).toBe('queued')
    expect((await ask(app, second, { method: 'DELETE' })).status).toBe(202)
    work.end(1, 'one')
    expect(await until(app, first, 'succeeded')).toMatchObject({ result: 'one', location: null })
    // It has no place to lead to: the job itself has the result.
    expect((await ask(app, first)).status).toBe(200)
    expect(work.calls).toHaveLength(1)
  })

  test('only a limited number runs at once', async () => {
    const work = new Gate()
    const app = start(store(), work, false, { concurrency: 2 })
    for (let i = 0; i < 5; i++) await post(app, '/exports/again')
    await work.begun(2)
    const count = async (status: string): Promise<number> =>
      (await ask(app, `/jobs?status=${status}`)).body.length as number
    expect([await count('running'), await count('queued')]).toEqual([2, 3])
    work.end(1)
    await work.begun(3)
    expect(work.calls).toHaveLength(3)
    for (let i = 2; i <= 5; i++) work.end(i)
    await work.begun(5)
  })

  test('a failure is a problem document, and following a failed job works', async () => {
    const work = new Gate()
    const app = start(store(), work)
    work.fail(1, new Error('secret'))
    const at = (await post(app, '/exports', {})).headers.get('location')!
    await until(app, at, 'failed')
    const { status, body } = await ask(app, at)
    expect(status).toBe(200)
    expect(body).toMatchObject({ status: 'failed', error: { status: 500, error: 'internal', title: 'Internal error' } })
    expect(JSON.stringify(body)).not.toContain('secret')
    const failing = ask(app, '/exports', { method: 'POST', body: {} })
    await work.begun(2)
    try {
      abort(409, 'Busy', 'the camera is busy')
    } catch (error) {
      work.fail(2, error)
    }
    expect((await failing).body).toMatchObject({ status: 409, error: 'Busy', message: 'the camera is busy' })
  })

  test('a failure of ours is tried again where that is declared; a refusal is not', async () => {
    const work = new Gate()
    const app = start(store(), work)
    work.fail(1, new Error('down'))
    work.end(2, 'up')
    const at = (await post(app, '/exports/again')).headers.get('location')!
    expect(await until(app, at, 'succeeded')).toMatchObject({ result: 'up', attempts: 2, error: null })
    expect(work.calls[1]!.attempt).toBe(2)
    try {
      abort(404)
    } catch (error) {
      work.fail(3, error)
    }
    const other = (await post(app, '/exports/again')).headers.get('location')!
    expect(await until(app, other, 'failed')).toMatchObject({ attempts: 1 })
  })

  test('one that takes too long is stopped', async () => {
    const work = new Gate()
    const app = start(store(), work)
    const at = (await post(app, '/exports/quick')).headers.get('location')!
    expect(await until(app, at, 'failed')).toMatchObject({ error: { error: 'timeout' } })
    expect(work.calls[0]!.signal.aborted).toBe(true)
  })

  test('on a row, and always in the background', async () => {
    const work = new Gate()
    const app = start(store(), work)
    work.end(1, { of: 'a', rows: 1 })
    await ask(app, '/exports', { method: 'POST', body: {} })
    const begun = await ask(app, '/exports/1/copy', { method: 'POST' })
    expect([begun.status, begun.headers.get('preference-applied')]).toEqual([202, null])
    const at = begun.headers.get('location')!
    await until(app, at, 'succeeded')
    expect((await ask(app, at)).headers.get('location')).toBe('/exports/1')
    expect((await ask(app, '/exports/7/copy', { method: 'POST' })).status).toBe(404)
  })

  test('the application begins them by name; callers do not see those', async () => {
    const work = new Gate()
    const app = start(store(), work)
    const { id, result } = await app.run('exports', 'alone', { any: 1 })
    const { input, me } = await work.begun(1)
    expect([input, me]).toEqual([{ any: 1 }, null])
    work.end(1, 'done')
    expect(await result).toBe('done')
    expect((await ask(app, `/jobs/${id}`)).status).toBe(404)
    await expect(app.run('exports', 'close')).rejects.toMatchObject({ code: 'unknown_op' })
    await expect(app.transaction(tx => (tx as Any).act('exports', 'alone', undefined))).rejects.toMatchObject({
      code: 'bad_request',
    })
  })
})
