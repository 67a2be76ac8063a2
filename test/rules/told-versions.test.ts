// Callers from whom rules hide something are told versions that say nothing of it, and hear nothing where only that changes.
import { once } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { always, api, memory, never, resource, sqlite, t, type Store } from '../../src/index.ts'
import { SUBPROTOCOL } from '../../src/protocol/frames.ts'
import { slow } from '../../src/testing/slow-store.ts'
import { served } from '../speakers.ts'

const stores: [string, () => Store][] = [
  ['memory', () => memory()],
  ['a slow store', () => slow(memory())],
  ['sqlite', () => sqlite(':memory:')],
]

const model = () => ({
  user: resource({ id: t.id(), name: t.text() }).public(),
  project: resource({
    id: t.id(),
    title: t.text(),
    rank: t.integer().default(0),
    budget: t.integer().default(0),
    owner: t.one('user').nullable(),
    todos: t.back('todo', 'project', { ids: true }),
  }).rules(() => ({ read: always, write: always, fields: { budget: { read: never } } })),
  todo: resource({ id: t.id(), secret: t.bool(), project: t.one('project') }).rules((_, row) => ({
    read: row.secret.is(false),
  })),
})

const followed = [
  '/project',
  '/project/1',
  '/project?fields=title',
  '/project?depth=2',
  '/project?sort=-rank&limit=2',
  '/project?sort=-rank&limit=2&fields=title',
  '/project?owner.name=ann',
  '/project?owner.name=ann&fields=title',
]
const hidden: [string, (app: any) => Promise<unknown>][] = [
  ['a field', app => app.patch('project', 1, { budget: 7 })],
  ['a related row', app => app.post('todo', { secret: true, project: 1 })],
]

describe.each(stores)('over %s', (_, store) => {
  test.each(hidden)('%s that is hidden', async (_name, change) => {
    const app: any = api(model() as never, { store: store(), report: () => {}, authenticate: () => ({ id: 1 }) })
    await app.post('user', { name: 'ann' })
    await app.post('project', [
      { title: 'A', owner: 1 },
      { title: 'B', owner: 1 },
    ])
    const port = await served(app)
    const follow = async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/`, SUBPROTOCOL)
      onTestFinished(() => socket.terminate())
      const frames: any[] = []
      let wake = (): void => {}
      socket.on('message', text => {
        frames.push(JSON.parse(String(text)))
        wake()
      })
      await once(socket, 'open')
      for (const uri of followed) socket.send(JSON.stringify({ id: uri, op: 'subscribe', uri }))
      const of = (uri: string, op: string): any[] => frames.filter(frame => frame.sub === uri && frame.op === op)
      const all = async (op: string, uris: readonly string[]): Promise<void> => {
        while (uris.some(uri => of(uri, op).length === 0)) await new Promise<void>(resolve => (wake = resolve))
      }
      await all('snapshot', followed)
      return { of, all }
    }
    const patch = async (version: string): Promise<number> => {
      const headers = { 'content-type': 'application/json', 'if-match': `"${version}"` }
      const answer: Response = await app.fetch(
        new Request('http://x/project/1', { method: 'PATCH', headers, body: '{"rank":0}' }),
      )
      return answer.status
    }
    const lists = followed.filter(uri => uri !== '/project/1')
    const first = await follow()
    const versions = new Map(followed.map(uri => [uri, first.of(uri, 'snapshot')[0].versions]))
    await change(app)
    await app.patch('project', 2, { title: 'MARK' })
    await first.all('commit', lists)
    const tag = (await app.fetch(new Request('http://x/project/2'))).headers.get('etag')
    for (const uri of lists) {
      const commits = first.of(uri, 'commit')
      const told = commits.flatMap(({ events }) =>
        // Where related rows are shown, a part about them follows.
        events.map((event: any) => [event.kind, event.id, `"${event.version.split('.')[0]}"`]),
      )
      expect([uri, told]).toEqual([uri, [['change', 2, tag]]])
    }
    expect(first.of('/project/1', 'commit')).toEqual([])
    const second = await follow()
    for (const uri of followed) {
      expect([uri, second.of(uri, 'snapshot')[0].versions[0]]).toEqual([uri, versions.get(uri)[0]])
      expect(await patch(versions.get(uri)[0])).toBe(200)
    }
    // The position of the last change would tell of hidden ones, so that it is not taken for a version.
    const { position } = first.of('/project', 'commit')[0]
    const [epoch, last] = position.split('.')
    for (let seq = 1; seq <= Number(last); seq++) expect(await patch(`${epoch}.${seq}`)).toBe(412)
  })
})
