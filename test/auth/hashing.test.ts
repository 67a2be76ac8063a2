// Passwords are hashed last: once it is known that a write may be done, in a queue that has room for logins.
import { availableParallelism } from 'node:os'
import { describe, expect, onTestFinished, test } from 'vitest'
import { always, api, hashPassword, memory, resource, sqlite, t, verifyPassword, type Store } from '../../src/index.ts'

const user = resource({
  id: t.id(),
  email: t.email().unique(),
  password: t.password(),
  team: t.one('team', { inverse: 'users' }).nullable(),
})
  .login('email', 'password')
  .rules((me, row) => ({ read: always, create: always, write: row.is(me) }))
const team = resource({ id: t.id(), name: t.text(), users: t.back('user', 'team') }).rules(() => ({
  read: always,
  create: always,
  write: always,
}))

const password = 'correct horse'
let counter = 0
/** So many new users. */
const users = (count: number) =>
  Array.from({ length: count }, () => ({ email: `user${++counter}@x.io`, password: `${password} ${counter}` }))

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: any
}

async function open(store: Store) {
  const faults: unknown[] = []
  const onFault = (fault: unknown): void => void faults.push(fault)
  const app = api({ user, team }, { store, report: () => {}, onFault, http: { log: () => {} } })
  onTestFinished(() => app.close())
  await app.post('user', { email: 'ann@x.io', password })
  await app.post('team', { name: 'reds' })
  const ask = async (
    method: string,
    path: string,
    body: unknown,
    more: Record<string, string> = {},
  ): Promise<Answer> => {
    const headers = { 'content-type': 'application/json', ...more }
    const init = { method, headers, body: JSON.stringify(body) }
    const answer = await app.fetch(new Request(`http://host${path}`, init))
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) }
  }
  const login = (email: string, secret: string): Promise<Answer> =>
    ask('POST', '/auth/token', { email, password: secret })
  const bearer = { authorization: `Bearer ${(await login('ann@x.io', password)).body.access_token as string}` }
  return { app, ask, login, bearer, faults }
}

/** Queues so many hashes that no further write is accepted. Resolves when they are done. */
async function fillQueue() {
  const waiting: Promise<unknown>[] = []
  let done = 0
  for (let isFull = false; !isFull;) {
    const hash = hashPassword(password)
    waiting.push(
      hash.then(
        () => done++,
        () => undefined,
      ),
    )
    // A refusal is known at once.
    const refused = hash.then(
      () => false,
      () => true,
    )
    isFull = await Promise.race([refused, new Promise<boolean>(resolve => setImmediate(resolve, false))])
  }
  return { emptied: Promise.all(waiting), done: () => done }
}

describe.each<[string, () => Store]>([
  ['memory', () => memory()],
  ['SQLite', () => sqlite(':memory:')],
])('over %s', (_, store) => {
  test('where too many passwords wait, a write that brings some is refused, but only after all that is wrong with it', async () => {
    const { app, ask, login, bearer, faults } = await open(store())
    const [taken, ...others] = users(20)
    const key = { 'idempotency-key': 'once' }
    const first = await ask('POST', '/user', taken, key)
    expect(first.status).toBe(201)

    let isEmpty = false
    const { emptied } = await fillQueue()
    void emptied.then(() => (isEmpty = true))
    const refused = await ask('POST', '/user', users(20))
    expect(refused).toMatchObject({ status: 503, body: { error: 'unavailable' } })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    const answers = await Promise.all([
      ask('POST', '/user', [...users(19), { email: 'no address', password }]),
      ask('POST', '/user', [...others, { email: taken!.email, password }]),
      ask('PATCH', '/user/2', { password: 'another horse' }, bearer),
      ask('PATCH', '/user/99', { password: 'another horse' }, bearer),
      ask('PATCH', '/user/1', { password: 'another horse' }, { ...bearer, 'if-match': '"aaaaaa.1"' }),
      ask('POST', '/user', users(21)),
      // A repeated request needs no hash.
      ask('POST', '/user', taken, key),
      // Logins have a line of their own.
      login('ann@x.io', password),
    ])
    expect(answers.map(one => one.status)).toEqual([400, 409, 403, 404, 412, 400, 201, 200])
    expect(answers[5].body.error).toBe('too_many_items')
    expect(isEmpty).toBe(false)
    await emptied
    expect(await app.list('user')).toHaveLength(2)
    // The caller brought it about: nothing is broken.
    expect(faults).toEqual([])
  })

  test('a login waits for as many hashes as run at once, however many passwords of writes wait before it', async () => {
    const { login } = await open(store())
    const atOnce = Math.max(1, Math.floor(availableParallelism() / 2))
    const queue = await fillQueue()
    const before = queue.done()
    expect((await login('ann@x.io', password)).status).toBe(200)
    // Those that run, those that begin before its turn, and those that end while it is hashed itself.
    expect(queue.done() - before).toBeLessThanOrEqual(3 * atOnce)
    await queue.emptied
  })

  test('at most twenty passwords in one request are hashed, wherever they are in it', async () => {
    const { app, ask, login } = await open(store())
    const patch = (operations: unknown[]): Promise<Answer> =>
      ask('PATCH', '/team/1', operations, { 'content-type': 'application/json-patch+json' })
    const [parked, ...more] = users(21)
    // One is put where it is only text at first.
    const moved = [
      { op: 'add', path: '/users/-', value: { email: parked!.email, password: 'no such horse' } },
      { op: 'copy', from: '/name', path: '/users/0/password' },
    ]
    expect(await patch([...moved, ...more.map(value => ({ op: 'add', path: '/users/-', value }))])).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '#/users/0/password', code: 'length' }] },
    })
    await app.patch('team', 1, { name: 'a long name of a team' })
    const all = more.map(value => ({ op: 'add', path: '/users/-', value }))
    expect(await patch([...moved, ...all])).toMatchObject({ status: 400, body: { error: 'too_many_items' } })
    expect((await patch([...moved, ...all.slice(0, 19)])).body.users).toHaveLength(20)
    expect((await login(parked!.email, 'a long name of a team')).status).toBe(200)
    expect((await login(more[18]!.email, more[18]!.password)).status).toBe(200)
  })

  test('rows that bring passwords get the ids that come next', async () => {
    const { app, ask } = await open(store())
    const ids = async (): Promise<unknown[]> => (await app.list('user')).map(row => row.id)
    await ask('POST', '/user', users(1)[0])
    await ask('POST', '/user', { email: 'no address', password })
    await ask('POST', '/team', { name: 'blues', users: users(2) })
    await Promise.all(users(3).map(body => ask('POST', '/user', body)))
    expect(await ids()).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  test('an async hook runs once, and its transaction waits for the hash', async () => {
    let runs = 0
    const guarded = resource({ id: t.id(), word: t.password() }).around('create', async (call, next) => {
      runs++
      await Promise.resolve()
      return next({ ...(call.input as object), word: 'changed by the hook' })
    })
    const app = api({ guarded }, { store: store(), report: () => {} })
    onTestFinished(() => app.close())
    await app.post('guarded', { word: password })
    expect(runs).toBe(1)
    const [commit] = (await app.store.commits(0, 10))!
    const stored = commit!.changes[0]!.after!.find(value => String(value).startsWith('$argon2id$'))
    expect(await verifyPassword(String(stored), 'changed by the hook')).toBe(true)
  })

  test('a default may make a password up', async () => {
    const made: string[] = []
    const word = t.password().default(() => {
      made.push(`made up ${made.length}`)
      return made.at(-1)!
    })
    const app = api({ guarded: resource({ id: t.id(), word }) }, { store: store(), report: () => {} })
    onTestFinished(() => app.close())
    await app.post('guarded', {})
    const [commit] = (await app.store.commits(0, 10))!
    const stored = commit!.changes[0]!.after!.find(value => String(value).startsWith('$argon2id$'))
    expect(await verifyPassword(String(stored), made.at(-1)!)).toBe(true)
  })
})
