// §8.5: a subscription that is told changed members has the same rows as one that is told whole rows.
import * as fc from 'fast-check'
import { io } from 'socket.io-client'
import { expect, test } from 'vitest'
import { api, memory, sqlite, type Api, type Store } from '../../src/index.ts'
import type { AnyResource } from '../../src/model/declare/declaration.ts'
import type { Id } from '../../src/model/model.ts'
import { NativeClient } from '../../src/testing/native-client.ts'
import { slow } from '../../src/testing/slow-store.ts'
import { serveFaces } from '../speakers.ts'
import { commands, idAt, resolved } from './command.ts'
import { town } from './town.ts'

const models: Readonly<Record<string, AnyResource>> = Object.fromEntries(
  Object.entries(town).map(([name, one]) => [name, { '~resource': { ...one['~resource'], public: true } }]),
)

const followed = [
  '/child',
  '/child?include=father,clubs',
  '/child?depth=2',
  '/child?fields=name,father.name',
  '/child?sort=-name&limit=2',
  '/male?include=wife,children',
  '/jar?depth=2',
]

/** The rows that a subscription has after its frames, by id. */
function rowsAfter(frames: readonly any[]): Map<Id, unknown> {
  const rows = new Map<Id, unknown>()
  for (const { op, ids, data, events } of frames) {
    if (op === 'reset') rows.clear()
    if (op === 'snapshot' || op === 'reset') ids.forEach((id: Id, i: number) => rows.set(id, data[i]))
    let same: unknown
    for (const { kind, id, data: row, patch = row ? undefined : same } of op === 'commit' ? events : []) {
      same = patch ?? same
      if (kind === 'leave') rows.delete(id)
      else rows.set(id, patch === undefined ? row : { ...(rows.get(id) as object), ...patch })
    }
  }
  return rows
}

/** The rows that a subscription over Socket.IO has after its events, by id. */
function rowsTold(events: readonly (readonly [name: string, told: any])[]): Map<Id, unknown> {
  const rows = new Map<Id, unknown>()
  let last: unknown
  for (const [name, { ids, id, resource, patch = last, position }] of events) {
    if (name === 'state') {
      rows.clear()
      ids.forEach((one: Id, i: number) => rows.set(one, resource[i]))
    } else if (name === 'create') rows.set(id, resource)
    else if (name === 'patch') rows.set(id, { ...(rows.get(id) as object), ...patch })
    else if (name !== 'order') rows.delete(id)
    // The last event of a step has the position.
    last = position === undefined ? patch : undefined
  }
  return rows
}

test.each<[string, () => Store]>([
  ['memory', () => memory()],
  ['a slow store', () => slow(memory())],
  ['sqlite', () => sqlite(':memory:')],
])(
  'over %s',
  async (_, store) => {
    const { model } = api(models, { report: () => {} })
    let [whole, patched] = [0, 0]
    await fc.assert(
      fc.asyncProperty(fc.array(commands(model), { minLength: 10, maxLength: 30, size: 'max' }), async program => {
        const app = api(models, { store: store(), report: () => {}, http: { log: () => {} } })
        const { port, close } = await serveFaces(app)
        const client = await NativeClient.open(`ws://127.0.0.1:${port}/`)
        client.keep = true
        const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true })
        const told: [string, any][] = []
        socket.onAny((name: string, event: unknown) => told.push([name, event]))
        try {
          for (const name of ['a', 'b', 'c'])
            for (const resource of ['male', 'female', 'child']) await app.safe.create(resource, { name })
          for (const [i, uri] of followed.entries()) {
            for (const mode of ['every', 'latest']) {
              await client.ask({ id: `${i} ${mode}`, op: 'subscribe', uri, mode })
              await client.ask({ id: `${i} ${mode} patch`, op: 'subscribe', uri, mode, changes: 'patch' })
            }
          }
          for (const uri of followed) await socket.emitWithAck('subscribe', uri, { changes: 'patch' })
          for (const { op, resource: name, at, body } of program) {
            const idsOf = async (one: string): Promise<Id[]> => (await app.list(one)).map(row => row['id'] as Id)
            const ids = new Map<string, Id[]>()
            for (const one of model.resources.keys()) ids.set(one, await idsOf(one))
            const data = resolved(model.resources.get(name)!, body, one => ids.get(one)!)
            const id = idAt(at, ids.get(name)!)
            if (op === 'post') await app.safe.create(name, data)
            else if (op === 'put' || op === 'patch') await app.safe[op](name, id, data)
            else if (op === 'delete') await app.safe.delete(name, id)
          }
          client.send({ op: 'ping', id: 'end' })
          await client.hear(({ op, id }) => op === 'pong' && id === 'end')
          const framesOf = (sub: string): any[] => client.all.filter(frame => frame.sub === sub)
          for (const [i, uri] of followed.entries()) {
            const rowsOf = (): unknown => rowsTold(told.filter(([, { uri: one }]) => one === uri))
            await expect.poll(rowsOf, { message: uri }).toEqual(rowsAfter(framesOf(`${i} every`)))
            for (const mode of ['every', 'latest']) {
              const [full, small] = [framesOf(`${i} ${mode}`), framesOf(`${i} ${mode} patch`)]
              expect(rowsAfter(small), `${uri} ${mode}`).toEqual(rowsAfter(full))
              whole += JSON.stringify(full).length
              patched += JSON.stringify(small).length
            }
          }
        } finally {
          socket.disconnect()
          client.cut()
          await close()
        }
      }),
      { numRuns: 8, endOnFailure: true },
    )
    expect(patched).toBeLessThan(whole)
  },
  120_000,
)

test('a patch that many rows have in common is told once', async () => {
  const app: Api<any> = api(models, { report: () => {}, http: { log: () => {} } })
  const { port, close } = await serveFaces(app)
  const client = await NativeClient.open(`ws://127.0.0.1:${port}/`)
  try {
    const father = await app.create('male', { name: 'a' })
    for (const name of ['b', 'c', 'd']) await app.create('child', { name, father: father['id'] })
    client.keep = true
    await client.ask({ id: 'deep', op: 'subscribe', uri: '/child?include=father', changes: 'patch' })
    await app.patch('male', father['id'], { name: 'e' })
    const { events } = await client.hear(({ op }) => op === 'commit')
    expect(events.map((event: object) => 'patch' in event)).toEqual([true, false, false])
    expect(events[0].patch).toMatchObject({ father: { name: 'e' } })
  } finally {
    client.cut()
    await close()
  }
})

test('over Socket.IO such a patch is told once to those who ask for it', async () => {
  const app: Api<any> = api(models, { report: () => {}, http: { log: () => {} } })
  const { port, close } = await serveFaces(app)
  const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true })
  try {
    const father = await app.create('male', { name: 'a' })
    for (const name of ['b', 'c', 'd']) await app.create('child', { name, father: father['id'] })
    const told: any[] = []
    socket.on('patch', one => told.push(one))
    const often = '/child?include=father'
    const once = `${often}&sort=id`
    await socket.emitWithAck('subscribe', often, {})
    await socket.emitWithAck('subscribe', once, { changes: 'patch' })
    await app.patch('male', father['id'], { name: 'e' })
    await expect.poll(() => told.filter(one => one.position !== undefined).length).toBe(2)
    const patchesOf = (uri: string): unknown[] => told.filter(one => one.uri === uri).map(one => one.patch?.father.name)
    expect(patchesOf(often)).toEqual(['e', 'e', 'e'])
    expect(patchesOf(once)).toEqual(['e', undefined, undefined])
    expect(await socket.emitWithAck('subscribe', once, { changes: 'nope' })).toMatchObject({
      status: 400,
      errors: [{ pointer: '#/changes', code: 'enum' }],
    })
  } finally {
    socket.disconnect()
    await close()
  }
})

test('the only other word is refused', async () => {
  const app = api(models, { report: () => {}, http: { log: () => {} } })
  const { port, close } = await serveFaces(app)
  const client = await NativeClient.open(`ws://127.0.0.1:${port}/`)
  try {
    const refused = await client.ask({ op: 'subscribe', uri: '/child', changes: 'nope' })
    expect(refused).toMatchObject({ status: 400, error: { errors: [{ pointer: '#/changes', code: 'enum' }] } })
  } finally {
    client.cut()
    await close()
  }
})
