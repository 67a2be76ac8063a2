// How writes share commits, what happens if one of them fails, and if another process uses the file.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { openedFile } from '../../../testing/store-suite/opened-file.ts'
import type { Store } from '../../store.ts'
import {
  created,
  deleted,
  testEnvironment,
  get,
  idsOfRows,
  model,
  patched,
  put,
  todo,
  user,
} from '../../../testing/store-suite/world.ts'
import { wait } from '../../work.ts'
import { sqlite, type SqliteOptions } from '../index.ts'
import type { QueuedWrite } from '../../queued-write.ts'
import { runUnits } from './group-commit.ts'

const folder = mkdtempSync(join(tmpdir(), 'restuary-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0

function opened(options: SqliteOptions = {}): { readonly store: Store; readonly file: string } {
  const file = join(folder, `${files++}.db`)
  return { store: reopened(file, options), file }
}

function reopened(file: string, options: SqliteOptions = {}): Store {
  const store = sqlite(file, options)
  void store.open(model, testEnvironment({ now: 5_400_000 }))
  onTestFinished(() => store.close())
  return store
}

/**
 * Counts the commits in the write-ahead log: frames that state the size of the database
 * (https://sqlite.org/fileformat2.html#walformat).
 */
function commitsIn(file: string): number {
  const wal = readFileSync(`${file}-wal`)
  const frame = 24 + wal.readUInt32BE(8)
  let commits = 0
  for (let at = 32; at + frame <= wal.length; at += frame) {
    const current = wal.readUInt32BE(at + 8) === wal.readUInt32BE(16)
    if (current && wal.readUInt32BE(at + 4) > 0) commits++
  }
  return commits
}

const add = (store: Store, id: number, email: string = String(id)): Promise<void> =>
  put(store, created(user, { id, email }))

test('writes that arrive together share one commit, at most 256 of them', async () => {
  const { store, file } = opened()
  const before = commitsIn(file)
  await Promise.all(Array.from({ length: 50 }, (_, i) => add(store, i)))
  expect(commitsIn(file)).toBe(before + 1)
  await Promise.all(Array.from({ length: 300 }, (_, i) => add(store, 100 + i)))
  expect(commitsIn(file)).toBe(before + 3)
  expect((await store.commits(0, 1000))!).toHaveLength(350)
})

test('all but the failing units of a group are committed, densely', async () => {
  const { store } = opened()
  await add(store, 1)
  const outcomes = await Promise.allSettled([
    add(store, 2),
    add(store, 3, '1'),
    store.write(function* (tx) {
      yield* wait(tx.apply([created(user, { id: 4, email: '4' })], []))
      throw new RangeError('late')
    }),
    put(store, created(todo, { id: 1, text: 't', owner: 77 })),
    put(store, created(user, { id: 5, email: '5' }), created(user, { id: 6, email: '5' })),
    add(store, 7),
  ])
  expect(outcomes.map(one => one.status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'rejected',
    'rejected',
    'fulfilled',
  ])
  expect(await idsOfRows(store, user)).toEqual([1, 2, 7])
  const commits = (await store.commits(0, 100))!
  expect(commits.map(commit => commit.changes.map(change => [change.seq, change.id]))).toEqual([
    [[1, 1]],
    [[2, 2]],
    [[3, 7]],
  ])
})

test('a read that begins after an answer sees it; one that began before is not disturbed', async () => {
  const { store } = opened()
  for (let id = 1; id <= 20; id++) {
    const earlier = idsOfRows(store, user)
    const written = add(store, id).then(() => idsOfRows(store, user))
    expect(await earlier).toHaveLength(id - 1)
    expect(await written).toHaveLength(id)
  }
})

test('a unit that waits for something else is refused, and does not go on later', async () => {
  const { store } = opened()
  const later = Promise.withResolvers<void>()
  let reached = false
  const waiting = store.write(function* (tx) {
    yield* wait(tx.apply([created(user, { id: 1, email: 'a' })], []))
    yield* wait(later.promise)
    reached = true
  })
  await expect(waiting).rejects.toThrow('transaction()')
  later.resolve()
  await add(store, 2)
  expect(reached).toBe(false)
  expect(await idsOfRows(store, user)).toEqual([2])
})

test('the log reads the same from memory and from the file', async () => {
  const { store, file } = opened()
  await put(store, created(user, { id: 1, email: 'a', price: '1.50', isAdmin: true, tags: ['x'], photo: 'AAH/' }))
  const lists = [{ field: 'todos', added: [1], removed: [] }]
  await put(store, { ...patched(user, (await get(store, user, 1))!, { name: 'n', price: null }), lists })
  await put(store, deleted(user, (await get(store, user, 1))!))
  const remembered = await store.commits(0, 10)
  await store.close()
  expect(await reopened(file).commits(0, 10)).toEqual(remembered)
})

test('the newest id is not given again, though its row went before a restart', async () => {
  const { store, file } = opened()
  const next = (of: Store): Promise<number> => of.write(tx => wait(tx.nextId(user)))
  const id = await next(store)
  await put(store, created(user, { id, email: 'a' }))
  await put(store, deleted(user, (await get(store, user, id))!))
  await store.close()
  expect(await next(reopened(file))).toBe(id + 1)
})

test('unique values may change places', async () => {
  const { store } = opened()
  await put(store, created(user, { id: 1, email: 'a' }), created(user, { id: 2, email: 'b' }))
  const [one, two] = [(await get(store, user, 1))!, (await get(store, user, 2))!]
  await put(store, patched(user, one, { email: 'b' }), patched(user, two, { email: 'a' }))
  expect([(await get(store, user, 1))![3], (await get(store, user, 2))![3]]).toEqual(['b', 'a'])
})

test('another process writes: reads go on, the write waits for it', async () => {
  const { store, file } = opened()
  await add(store, 1)
  const other = new DatabaseSync(file)
  onTestFinished(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  const written = add(store, 2)
  for (let i = 0; i < 20; i++) {
    expect(await idsOfRows(store, user)).toEqual([1])
    await new Promise(setImmediate)
  }
  other.exec('COMMIT')
  await written
  expect(await idsOfRows(store, user)).toEqual([1, 2])
})

test('a lock that is never given back is an error after the time for it', async () => {
  const { store, file } = opened({ busyTimeout: 20 })
  const other = new DatabaseSync(file)
  onTestFinished(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  await expect(add(store, 1)).rejects.toMatchObject({ code: 'unavailable' })
  await expect(store.transaction(async () => {})).rejects.toMatchObject({ code: 'unavailable' })
  other.exec('COMMIT')
  await add(store, 1)
})

test('a full disk is an error of the group, and the store goes on when there is room', () => {
  const { writer, ids, state } = openedFile(model, join(folder, `${files++}.db`))
  onTestFinished(() => state.connection.close())
  const unit = (id: number, extra: string): QueuedWrite => ({
    *work(tx) {
      yield* wait(tx.apply([created(user, { id, email: `${id}`, extra })], []))
    },
    resolve: () => {},
    reject: () => {},
  })
  const room = (pages: number): void => state.connection.exec(`PRAGMA max_page_count=${pages}`)
  expect(runUnits(writer, ids, [unit(1, '')])).toEqual([{ value: undefined }])
  room(1)
  const answers = runUnits(writer, ids, [unit(2, 'x'.repeat(100_000)), unit(3, 'x'.repeat(100_000))])
  expect(answers).toMatchObject([{ error: { code: 'unavailable' } }, { error: { code: 'unavailable' } }])
  expect(state.position).toBe(1)
  room(1_000_000)
  expect(runUnits(writer, ids, [unit(4, '')])).toEqual([{ value: undefined }])
  expect(state.position).toBe(2)
  expect(writer.many(user, [1, 2, 3, 4]).map(row => row[0])).toEqual([1, 4])
})

test('a transaction of application code has a time limit, and its reads are its own', async () => {
  const { store } = opened({ transactionTimeout: 20 })
  await add(store, 1)
  const stuck = store.transaction(async tx => {
    await tx.apply([created(user, { id: 2, email: 'b' })], [])
    expect(await idsOfRows(store, user)).toEqual([1])
    await new Promise(() => {})
  })
  const waiting = add(store, 3)
  await expect(stuck).rejects.toMatchObject({ code: 'unavailable' })
  await waiting
  expect(await idsOfRows(store, user)).toEqual([1, 3])
})

test('a database in memory keeps its reads until a transaction ends', async () => {
  const store = reopened(':memory:')
  const seen: Promise<unknown>[] = []
  await store.transaction(async tx => {
    await tx.apply([created(user, { id: 1, email: 'a' })], [])
    seen.push(idsOfRows(store, user))
  })
  expect(await seen[0]).toEqual([1])
})

/** The folder of the store. */
const here = dirname(import.meta.dirname)

/** A second process that opens the same file, by the same library or without it. */
async function elsewhere(file: string, code: string): Promise<void> {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', code, file], {
    stdio: ['ignore', 'inherit', 'inherit'],
    cwd: here,
  })
  expect(await once(child, 'exit')).toEqual([0, null])
}

test('writes of another process with the same library are in the log, and listeners are called', async () => {
  const { store, file } = opened()
  await add(store, 1)
  const heard = new Promise<void>(resolve => store.onCommit(resolve))
  await heard
  const again = new Promise<void>(resolve => store.onCommit(resolve))
  await elsewhere(
    file,
    `import { sqlite } from '${here}/index.ts'
     import { created, testEnvironment, model, put, user } from '${here}/../../testing/store-suite/world.ts'
     const store = sqlite(process.argv[1])
     store.open(model, testEnvironment({ now: 1 }))
     await put(store, created(user, { id: 2, email: 'b' }))
     store.close()`,
  )
  await again
  const before = store.terms.position(2)
  expect(await idsOfRows(store, user)).toEqual([1, 2])
  const id = await store.write(function* (tx) {
    const next = yield* wait(tx.nextId(user))
    yield* wait(tx.apply([created(user, { id: next, email: 'c' })], []))
    return next
  })
  expect(id).toBe(3)
  const commits = (await store.commits(0, 10))!
  expect(commits.map(commit => [commit.position, commit.changes[0]!.id])).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
  ])
  expect([store.terms.position(2), store.terms.history]).toEqual([before, 0])
})

test('after writes of another process without a record, no position is valid', async () => {
  const { store, file } = opened()
  await add(store, 1)
  const before = store.terms.position(1)
  await new Promise<void>(resolve => store.onCommit(resolve))
  const heard = new Promise<void>(resolve => store.onCommit(resolve))
  await elsewhere(
    file,
    `import { DatabaseSync } from 'node:sqlite'
     new DatabaseSync(process.argv[1]).exec("UPDATE user SET name = 'x'")`,
  )
  await heard
  await add(store, 2)
  expect(store.terms.seqOf(before)).toBe(null)
  const renewed = store.terms.position(1)
  await store.close()
  expect(reopened(file).terms.position(1)).toBe(renewed)
})

test('a text that another store on the file keeps, without a record, leaves all positions valid', async () => {
  const { store, file } = opened()
  await add(store, 1)
  const before = store.terms.position(1)
  const heard = (): Promise<void> => new Promise(resolve => store.onCommit(resolve))
  await heard()
  const isOpened = heard()
  const other = sqlite(file)
  await other.open(model, testEnvironment({ now: 1 }))
  onTestFinished(() => other.close())
  await isOpened
  const isKept = heard()
  await other.transaction(async tx => tx.keep('once', 'done', 1_000))
  await isKept
  await add(store, 2)
  expect([store.terms.seqOf(before), store.terms.history]).toEqual([1, 0])
})

test('what another program writes is seen after a look that found a new term and a mark together', async () => {
  const { store, file } = opened()
  await add(store, 1)
  const db = new DatabaseSync(file)
  onTestFinished(() => db.close())
  const heard = (): Promise<void> => new Promise(resolve => store.onCommit(resolve))
  await heard()
  const before = store.terms.position(1)
  const isTold = heard()
  db.exec('BEGIN IMMEDIATE')
  const set = db.prepare('INSERT OR REPLACE INTO _restuary_meta(key, value) VALUES (?, ?)')
  const { value } = db.prepare("SELECT value FROM _restuary_meta WHERE key = 'terms'").get() as { value: string }
  set.run('terms', JSON.stringify([...(JSON.parse(value) as unknown[]), ['others', 1]]))
  set.run('touched', 'by another')
  db.exec('COMMIT')
  await isTold
  const isSeen = heard()
  db.exec("UPDATE user SET email = 'from outside' WHERE id = 1")
  await isSeen
  await add(store, 2)
  expect(store.terms.seqOf(before)).not.toBe(1)
})
