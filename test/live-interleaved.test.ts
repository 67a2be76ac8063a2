// What falls between the turns of live queries: subscriptions that end while a step is sent, positions within a commit.
import { expect, test } from 'vitest'
import { api, memory, resource, sqlite, t, type Store } from '../src/index.ts'
import type { Subscription } from '../src/live/subscriptions/subscription.ts'
import { slow } from '../src/testing/slow-store.ts'
import { Client } from './property/live-oracle/client.ts'
import { callFor, type Asked } from './property/live-oracle/random-query.ts'

const stores: [string, () => Store][] = [
  ['memory', () => memory()],
  ['a slow store', () => slow(memory())],
  ['sqlite', () => sqlite(':memory:')],
]

const id = t.id('integer', { client: true })
const model = {
  user: resource({ id }),
  list: resource({ id, readers: t.many('user') }),
  todo: resource({ id, text: t.text().default(''), list: t.one('list') }),
}
const read: Asked = { resource: 'todo', query: { filter: { list: { readers: { $some: { id: 1 } } } } } }

// Names of resources are data here.
const opened = (store: Store): any => api(model, { store, limits: { turn: 0 }, report: () => {} })

function follow(app: any, client: Client, since: string | null = null): Promise<Subscription> {
  return app.http.live.subscribe(callFor(app.engine, client.asked), client, { since })
}

function clientOf(app: any, asked: Asked): Client {
  return new Client({ ...asked, mode: 'every' }, app.model.resources.get(asked.resource))
}

async function bodies(app: any, { resource, query }: Asked): Promise<string[]> {
  return (await app.list(resource, query)).map((row: unknown) => JSON.stringify(row))
}

const turn = (): Promise<void> => new Promise(resolve => void setImmediate(resolve))

test.each(stores)('over %s, what the last subscription read of a step is not taken for what is', async (_, store) => {
  for (let turns = 0; turns < 20; turns++) {
    const app = opened(store())
    await app.put('user', 1, {})
    await app.put('list', 1, { readers: [1] })
    await app.put('todo', 1, { list: 1 })
    const first = clientOf(app, read)
    first.subscription = await follow(app, first)
    await app.patch('todo', 1, { text: 'sent in several turns' })
    for (let i = 0; i < turns; i++) await turn()
    app.http.live!.unsubscribe(first.subscription)
    // Nobody hears of this.
    await app.patch('list', 1, { readers: [] })
    const second = clientOf(app, read)
    await follow(app, second)
    await app.patch('todo', 1, { text: 'hidden' })
    await app.http.live!.advance()
    expect([second.bodies, second.faults]).toEqual([[], []])
    await app.close()
  }
})

test.each(stores)('over %s, whoever resumes from within a commit has what GET shows', async (_, store) => {
  const app = opened(store())
  await app.put('user', 1, {})
  await app.put('list', 1, { readers: [1] })
  const from = await app.http.live!.now()
  await app.transaction(async (tx: any) => {
    for (const key of [1, 2, 3]) await tx.put('todo', key, { list: 1, text: `${key}` })
    await tx.put('list', 2, {})
    await tx.patch('todo', 2, { list: 2 })
  })
  const [epoch, seq] = from.split('.')
  const queries: Asked[] = [
    { resource: 'todo', query: {} },
    read,
    { resource: 'todo', query: { sort: '-text', limit: 2 } },
    { resource: 'todo', query: { depth: 2 } },
  ]
  for (const asked of queries)
    for (let within = 0; within <= 4; within++) {
      const client = clientOf(app, asked)
      // As if it had seen nothing of the commit.
      client.position = Number(seq) + within
      await follow(app, client, `${epoch}.${client.position}`)
      const told = client.entries.length > 0 ? client.bodies : null
      if (told) expect(told, `${JSON.stringify(asked)} from ${within}`).toEqual(await bodies(app, asked))
    }
  await app.close()
})
