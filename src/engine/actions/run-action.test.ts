import { describe, expect, test } from 'vitest'
import { abort, act, action, actions, all, any, api, js, ModelError, reply, resource, t } from '../../index.ts'

const ask = async (
  app: { fetch(request: Request): Promise<Response> },
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) => {
  const response = await app.fetch(
    new Request(`http://x${path}`, {
      method,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    }),
  )
  const text = await response.text()
  let parsed: any = text
  try {
    parsed = JSON.parse(text)
  } catch {}
  return { status: response.status, body: parsed, headers: response.headers }
}

const todo = resource({ id: t.id(), text: t.text({ max: 20 }), done: t.bool().default(false) }).actions({
  close: action({
    on: 'row',
    transaction: true,
    run: ({ ctx, row }) => ctx.db.patch('todo', row['id'], { done: true }),
  }),
  post_import: action({
    input: { lines: t.list(t.text({ min: 1 })), done: t.bool().default(false) },
    output: { made: t.integer() },
    transaction: true,
    run: async ({ input, ctx }) => {
      for (const text of input.lines) await ctx.db.post('todo', { text, done: input.done })
      return reply({ made: input.lines.length, secret: 1 }, { status: 201, headers: { 'x-made': 'yes' } })
    },
  }),
  get_count: action({
    input: { done: t.bool().nullable(), above: t.integer({ min: 0 }).default(0) },
    run: async ({ input, ctx }) =>
      (await ctx.db.list('todo', { filter: input.done === null ? {} : { done: input.done } })).length + input.above,
  }),
})
const hello = actions('Hello', 'Greets.\n\n$shared:\n    name: str&default="world"\n', {
  get: act('Greet.\n\n$input:\n    name@name: Name\n$output:\n    message?str: Greeting\n', ({ input }) => ({
    message: `Hello ${input['name']}`,
    secret: 1,
  })),
  post_bad: act('$output:\n    n?int: n\n', () => ({ n: 'x' })),
  post_class: act(
    null,
    () =>
      new (class Leak {
        password = 'x'
      })(),
  ),
  post_abort: act(null, () => abort(418, 'Teapot', 'short and stout')),
  get_csv: act(null, () => new Response('a,b', { status: 203, headers: { 'content-type': 'text/csv' } })),
})
const make = () => api({ todo, hello }, { onFault: () => {} })

describe('actions', () => {
  test('run on a row, on a list, and without a resource', async () => {
    const app = make()
    await app.post('todo', { text: 'a' })
    expect(await ask(app, 'POST', '/todo/1/close')).toMatchObject({ status: 200, body: { id: 1, done: true } })
    expect(await ask(app, 'POST', '/todo/9/close')).toMatchObject({ status: 404, body: { error: 'not_found' } })
    expect(await ask(app, 'GET', '/todo/count?done=true&above=2')).toMatchObject({ status: 200, body: 3 })
    expect(await ask(app, 'GET', '/hello?name=Ann&more=1')).toMatchObject({
      status: 200,
      body: { message: 'Hello Ann' },
    })
    expect(await app.act('hello', 'get', {})).toEqual({ message: 'Hello world' })
    expect(await app.act('todo', 'get_count', {})).toBe(1)
  })

  test('an answer is shaped, with its status and header fields', async () => {
    const app = make()
    const done = await ask(app, 'POST', '/todo/import', { lines: ['a', 'b'] })
    expect(done).toMatchObject({ status: 201, body: { made: 2 } })
    expect(done.body).toEqual({ made: 2 })
    expect(done.headers.get('x-made')).toBe('yes')
    expect(await app.list('todo')).toHaveLength(2)
  })

  test('the answer to an action that wrote has the new position', async () => {
    const app = make()
    const made = await ask(app, 'POST', '/todo/import', { lines: ['a', 'b'] })
    const last = await ask(app, 'GET', '/todo/2')
    expect(`"${made.headers.get('position')}"`).toBe(last.headers.get('etag'))
    const closed = await ask(app, 'POST', '/todo/1/close')
    expect(`"${closed.headers.get('position')}"`).toBe((await ask(app, 'GET', '/todo/1')).headers.get('etag'))
    expect((await ask(app, 'GET', '/todo/count?done=true')).headers.get('position')).toBeNull()
  })

  test('a failed transaction leaves no writes', async () => {
    const app = make()
    const failed = await ask(app, 'POST', '/todo/import', { lines: ['a', 'x'.repeat(21)] })
    expect(failed.status).toBe(400)
    expect(await app.list('todo')).toEqual([])
  })

  test.each([
    ['POST', '/todo/import', { lines: [''], more: 1 }, 400, [{ pointer: '#/lines/0' }, { pointer: '#/more' }]],
    ['POST', '/todo/import', {}, 400, [{ pointer: '#/lines', code: 'required' }]],
    ['POST', '/todo/import?x=1', { lines: [] }, 400, [{ parameter: 'x' }]],
    ['GET', '/todo/count?done=yes', undefined, 400, [{ parameter: 'done', code: 'type' }]],
    ['GET', '/todo/count?done=true&done=true', undefined, 400, [{ parameter: 'done', code: 'duplicate' }]],
    ['GET', '/todo/count?none=1', undefined, 400, [{ parameter: 'none', code: 'unknown_param' }]],
    ['POST', '/todo/1/close', { a: 1 }, 404, undefined],
  ])('%s %s %j is refused with %d and its places', async (method, path, body, status, errors) => {
    const app = make()
    const answer = await ask(app, method, path, body)
    expect(answer.status).toBe(status)
    if (errors) expect(answer.body.errors).toMatchObject(errors)
  })

  test('a result that does not fit the output, or JSON, is a 500 without details', async () => {
    const faults: unknown[] = []
    const app = api({ hello }, { onFault: error => faults.push((error.cause as Error).message) })
    expect((await ask(app, 'POST', '/hello/bad')).body).toMatchObject({ status: 500, error: 'ServerError' })
    expect((await ask(app, 'POST', '/hello/bad')).body.message).not.toMatch(/int/)
    expect((await ask(app, 'POST', '/hello/class')).status).toBe(500)
    expect(faults[0]).toMatch(/invalid int in n/)
  })

  test('abort passes its words, a Response goes through', async () => {
    const app = make()
    expect((await ask(app, 'POST', '/hello/abort')).body).toMatchObject({
      status: 418,
      error: 'Teapot',
      message: 'short and stout',
    })
    const csv = await ask(app, 'GET', '/hello/csv')
    expect([csv.status, csv.body, csv.headers.get('content-type')]).toEqual([203, 'a,b', 'text/csv'])
  })

  test('a Response that comes bit by bit is passed on as it comes, and cut where it breaks', async () => {
    let gate = Promise.withResolvers<void>()
    const parts = (last: () => void): ReadableStream<Uint8Array> => {
      let at = 0
      return new ReadableStream({
        async pull(controller) {
          if (at++ === 0) return controller.enqueue(new TextEncoder().encode('a'))
          await gate.promise
          if (at === 2) controller.enqueue(new TextEncoder().encode('b'))
          else {
            last()
            controller.close()
          }
        },
      })
    }
    const s = actions('S', null, {
      get: act(
        null,
        () =>
          new Response(
            parts(() => {}),
            { headers: { 'content-type': 'text/plain' } },
          ),
      ),
      get_broken: act(
        null,
        () =>
          new Response(
            parts(() => {
              throw new Error('broken')
            }),
          ),
      ),
      get_type: act(null, () =>
        reply({ a: 1 }, { headers: { 'content-type': 'application/vnd.a+json', 'content-length': '3' } }),
      ),
    })
    const app = api({ s })
    const response = await app.fetch(new Request('http://x/s'))
    const reader = response.body!.getReader()
    expect([response.headers.get('content-length'), Buffer.from((await reader.read()).value!).toString()]).toEqual([
      null,
      'a',
    ])
    gate.resolve()
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('b')
    expect((await reader.read()).done).toBe(true)
    // A failure before anything was sent is a 500 like any other.
    expect((await ask(app, 'GET', '/s/broken')).status).toBe(500)
    gate = Promise.withResolvers<void>()
    const broken = await app.fetch(new Request('http://x/s/broken'))
    gate.resolve()
    await expect(broken.text()).rejects.toThrow('cut off')
    expect(await ask(app, 'GET', '/s/type')).toMatchObject({ status: 200, body: { a: 1 } })
    expect((await ask(app, 'GET', '/s/type')).headers.get('content-type')).toBe('application/vnd.a+json')
  })

  test('get the files of a form together with its fields', async () => {
    const app = api({
      u: actions('U', null, {
        post: act('$input:\n    name?str: n\n', async ({ input, ctx }) => ({
          name: input['name'],
          all: ctx.files().length,
          text: await ctx.files('upload')[0]!.text(),
        })),
      }),
    })
    const form = new FormData()
    form.append('name', 'Ann')
    form.append('upload', new File(['one'], 'a.txt'))
    form.append('upload', new File(['two'], 'b.txt'))
    const response = await app.fetch(new Request('http://x/u', { method: 'POST', body: form }))
    expect(await response.json()).toEqual({ name: 'Ann', all: 2, text: 'one' })
  })

  test('methods: 405 with Allow, HEAD for GET, OPTIONS', async () => {
    const app = make()
    expect((await ask(app, 'PUT', '/hello')).headers.get('allow')).toBe('GET, HEAD, OPTIONS')
    expect((await ask(app, 'PUT', '/hello')).status).toBe(405)
    expect(await ask(app, 'HEAD', '/hello')).toMatchObject({ status: 200, body: '' })
    expect((await ask(app, 'OPTIONS', '/hello')).status).toBe(204)
    expect((await ask(app, 'GET', '/hello/nope')).status).toBe(404)
  })
})

test('functions of the application may take apart what they are given', async () => {
  const note = resource({ id: t.id(), text: t.text() })
    .actions({
      post_make: action({
        run: async ({ ctx: { header, url, files, asSystem, transaction } }) => [
          (await transaction(db => db.create('note', { text: header('x-user')! })))['text'],
          (await asSystem().list('note')).length,
          url('note'),
          files().length,
        ],
      }),
    })
    .public()
  let seen: unknown
  const app = api(
    { note },
    {
      authenticate: ({ header, ...rest }) => {
        seen = { ...rest }
        return { id: Number(header('x-user')) }
      },
    },
  )
  const made = await app.fetch(new Request('http://host/note/make', { method: 'POST', headers: { 'x-user': '7' } }))
  expect(await made.json()).toEqual(['7', 1, '/note', 0])
  expect(seen).toMatchObject({ face: 'http', method: 'POST' })
})

describe('rules of actions', () => {
  const authenticate = ({ header }: { header(name: string): string | undefined }) => {
    const id = header('x-user')
    return id === undefined ? null : { id: Number(id) }
  }
  const note = resource({ id: t.id(), owner: t.integer(), text: t.text() })
    .actions({
      close: action({ on: 'row', run: () => 'closed' }),
      post_all: action({ run: () => 'all' }),
      post_none: action({ run: () => 'none' }),
    })
    .rules((me, row) => ({
      read: any(row.owner.is(me['id']), row.text.is('public')),
      create: me.signedIn,
      actions: {
        close: row.owner.is(me['id']),
        post_all: all(
          me.signedIn,
          js('even', who => Number(who?.['id']) % 2 === 0),
        ),
      },
    }))
  const app = api({ note }, { authenticate })

  test.each([
    ['1', '/note/1/close', 200],
    ['2', '/note/1/close', 404],
    ['1', '/note/2/close', 403],
    [null, '/note/2/close', 401],
    ['2', '/note/all', 200],
    ['1', '/note/all', 403],
    [null, '/note/all', 401],
    ['2', '/note/none', 403],
  ])('%s asks %s: %d', async (who, path, status) => {
    if ((await app.list('note')).length === 0) {
      await app.post('note', { owner: 1, text: 'mine' })
      await app.post('note', { owner: 2, text: 'public' })
    }
    expect((await ask(app, 'POST', path, undefined, who === null ? {} : { 'x-user': who })).status).toBe(status)
  })
})

describe('hooks', () => {
  const greeting = actions('H', null, {
    get: act(null, () => 'x'),
    get_bug: act(null, () => {
      throw new Error('bug')
    }),
    get_404: act(null, () => abort(404, 'NotFound', 'nf')),
  })
  const suffix = (text: string) => (answer: { value: unknown; status: number }) =>
    reply(`${String(answer.value)}${text}`, { status: answer.status })

  test('before answers in the place of all, and after sees it', async () => {
    const app = api({ greeting }, { before: [() => null, () => '', () => 'late'], after: [suffix('1'), suffix('2')] })
    expect((await ask(app, 'GET', '/h')).body).toBe('12')
  })

  test('error answers an error of the action, then after runs', async () => {
    const app = api({ greeting }, { error: thrown => `caught ${(thrown as Error).message}`, after: suffix('!') })
    expect((await ask(app, 'GET', '/h/bug')).body).toBe('caught bug!')
    expect((await ask(app, 'GET', '/h/404')).body).toBe('caught nf!')
  })

  test('an unanswered error is sent as it is, and after does not run', async () => {
    let after = 0
    const app = api({ greeting }, { error: () => null, after: () => void after++, onFault: () => {} })
    expect((await ask(app, 'GET', '/h/404')).body).toMatchObject({ status: 404, error: 'NotFound', message: 'nf' })
    expect((await ask(app, 'GET', '/h/bug')).status).toBe(500)
    expect(after).toBe(0)
  })

  test('operations of resources have them too, and changed header fields do not change the version', async () => {
    const app = api(
      { todo },
      { after: answer => reply(answer.value, { status: answer.status, headers: { 'x-a': '1' } }) },
    )
    const made = await ask(app, 'POST', '/todo', { text: 'a' })
    expect([made.status, made.headers.get('x-a'), made.headers.get('etag') !== null]).toEqual([201, '1', true])
  })
})

describe('faults of actions', () => {
  const faults = (declarations: object): readonly { place: string; problem: string }[] => {
    try {
      api(declarations as never)
    } catch (error) {
      if (error instanceof ModelError) return error.faults
      throw error
    }
    return []
  }
  const run = () => null
  test.each([
    [
      { h: actions('Hello', null, { get: act('$input:\n    name: str\n', run) }) },
      'Hello.get.$input.name',
      /missing validator/,
    ],
    [
      { h: actions('Hello', null, { get_x: act({ input: { a: t.one('no') } }, run) }) },
      'Hello.get_x.input.a',
      /not declared/,
    ],
    [{ h: actions('Hello', null, { greet: act(null, run) }) }, 'Hello.greet', /HTTP method/],
    [
      { a: actions('Hello', null, { get: act(null, run) }), b: actions('HELLO', null, { get: act(null, run) }) },
      'b',
      /path/,
    ],
    [{ todo: resource({ id: t.id() }).actions({ get: action({ run }) }) }, 'todo.get', /GET of the resource itself/],
    [
      { todo: resource({ id: t.id() }).actions({ a: action({ run }), post_a: action({ run }) }) },
      'todo.post_a',
      /like a/,
    ],
    [
      {
        todo: resource({ id: t.id() })
          .actions({ a: action({ run }) })
          .rules(me => ({ actions: { b: me.signedIn } })),
      },
      'todo.rules.actions.b',
      /no action b/,
    ],
  ])('%#: at %s', (declarations, place, problem) => {
    const found = faults(declarations)
    expect(found).toHaveLength(1)
    expect(found[0]!.place.toLowerCase()).toBe(place.toLowerCase())
    expect(found[0]!.problem).toMatch(problem)
  })

  test('text ids: an action that hides a row is reported as a warning', () => {
    const lines: string[] = []
    api(
      { tag: resource({ id: t.id('text', { client: true }) }).actions({ get_list: action({ run }) }) },
      { report: line => lines.push(line) },
    )
    expect(lines.join()).toMatch(/"list" cannot be reached/)
  })
})

test('url and match are inverse', () => {
  const app = api({ todo, hello }, { http: { prefix: '/v1' } })
  expect(app.url('hello@csv')).toBe('/v1/hello/csv')
  expect(app.url('todo@close', { id: 7 })).toBe('/v1/todo/7/close')
  expect(app.url('todo', { id: 7, depth: 2 })).toBe('/v1/todo/7?depth=2')
  expect(app.match('/v1/hello/csv')).toMatchObject({ target: 'hello@csv', actions: { GET: 'get_csv' } })
  expect(app.match('http://any/v1/todo/7/close')).toMatchObject({
    target: 'todo@close',
    id: 7,
    actions: { POST: 'close' },
  })
  expect(app.match('/v1/todo/7?depth=2')).toMatchObject({ target: 'todo', id: 7, query: { depth: '2' } })
  expect(app.match('/v1/nothing')).toBeNull()
  expect(app.match('/todo')).toBeNull()
})
