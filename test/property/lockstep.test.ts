// The same random calls over HTTP, restuary.1, the envelope and Socket.IO, each on a server of its own: the same answers, the
// same rows, the same events, the same log, the same positions, for requests that name the position before. More by command: PROGRAMS=1000 npm test -- test/property/lockstep
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { api, memory, sqlite, type Api, type Store } from '../../src/index.ts'
import type { AnyResource } from '../../src/model/declare/declaration.ts'
import type { Id } from '../../src/model/model.ts'
import { hasPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { postgresStore } from '../../src/testing/postgres/postgres-store.ts'
import { connect, faces, serveFaces, type Face, type Heard, type Speaker, type Told } from '../speakers.ts'
import { runsWith } from '../system-programs.ts'
import { commands, idAt, resolved, type Command } from './command.ts'
import { town } from './town.ts'

const programs = Number(process.env['PROGRAMS'] ?? 30)

const models: Readonly<Record<string, AnyResource>> = Object.fromEntries(
  Object.entries(town).map(([name, one]) => [
    name,
    { '~resource': { ...one['~resource'], public: true, envelope: { page: 1_000 } } },
  ]),
)

/** A server and a client of one protocol. What the protocol has no word for is sent over HTTP. */
interface Side {
  readonly face: Face
  readonly app: Api
  readonly speaker: Speaker
  readonly http: Speaker
  close(): Promise<void>
}

async function side(face: Face, store: Store): Promise<Side> {
  const app = api(models, {
    store,
    clock: () => 1_700_000_000_000,
    report: () => {},
    // Whole lists are compared: pages of faces begin with the same rows, but not every face cuts them.
    limits: { messageRate: 1e6, messageBurst: 1e6, page: 1_000, maxPage: 1_000 },
    // On a busy machine nothing may be refused.
    http: { log: () => {}, overload: false },
  })
  for (const name of ['a', 'b', 'c']) {
    for (const resource of ['male', 'female', 'child', 'node', 'jar']) {
      await app.safe.post(resource, resource === 'node' || resource === 'jar' ? {} : { name })
    }
    await app.safe.post('club', { title: name })
    await app.safe.post('cookie', { type: 'donut', jar: 1 })
  }
  const { port, close } = await serveFaces(app)
  const http = await connect('http', port)
  const speaker = face === 'http' ? http : await connect(face, port)
  for (const one of [http, speaker]) one.seen.isAskedFor = true
  return {
    face,
    app,
    speaker,
    http,
    close: () => {
      speaker.cut()
      return close()
    },
  }
}

const isObject = (body: unknown): boolean => typeof body === 'object' && body !== null && !Array.isArray(body)

/** Fields of the models that have a default. */
const withDefault = new Set(['name', 'size', 'height'])

/**
 * The envelope takes objects with members that it knows, and leaves out the others. It refuses null for a field with a
 * default, where the other faces put the default in its place.
 */
const isStrange = (body: unknown): boolean =>
  !isObject(body) || 'nope' in (body as object) || 'id' in (body as object) || clearsDefault(body)

function clearsDefault(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(clearsDefault)
  return Object.entries(value).some(
    ([name, inner]) => (inner === null && withDefault.has(name)) || clearsDefault(inner),
  )
}

/** A command with its ids, and a key of its own. */
interface Said {
  readonly command: Command
  readonly id: Id
  readonly body: unknown
  readonly key: string
}

function say({ face, speaker, http }: Side, { command, id, body, key }: Said): Promise<Told> {
  const { op, resource } = command
  const by = face === 'envelope' && isStrange(body) ? http : speaker
  switch (op) {
    case 'post':
      return by.create(resource, body, key)
    case 'put':
      return (by.replace ? by : http).replace!(resource, id, body)
    case 'patch':
      return by.patch(resource, id, body)
    case 'delete':
      return speaker.remove(resource, id)
    case 'get':
    case 'list':
      return speaker.list(resource).then(row => ({ status: 200, code: null, row }))
  }
}

/**
 * The parts of a result that a protocol tells. The envelope has no codes, and faults of fields are 400 there, also those of
 * keys.
 */
function asTold(face: Face, { status, code, row }: Told): Told {
  if (face !== 'envelope') return { status, code, row }
  return { status: status === 409 ? 400 : status, code: null, row }
}

const byId = (rows: any): unknown => (Array.isArray(rows) ? rows.toSorted((a, b) => a.id - b.id) : rows)

async function logOf({ app }: Side): Promise<unknown[]> {
  const commits = (await app.store.commits(0, 1e6))!
  return commits.map(({ position, changes }) => [
    position,
    changes.map(({ seq, resource, id, op, changed, lists, after }) => [
      seq,
      resource.name,
      id,
      op,
      changed,
      lists,
      after,
    ]),
  ])
}

/** What a follower received, up to a row that is created, changed and deleted at the end: an end for each kind of event. */
async function heardOf({ app, speaker }: Side): Promise<Heard[]> {
  const heard: Heard[] = []
  const until = async (kind: Heard[0], id: unknown): Promise<void> => {
    do heard.push(await speaker.next())
    while (heard.at(-1)![0] !== kind || heard.at(-1)![1] !== id)
  }
  const { id } = (await app.safe.post('child', {})).body as { id: Id }
  await until('enter', id)
  await app.safe.patch('child', id, { name: 'end' })
  await until('change', id)
  await app.safe.delete('child', id)
  await until('leave', id)
  return heard
}

/** The seq that a client was last told, by its face or, where that has no word, over HTTP. */
const reached = ({ speaker, http }: Side): number =>
  Math.max(...[speaker, http].map(one => Number(one.seen.position?.split('.')[1] ?? 0)))

const methods = { post: 'POST', put: 'PUT', patch: 'PATCH', delete: 'DELETE', get: 'GET', list: 'GET' } as const

/** Sends calls as a batch on every face: the same outcomes, or the same refusal. */
async function runAtOnce(sides: readonly Side[], commands: readonly Command[]): Promise<void> {
  const resources = sides[0]!.app.model.resources
  const first = (): readonly Id[] => [1]
  const calls = commands.map(({ op, resource, at, body }) => ({
    method: methods[op],
    uri: op === 'post' || op === 'list' ? `/${resource}` : `/${resource}/${idAt(at, [1, 2, 3])}`,
    ...(body !== null && { body: resolved(resources.get(resource)!, body, first) }),
  }))
  if (calls.length === 0) return
  const told = await Promise.all(sides.map(one => one.speaker.batch(calls)))
  const outcomes = told.map(({ status, row }: { status: number; row: any }) =>
    Array.isArray(row)
      ? { status, row: row.map(one => ({ status: one.status, body: byId(one.body) })) }
      : { status, row: [row.error, row.failed, row.errors] },
  )
  for (const [i, own] of outcomes.entries()) expect(own, sides[i]!.face).toEqual(outcomes[0])
  if (told[0]!.status < 400) for (const one of sides) expect(reached(one), one.face).toBe(reached(sides[0]!))
  await Promise.all(sides.map(one => one.app.http.live!.advance()))
}

async function run(sides: readonly Side[], program: readonly Command[]): Promise<number> {
  const { app } = sides[0]!
  await Promise.all(sides.map(one => one.speaker.follow('child')))
  let refused = 0
  for (const [n, command] of program.entries()) {
    const ids = new Map<string, Id[]>()
    for (const name of app.model.resources.keys())
      ids.set(
        name,
        (await app.list(name)).map(row => row['id'] as Id),
      )
    const resource = app.model.resources.get(command.resource)!
    const id = idAt(command.at, ids.get(command.resource)!)
    const body = resolved(resource, command.body, other => ids.get(other)!)
    const told = await Promise.all(sides.map(one => say(one, { command, id, body, key: `k${n}` })))
    // Commits that become visible together are sent together, but here each must be sent by itself.
    await Promise.all(sides.map(one => one.app.http.live!.advance()))
    if (told[0]!.status >= 400) refused++
    for (const [i, one] of sides.entries()) {
      const about = `${one.face}: ${command.op} ${command.resource} ${id} ${JSON.stringify(body)}`
      const [got, wanted] = [asTold(one.face, told[i]!), asTold(one.face, told[0]!)]
      expect({ ...got, row: byId(got.row) }, about).toEqual({ ...wanted, row: byId(wanted.row) })
      if (told[0]!.status < 400) expect(reached(one), about).toBe(reached(sides[0]!))
    }
  }
  await runAtOnce(sides, program.slice(-5))
  const heard = await Promise.all(sides.map(heardOf))
  for (const [i, own] of heard.entries()) expect(own, sides[i]!.face).toEqual(heard[0])
  const logs = await Promise.all(sides.map(logOf))
  const { keys } = sides[0]!.speaker.seen
  for (const one of sides) if (one.face === 'native') expect(one.speaker.seen.keys).toEqual(keys)
  for (const [i, log] of logs.entries()) expect(log, sides[i]!.face).toEqual(logs[0])
  for (const name of app.model.resources.keys()) {
    const rows = await Promise.all(sides.map(async one => byId(await one.speaker.list(name))))
    for (const [i, own] of rows.entries()) expect(own, `${sides[i]!.face}: ${name}`).toEqual(rows[0])
  }
  return refused
}

const folder = mkdtempSync(join(tmpdir(), 'restuary-lockstep-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0

test.each<[string, number, () => Store | Promise<Store>]>([
  ['memory', programs, () => memory()],
  ['sqlite', programs, () => sqlite(join(folder, `${++files}.db`), { synchronous: 'normal' })],
  // Its statements take their time, and the others have told most of it.
  ...(runsWith('PostgreSQL', hasPostgres(), 'postgresql')
    ? [['PostgreSQL', Math.ceil(programs / 30), () => postgresStore()] as [string, number, () => Promise<Store>]]
    : []),
])(
  'every face comes to the same over %s',
  async (_, count, store) => {
    const { model } = api(models, { report: () => {} })
    let [calls, refused] = [0, 0]
    await fc.assert(
      fc.asyncProperty(fc.array(commands(model), { minLength: 20, maxLength: 60, size: 'max' }), async program => {
        const sides = await Promise.all(faces.map(async face => side(face, await store())))
        try {
          refused += await run(sides, program)
          calls += program.length
        } finally {
          await Promise.all(sides.map(one => one.close()))
        }
      }),
      { numRuns: count, endOnFailure: true },
    )
    // The calls are neither all nonsense nor all right.
    expect(refused / calls).toBeGreaterThan(0.05)
    expect(refused / calls).toBeLessThan(0.7)
  },
  60_000 + programs * 30_000,
)
