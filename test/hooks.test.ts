import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import {
  abort,
  action,
  api,
  memory,
  ModelError,
  resource,
  sqlite,
  t,
  type Api,
  type CommittedEvent,
} from '../src/index.ts'
import type { Store } from '../src/store/store.ts'
import { slow } from '../src/testing/slow-store.ts'

const prompt: readonly (readonly [string, () => Store])[] = [
  ['memory', () => memory()],
  ['sqlite', () => sqlite(':memory:')],
]
const stores = [...prompt, ['a slow store', () => slow(memory())] as const]

/** The type of `yield* next()`. */
type Answer = Generator<Promise<unknown>, any, unknown>

describe.each(stores)('around-hooks over %s', (_, store) => {
  const todo = () => resource({ id: t.id(), text: t.text(), done: t.bool().default(false) })
  const log = resource({ id: t.id(), text: t.text() })

  test('run inside the unit, the first outermost, and may change the input', async () => {
    const seen: string[] = []
    const app = api(
      {
        todo: todo()
          .around('create', function* ({ input }, next) {
            seen.push('a')
            const row = yield* next({ ...input, text: String(input.text).trim() }) as Answer
            seen.push(`a ${row.id}`)
            return row
          })
          .around('create', function* ({ input }, next) {
            seen.push(`b ${String(input.text)}`)
            return yield* next() as Answer
          }),
      },
      { store: store() },
    )
    expect(await app.post('todo', { text: ' x ' })).toEqual({ id: 1, text: 'x', done: false })
    expect(seen).toEqual(['a', 'b x', 'a 1'])
  })

  test('an error after the write undoes it', async () => {
    const app = api(
      {
        todo: todo().around('create', function* ({ input }, next) {
          yield* next() as Answer
          if (input.text === 'no') abort(409, 'Refused', 'not this')
        }),
      },
      { store: store() },
    )
    await app.post('todo', { text: 'yes' })
    await expect(app.post('todo', { text: 'no' })).rejects.toMatchObject({ status: 409, error: 'Refused' })
    expect(await app.list('todo')).toHaveLength(1)
  })

  test('an async one has a transaction, and writes in it', async () => {
    const app = api(
      {
        log,
        todo: todo().around('patch', async ({ id, ctx }, next) => {
          await ctx.asSystem().post('log', { text: `patch ${id}` })
          const row = await next()
          if (row.text === 'bad') abort(400, 'Bad')
          return row
        }),
      },
      { store: store() },
    )
    await app.post('todo', { text: 'a' })
    expect(await app.patch('todo', 1, { text: 'b' })).toMatchObject({ text: 'b' })
    await expect(app.patch('todo', 1, { text: 'bad' })).rejects.toMatchObject({ status: 400 })
    expect(await app.list('log')).toEqual([{ id: 1, text: 'patch 1' }])
    expect(await app.get('todo', 1)).toMatchObject({ text: 'b' })
  })

  test('may change the answer, or answer without next', async () => {
    const app = api(
      {
        todo: todo()
          .actions({ count: action({ run: () => 1 }) })
          .around('get', function* (_call, next) {
            return { ...(yield* next() as Answer), seen: true }
          })
          .around('delete', async () => ({ kept: true }))
          .around('count', async (_call, next) => (await next()) + 1),
      },
      { store: store() },
    )
    await app.post('todo', { text: 'a' })
    expect(await app.get('todo', 1)).toMatchObject({ text: 'a', seen: true })
    const deleted = await app.fetch(new Request('http://x/todo/1', { method: 'DELETE' }))
    expect([deleted.status, await deleted.json()]).toEqual([200, { kept: true }])
    expect(await app.act('todo', 'count')).toBe(2)
    expect(await app.list('todo')).toHaveLength(1)
  })

  test('run around reads of a transaction as well', async () => {
    const app = api(
      {
        todo: todo().around('get', function* (_call, next) {
          return { ...(yield* next() as Answer), seen: true }
        }),
      },
      { store: store() },
    )
    await app.post('todo', { text: 'a' })
    expect(await app.transaction(tx => tx.get('todo', 1))).toMatchObject({ text: 'a', seen: true })
  })

  test('leave the preferences of a request as they are when they change its body', async () => {
    const app = api(
      {
        todo: todo().around('create', function* ({ input }, next) {
          return yield* next({ ...input, done: true }) as Answer
        }),
      },
      { store: store() },
    )
    const made = await app.fetch(
      new Request('http://x/todo', {
        method: 'POST',
        headers: { 'content-type': 'application/json', prefer: 'handling=lenient' },
        body: '{"text":"a","unknown":1}',
      }),
    )
    expect([made.status, await made.json()]).toEqual([201, { id: 1, text: 'a', done: true }])
  })

  test('whose kind was lost in a build can be declared with their former kind', async () => {
    const app = api(
      {
        log,
        todo: todo()
          .around('create', ({ ctx }, next) => ctx.db.post('log', { text: 'create' }).then(() => next()), {
            as: 'async',
          })
          .around('patch', (call, next) => spelledOut(call.input, next), { as: 'generator' }),
      },
      { store: store() },
    )
    expect(await app.post('todo', { text: 'a' })).toMatchObject({ id: 1 })
    expect(await app.patch('todo', 1, { text: 'b' })).toMatchObject({ text: 'b', changed: true })
    expect(await app.list('log')).toHaveLength(1)
  })
})

/** A generator as old JavaScript writes it. */
function spelledOut(input: unknown, next: (input: unknown) => any): Iterator<unknown> & Iterable<unknown> {
  const inner = next(input)
  const step = (result: IteratorResult<unknown>): IteratorResult<unknown> =>
    result.done ? { done: true, value: { ...(result.value as object), changed: true } } : result
  return {
    next: value => step(inner.next(value)),
    throw: error => step(inner.throw(error)),
    return: value => inner.return(value),
    [Symbol.iterator]() {
      return this
    },
  }
}

// The store that replaces memory in another run (test/slow) is asynchronous.
describe.each(prompt.filter(([, store]) => store().waits !== true))(
  'plain functions as around-hooks over %s',
  (_, store) => {
    const todo = () => resource({ id: t.id(), text: t.text(), done: t.bool().default(false) })

    test('run inside the unit like generators', async () => {
      const seen: string[] = []
      const app = api(
        {
          todo: todo()
            .around('create', ({ input }, next) => {
              const row = next({ ...input, text: String(input.text).trim() })
              seen.push(`created ${row.id}`)
              if (input.text === 'no') abort(409, 'Refused', 'not this')
              return row
            })
            .around('get', (_call, next) => ({ ...next(), seen: true })),
        },
        { store: store() },
      )
      expect(await app.post('todo', { text: ' x ' })).toMatchObject({ id: 1, text: 'x' })
      await expect(app.post('todo', { text: 'no' })).rejects.toMatchObject({ status: 409, error: 'Refused' })
      await app.transaction(tx => tx.post('todo', { text: 'y' }))
      // A unit that is undone with a neighbour's runs again.
      expect(seen.slice(0, 2)).toEqual(['created 1', 'created 2'])
      expect(await app.list('todo')).toHaveLength(2)
      expect(await app.get('todo', 1)).toMatchObject({ seen: true })
    })

    test('an undeclared function that waits is reported', async () => {
      const faults: string[] = []
      const app = api(
        { todo: todo().around('create', (_call, next) => Promise.resolve().then(() => next())) },
        { store: store(), onFault: error => faults.push((error.cause as Error).message) },
      )
      await expect(app.post('todo', { text: 'a' })).rejects.toMatchObject({ code: 'internal' })
      expect(faults.join()).toMatch(/write it as an async function/)
      expect(await app.list('todo')).toEqual([])
    })
  },
)

test('a plain function is refused when the model is linked for a store that has to be waited for', () => {
  const todo = () => resource({ id: t.id(), text: t.text() }).actions({ count: action({ run: () => 1 }) })
  const open = (declared: ReturnType<typeof todo>) => api({ todo: declared }, { store: slow(memory()) })
  expect(() => open(todo().around('get', (_, next) => next()))).toThrow(
    /is a plain function, and the answers of this store have to be waited for/,
  )
  // The result of an action does not depend on the store.
  expect(() => open(todo().around('count', (_, next) => next()))).not.toThrow()
})

test.each([
  [resource({ id: t.id() }).around('creat' as 'create', () => null), /did you mean "create"/],
  [resource({ id: t.id() }).around('create', 'no' as never), /is not a function/],
  [resource({ id: t.id() }).around('create', async function* () {}), /is an async generator/],
  [resource({ id: t.id() }).around('create', async () => {}, { as: 'generator' }), /declared as a generator/],
  [resource({ id: t.id() }).around('create', () => null, { as: 'sync' as never }), /is declared as "sync"/],
  [
    resource({ id: t.id() })
      .around('create', (_, next) => next())
      .around('create', async (_, next) => next()),
    /is a plain function around an async one/,
  ],
  [
    resource({ id: t.id() })
      .onCommit('a', () => {})
      .onCommit('a', () => {}),
    /twice/,
  ],
])('faults of hooks %#', (todo, fault) => {
  expect(() => api({ todo } as never)).toThrow(ModelError)
  expect(() => api({ todo } as never)).toThrow(fault)
})

describe('after-commit hooks', () => {
  let directory: string | null = null
  let open: Api | null = null
  afterEach(async () => {
    await open?.close()
    open = null
    if (directory !== null) rmSync(directory, { recursive: true })
    directory = null
  })
  const serve = <M>(app: Api<M>): Api<M> => {
    open = app as unknown as Api
    return app
  }
  const file = (): string => join((directory ??= mkdtempSync(join(tmpdir(), 'restuary-hooks-'))), 'a.db')

  /** Collects events, and resolves once there are as many as wanted. */
  function listener(fails: (event: CommittedEvent | null) => boolean = () => false) {
    const events: (CommittedEvent | null)[] = []
    let wanted = 0
    let tell = (): void => {}
    return {
      events,
      handler: (event: CommittedEvent | null) => {
        if (fails(event)) throw new Error('not now')
        events.push(event)
        if (events.length >= wanted) tell()
      },
      async count(many: number): Promise<void> {
        wanted = many
        if (events.length < many) await new Promise<void>(resolve => (tell = resolve))
      },
    }
  }

  test.each(stores)('%s: each commit once, in order, with the rows as they were and are', async (_, store) => {
    const { events, handler, count } = listener()
    const todo = resource({ id: t.id(), text: t.text() }).onCommit('tell', handler)
    const app = serve(api({ todo, other: resource({ id: t.id() }) }, { store: store() }))
    await app.ready()
    await app.post('todo', [{ text: 'a' }, { text: 'b' }])
    await app.post('other', {})
    await app.patch('todo', 1, { text: 'c' })
    await app.delete('todo', 2)
    await count(3)
    expect(events.map(event => event!.changes)).toEqual([
      [
        { op: 'create', id: 1, before: null, after: { id: 1, text: 'a' } },
        { op: 'create', id: 2, before: null, after: { id: 2, text: 'b' } },
      ],
      [{ op: 'patch', id: 1, before: { id: 1, text: 'a' }, after: { id: 1, text: 'c' } }],
      [{ op: 'delete', id: 2, before: { id: 2, text: 'b' }, after: null }],
    ])
  })

  test('writes and progress of a commit hook are stored together: exactly once, also after a restart or a failure', async () => {
    let fail = true
    const make = (handler: (event: CommittedEvent | null) => void) =>
      api(
        {
          seen: resource({ id: t.id(), text: t.text() }),
          todo: resource({ id: t.id(), text: t.text() }).onCommit('copy', async (event, db) => {
            for (const { after } of event!.changes) await db.post('seen', { text: after!['text'] })
            handler(event)
          }),
        },
        { store: sqlite(file()), onFault: () => {} },
      )
    const first = listener(event => fail && event!.changes[0]!.after!['text'] === 'b')
    const app = serve(make(first.handler))
    await app.ready()
    await app.post('todo', { text: 'a' })
    await first.count(1)
    await app.post('todo', { text: 'b' })
    await app.post('todo', { text: 'c' })
    await app.close()
    expect(first.events).toHaveLength(1)
    fail = false
    const second = listener()
    const again = serve(make(second.handler))
    await again.ready()
    await second.count(2)
    await again.transaction(async () => {}) // the hook's own has ended then
    expect((await again.list('seen')).map(row => row.text)).toEqual(['a', 'b', 'c'])
  })
})
