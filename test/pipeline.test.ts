// Every step of the pipeline (src/engine/pipeline.ts) against every way in: a step acts on a call exactly where the list says.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  action,
  always,
  api,
  ApiError,
  handled,
  job,
  memory,
  never,
  resource,
  sqlite,
  t,
  type Api,
  type Database,
  type JobCall,
  type Store,
} from '../src/index.ts'
import type { Origin } from '../src/engine/call/invocation.ts'
import { pipeline } from '../src/engine/pipeline.ts'
import { tracedCalls, type TracedCall } from '../src/engine/actions/trace.ts'
import { slow } from '../src/testing/slow-store.ts'
import { connect, faces, serveFaces, type Speaker } from './speakers.ts'

type Script = (db: Database) => Promise<unknown>

/** What happened in a world, so that probes can look at it. */
const seen = { hooks: 0, around: 0, made: 0, cancelled: 0, traced: 0 }
const clock = { now: Date.UTC(2026, 0, 1) }
/** What the next function of the application will do. */
let script: Script = async () => {}

const text = { id: t.id(), text: t.text({ max: 9 }) }

function declared() {
  return {
    plain: resource({
      ...text,
      n: t.integer().default(0),
      loud: t.calc({ of: t.text(), get: row => `${String(row['text'])}!` }),
    }),
    limited: resource(text, { rateLimit: '1/1h' }),
    ended: resource(text, { deprecation: { since: '2020-01-01', sunset: '2021-01-01' } }),
    made: resource(text).actions({
      create: job(() => {
        seen.made++
        return { text: 'by a job' }
      }),
    }),
    brief: resource.ephemeral({ id: t.id(), text: t.text().default('') }, { ttl: '1 s' }),
    denied: resource(text).permissions(() => false),
    ruled: resource(text).rules(() => ({ read: always, create: never, write: never })),
    hidden: resource({ ...text, open: t.bool().default(true) }).rules((_, row) => ({
      read: row.open.is(true),
      create: always,
      write: always,
    })),
    secret: resource({ id: t.id(), word: t.password() }),
    surrounded: resource(text).around('patch', function* (_, next) {
      seen.around++
      return yield* next() as Generator<Promise<unknown>, unknown, unknown>
    }),
    matched: resource(text, { ifMatch: 'required' }),
    checked: resource(text).check(row => row['text'] !== 'unfit' || 'does not fit'),
    /** The ways in. */
    tool: resource({ id: t.id() })
      .actions({
        run: action({ run: ({ ctx }) => script(ctx.db) }),
        runWithin: action({ transaction: true, run: ({ ctx }) => script(ctx.db) }),
        begin: action({ run: ({ ctx }) => ctx.transaction(db => script(db)) }),
        work: job(({ ctx }: JobCall) => script(ctx.db)),
        long: job(
          ({ signal }: JobCall) =>
            new Promise((_, reject) =>
              signal.addEventListener('abort', () => {
                seen.cancelled++
                reject(signal.reason as Error)
              }),
            ),
        ),
      })
      .around('create', async ({ ctx }, next) => {
        await script(ctx.db)
        return next()
      }),
    bell: resource({ id: t.id() }).onCommit('script', (_, db) => script(db)),
    door: handled({ '/doors/': { create: async ({ db }) => void (await script(db)) } }),
  }
}

type World = Api<ReturnType<typeof declared>>

function open(store: Store): World {
  return api(declared(), {
    store,
    clock: () => clock.now,
    report: () => {},
    // A request that a busy machine refuses would not do what a probe waits for.
    http: { log: () => {}, overload: false },
    jobs: { concurrency: 100 },
    before: async ctx => {
      if (ctx.resource === 'plain' && ctx.operation === 'patch') seen.hooks++
      if (ctx.resource === 'tool' && ctx.operation === 'list') await script(ctx.db)
    },
  })
}

/** A client of the world, or code of the application that acts for an unknown caller. */
type Caller = Pick<Speaker, 'create' | 'patch' | 'remove' | 'list'>

interface Way {
  readonly origin: Origin
  enter(app: World, port: number): Promise<Caller & { cut?(): void }>
}

const outside = Object.fromEntries(
  faces.map((face): [string, Way] => [face, { origin: 'outside', enter: (_, port) => connect(face, port) }]),
)

/** Functions of the application, and how they come to run. */
const inside: Record<string, Way> = {
  'app.*': code((app, work) => work(app)),
  'ctx.db of an action': code(app => app.act('tool', 'run')),
  'ctx.db of a before-hook': code(app => answered(app, new Request('http://host/tool'))),
  'ctx.db of a job': code(async app => (await app.run('tool', 'work')).result),
  'app.transaction': transaction((app, work) => app.transaction(tx => work(tx as unknown as Database))),
  'ctx.transaction': transaction(app => app.act('tool', 'begin')),
  'ctx.db of an action in a transaction': transaction(app => app.act('tool', 'runWithin')),
  'ctx.db of an async around-hook': transaction(app => app.post('tool', {})),
  'db of an after-commit hook': transaction(app => app.post('bell', {})),
  'ctx.db of a handled resource': transaction(app =>
    answered(
      app,
      new Request('http://host/doors/', {
        method: 'POST',
        body: '{}',
        headers: { 'content-type': 'application/json' },
      }),
    ),
  ),
}

/** A request that is refused would leave its caller waiting for work that never begins. */
async function answered(app: World, request: Request): Promise<void> {
  const { ok, status } = await app.fetch(request)
  if (!ok) throw new Error(`${request.url} was answered with ${status}`)
}

/** A client whose calls are each a batch of one. */
const batch: Record<string, Way> = {
  'a batch': {
    origin: 'batch',
    async enter(app) {
      const send = async (call: object, key?: string): Promise<{ status: number; code: string | null; row: any }> => {
        const headers = { 'content-type': 'application/json', ...(key !== undefined && { 'idempotency-key': key }) }
        const request = new Request('http://host/batch', { method: 'POST', headers, body: JSON.stringify([call]) })
        const answer: any = await (await app.fetch(request)).json()
        if (answer.error) return { status: answer.status, code: answer.error, row: null }
        return { status: answer[0].status, code: null, row: answer[0].body }
      }
      return {
        create: (list, body, key) => send({ method: 'POST', uri: `/${list}`, body }, key),
        patch: (list, id, body) => send({ method: 'PATCH', uri: `/${list}/${id as number}`, body }),
        remove: (list, id) => send({ method: 'DELETE', uri: `/${list}/${id as number}` }),
        list: async list => (await send({ method: 'GET', uri: `/${list}` })).row,
      }
    },
  },
}

function code(begin: (app: World, work: Script) => Promise<unknown>): Way {
  return { origin: 'code', enter: async app => callerBy(app, begin) }
}
function transaction(begin: (app: World, work: Script) => Promise<unknown>): Way {
  return { origin: 'transaction', enter: async app => callerBy(app, begin) }
}

function callerBy(app: World, begin: (app: World, work: Script) => Promise<unknown>): Caller {
  const run = async (work: Script): Promise<any> => {
    const done = Promise.withResolvers<unknown>()
    done.promise.catch(() => {})
    script = db => work(db).then(done.resolve, done.reject)
    await begin(app, script)
    await done.promise.catch(() => {})
    script = async () => {}
    // Whatever the work was part of has been committed then.
    await app.transaction(async () => {})
    return done.promise
  }
  const told = async (work: Script): Promise<{ status: number; code: string | null; row: unknown }> => {
    try {
      return { status: 200, code: null, row: (await run(work)) ?? null }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return { status: error.status, code: error.code, row: null }
    }
  }
  const me = null
  return {
    create: (list, data, key) =>
      told(db => db.post(list, data, { me, ...(key !== undefined && { idempotencyKey: key }) })),
    patch: (list, id, data) => told(db => db.patch(list, id as number, data, { me })),
    remove: (list, id) => told(db => db.delete(list, id as number, { me })),
    list: list => run(db => db.list(list, { me })),
  }
}

/** Whether a step acts on calls of this caller; rows are made by the application. */
const probes: Record<string, (caller: Caller, app: World) => Promise<boolean>> = {
  async trace(caller, app) {
    const { id } = await app.post('plain', { text: 'a' })
    const before = seen.traced
    await caller.patch('plain', id, { n: 1 })
    return seen.traced > before
  },
  async answer(caller) {
    return (await caller.patch('plain', 999, {})).status === 404
  },
  async limit(caller) {
    await caller.create('limited', { text: 'a' })
    return (await caller.create('limited', { text: 'a' })).status === 429
  },
  async deprecate(caller) {
    return (await caller.create('ended', { text: 'a' })).status === 410
  },
  async redirect(caller) {
    const before = seen.made
    await caller.create('made', { text: 'a' })
    return seen.made > before
  },
  async expire(caller) {
    const ids = async (): Promise<unknown[]> => (await caller.list('brief')).map(row => row.id)
    const { id } = (await caller.create('brief', {})).row as { id: number }
    clock.now += 700
    await caller.patch('brief', id, {})
    clock.now += 600
    const renewed = await ids()
    clock.now += 500
    return renewed.includes(id) && !(await ids()).includes(id)
  },
  async hooks(caller, app) {
    const { id } = await app.post('plain', { text: 'a' })
    const before = seen.hooks
    await caller.patch('plain', id, { n: 1 })
    return seen.hooks > before
  },
  async cancel(caller, app) {
    const { id, result } = await app.run('tool', 'long')
    result.catch(() => {})
    await expect.poll(() => statusOf(app, id)).toBe('running')
    const before = seen.cancelled
    await caller.remove('jobs', id)
    return seen.cancelled > before
  },
  async caller(caller) {
    return [401, 403].includes((await caller.create('denied', { text: 'a' })).status)
  },
  async authorise(caller) {
    return [401, 403].includes((await caller.create('ruled', { text: 'a' })).status)
  },
  async hash(caller, app) {
    await caller.create('secret', { word: 'correct horse' })
    const commits = (await app.store.commits(0, 10_000))!
    const made = commits.flatMap(one => one.changes).findLast(change => change.resource.name === 'secret')
    return made!.after!.some(value => String(value).startsWith('$argon2id$'))
  },
  async once(caller, app) {
    const count = async (): Promise<number> => (await app.list('plain')).length
    const before = await count()
    const key = `key-${before}`
    await caller.create('plain', { text: 'once' }, key)
    await caller.create('plain', { text: 'once' }, key)
    return (await count()) === before + 1
  },
  async around(caller, app) {
    const { id } = await app.post('surrounded', { text: 'a' })
    const before = seen.around
    await caller.patch('surrounded', id, { text: 'b' })
    return seen.around > before
  },
  async find(caller, app) {
    const { id } = await app.post('hidden', { text: 'a', open: false })
    return (await caller.patch('hidden', id, { text: 'b' })).status === 404
  },
  async validate(caller) {
    return (await caller.create('plain', { text: 'more than nine' })).status === 400
  },
  async precondition(caller, app) {
    const { id } = await app.post('matched', { text: 'a' })
    return (await caller.patch('matched', id, { text: 'b' })).status === 428
  },
  async execute(caller, app) {
    const { id } = await app.post('plain', { text: 'a' })
    await caller.patch('plain', id, { text: 'b' })
    return (await app.get('plain', id)).text === 'b'
  },
  async settle(caller, app) {
    const { id } = await app.post('checked', { text: 'a' })
    return (await caller.patch('checked', id, { text: 'unfit' })).status === 400
  },
  async present(caller) {
    const { row } = await caller.create('plain', { text: 'a' })
    return (row as { loud?: string }).loud === 'a!'
  },
}

const statusOf = async (app: World, id: string): Promise<unknown> =>
  (JSON.parse(await (await app.fetch(new Request(`http://host/jobs/${id}`))).text()) as { status: unknown }).status

const stores: Record<string, () => Store> = {
  memory: () => memory(),
  'a slow store': () => slow(memory()),
  sqlite: () => sqlite(':memory:'),
}

const tracer = {
  start: ({ resource: name }: TracedCall) => {
    if (name === 'plain') seen.traced++
  },
  end: () => {},
  asyncStart: () => {},
  asyncEnd: () => {},
  error: () => {},
}

// A file of SQLite answers at once as memory does.
describe.each(['memory', 'a slow store'])('over %s', name => {
  let app: World
  let served: { readonly port: number; readonly close: () => Promise<void> }
  beforeAll(async () => {
    app = open(stores[name]!())
    await app.ready()
    served = await serveFaces(app)
    tracedCalls.subscribe(tracer)
  })
  afterAll(async () => {
    tracedCalls.unsubscribe(tracer)
    await served.close()
  })

  describe.each(Object.entries({ ...outside, ...inside, ...batch }))('%s', (_, way) => {
    let caller: Caller & { cut?(): void }
    beforeAll(async () => {
      caller = await way.enter(app, served.port)
    })
    afterAll(() => caller.cut?.())

    const steps = pipeline.filter(step => step.name !== 'receive')
    test.each(steps.map(({ name: step, of }) => [step, of.includes(way.origin)] as const))(
      '%s: %s',
      async (step, acts) => {
        expect(await probes[step]!(caller, app)).toBe(acts)
      },
    )
  })
})

// A subscription is no call with an answer, but the marked checks of the list apply to it as well.
test.each([
  ['limit', 429, 'limited'],
  ['deprecate', 410, 'ended'],
  ['caller', 401, 'denied'],
  ['expire', 200, 'brief'],
])('a subscription goes through the step %s', async (step, status, list) => {
  expect(pipeline.find(one => one.name === step)!.isForFollowers).toBe(true)
  const app = open(memory())
  onTestFinished(() => app.close())
  if (list === 'brief') await app.post('brief', { text: 'over' })
  clock.now += 5_000
  const follow = (): Promise<Response> =>
    app.fetch(new Request(`http://host/${list}`, { headers: { accept: 'text/event-stream' } }))
  if (list === 'limited') await (await follow()).body!.cancel()
  const answer = await follow()
  expect(answer.status).toBe(status)
  if (status !== 200) return
  const reader = answer.body!.getReader()
  let told = ''
  while (!told.includes('snapshot')) told += new TextDecoder().decode((await reader.read()).value)
  expect(told).not.toContain('over')
  await reader.cancel()
})

describe('a request with several faults gets the error of the first step', () => {
  const order = ['limit', 'deprecate', 'caller', 'authorise', 'find', 'validate', 'precondition', 'settle']
  /** A resource, and a PATCH of it that is refused by a step and by all steps after it. */
  const faulty = (first: number) => {
    const has = (step: string): boolean => order.indexOf(step) >= first
    const declared = resource(
      { ...text, n: t.integer().default(0) },
      {
        ...(has('limit') && { rateLimit: '1/1h' as const }),
        ...(has('deprecate') && { deprecation: { since: '2020-01-01', sunset: '2021-01-01' } }),
      },
    )
      .permissions(() => !has('caller'))
      .rules(() => ({ read: always, write: has('authorise') ? never : always }))
      .check(row => row['text'] !== 'unfit' || 'does not fit')
    const body = has('validate') ? { text: 'more than nine' } : { text: 'unfit' }
    const headers: Record<string, string> = has('precondition') ? { 'if-match': '"other.1"' } : {}
    return { declared, id: has('find') ? 99 : 1, body, headers }
  }

  test('the list has them in this order', () => {
    expect(pipeline.map(step => step.name).filter(name => order.includes(name))).toEqual(order)
  })

  test.each([
    ['limit', 429, 'rate_limited'],
    ['deprecate', 410, 'ended on'],
    ['caller', 401, 'not everyone may patch'],
    ['authorise', 401, 'is not open to everyone'],
    ['find', 404, 'there is no'],
    ['validate', 400, '#/text'],
    ['precondition', 412, 'another version'],
    ['settle', 400, 'does not fit'],
  ])('%s: %i', async (step, status, words) => {
    const { declared, id, body, headers } = faulty(order.indexOf(step))
    const app = api({ it: declared }, { report: () => {}, http: { log: () => {} } })
    onTestFinished(() => app.close())
    await app.post('it', { text: 'a' })
    const patch = (): Promise<Response> =>
      app.fetch(
        new Request(`http://host/it/${id}`, {
          method: 'PATCH',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
        }),
      )
    if (step === 'limit') await patch()
    const answer = await patch()
    expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining(words)])
  })
})

// What a transaction sees and does of rows that expire while it is open.
describe.each(Object.keys(stores))('ephemeral rows in a transaction over %s', name => {
  const openWith = async (): Promise<World> => {
    const app = open(stores[name]!())
    onTestFinished(() => app.close())
    await app.ready()
    return app
  }

  test('stay if they were renewed by whatever way, and only then', async () => {
    const app = await openWith()
    const ids = async (): Promise<number[]> => (await app.list('brief')).map(row => row.id)
    for (let i = 0; i < 4; i++) await app.post('brief', {})
    clock.now += 700
    await app.patch('brief', 1, {})
    await app.transaction(tx => tx.patch('brief', 2, {}))
    script = db => db.patch('brief', 3, {})
    await app.act('tool', 'run')
    clock.now += 600
    expect(await ids()).toEqual([1, 2, 3])
    clock.now += 500
    expect(await ids()).toEqual([])
  })

  test('are over within the transaction when their time has passed, and are deleted with it', async () => {
    const app = await openWith()
    await app.post('brief', {})
    await app.transaction(async tx => {
      expect(await tx.list('brief')).toHaveLength(1)
      clock.now += 1_500
      expect(await tx.list('brief')).toEqual([])
      await expect(tx.patch('brief', 1, {})).rejects.toMatchObject({ code: 'not_found' })
    })
    expect(await app.list('brief')).toEqual([])
  })

  test('are over whether it is undone or not', async () => {
    const app = await openWith()
    await app.post('brief', {})
    clock.now += 1_500
    const undone = app.transaction(async tx => {
      expect(await tx.list('brief')).toEqual([])
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    expect(await app.list('brief')).toEqual([])
  })

  test("two concurrent callers do not see each other's values", async () => {
    const app = await openWith()
    await app.post('brief', {})
    clock.now += 1_500
    expect(await Promise.all([app.list('brief'), app.list('brief')])).toEqual([[], []])
  })
})
