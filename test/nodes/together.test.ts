// What several nodes of one database agree on (docs/guide/many-nodes.md).
import { describe, expect, onTestFinished, test } from 'vitest'
import { action } from '../../src/model/declare/action.ts'
import { handled } from '../../src/model/declare/handled.ts'
import { job } from '../../src/model/declare/job.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'
import { ask, databases, nodesOf, type Resources } from './nodes.ts'

const note = (): Resources => ({ note: resource({ id: t.id(), text: t.text() }).public() })

const person = (): Resources => ({
  person: resource({ id: t.id(), name: t.text().unique(), password: t.password() }).login('name', 'password'),
  secret: resource({ id: t.id(), text: t.text() }),
})

describe.each(databases)('several nodes on %s', (_, make) => {
  test('of many at the same time, none is lost among several stores', async () => {
    const nodes = await nodesOf(3, await make(), note)
    const counts = await Promise.all(
      Array.from({ length: 90 }, async (_, i) => {
        // Not all in one turn, so that stores overlap.
        for (let turn = 0; turn < i % 7; turn++) await new Promise(resolve => void setImmediate(resolve))
        return nodes[i % 3]!.store.shared.update('count', text => {
          const value = Number(text ?? 0) + 1
          return { value, text: String(value) }
        })
      }),
    )
    expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 90 }, (_, i) => i + 1))
  })

  test('a page that one node began is continued by another', async () => {
    const [one, other] = await nodesOf(2, await make(), note)
    for (const text of ['a', 'b', 'c']) await one!.safe.create('note', { text })
    const first = await ask(one!, 'GET', '/note?limit=2')
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')![1]!
    const second = await ask(other!, 'GET', new URL(next, 'http://host').pathname + new URL(next, 'http://host').search)
    expect([second.status, second.body]).toMatchObject([200, [{ text: 'c' }]])
  })

  test('nodes that start at the same time make the first rows once', async () => {
    let runs = 0
    const seed = async (app: { create(name: string, data: unknown): Promise<unknown> }): Promise<void> => {
      runs++
      for (const text of ['a', 'b', 'c']) await app.create('note', { text })
    }
    const nodes = await nodesOf(3, await make(), note, { seed: seed as never })
    expect(runs).toBe(1)
    for (const node of nodes) expect(await node.list('note')).toHaveLength(3)
  })

  test('a token, and a ticket, of one node are good for another, and a ticket for one use', async () => {
    const [one, other] = await nodesOf(2, await make(), person)
    await one!.safe.create('person', { name: 'ann', password: 'correct horse' })
    const login = await ask(one!, 'POST', '/auth/token', { body: { name: 'ann', password: 'correct horse' } })
    expect(login.status).toBe(200)
    const authorization = `Bearer ${(login.body as { access_token: string }).access_token}`
    expect((await ask(other!, 'GET', '/secret', { authorization })).status).toBe(200)
    const { body } = await ask(one!, 'POST', '/auth/ticket', { authorization })
    const { ticket } = body as { ticket: string }
    const used = await Promise.allSettled(
      [one!, other!, one!, other!].map(node => node.engine.auth!.authenticateTicket(ticket)),
    )
    expect(used.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    // A session that one node has ended has ended everywhere, at once.
    expect((await ask(one!, 'POST', '/auth/logout', { authorization })).status).toBe(204)
    expect((await ask(other!, 'GET', '/secret', { authorization })).status).toBe(401)
  })

  test('failed logins are counted together', async () => {
    const nodes = await nodesOf(2, await make(), person, { auth: { attempts: { account: 3 } } })
    const [one] = nodes
    await one!.safe.create('person', { name: 'ann', password: 'correct horse' })
    const statuses: number[] = []
    for (let i = 0; i < 6; i++) {
      const answer = await ask(nodes[i % 2]!, 'POST', '/auth/token', { body: { name: 'ann', password: 'wrong one' } })
      statuses.push(answer.status)
    }
    expect(statuses).toEqual([401, 401, 401, 429, 429, 429])
  })

  test('a write with a key takes effect once', async () => {
    const nodes = await nodesOf(2, await make(), note)
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        ask(nodes[i % 2]!, 'POST', '/note', { 'idempotency-key': 'k', body: { text: 'a' } }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 201))
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    expect(await nodes[0]!.list('note')).toHaveLength(1)
  })

  test('an action with a key is not begun again by another node', async () => {
    const gate = Promise.withResolvers<string>()
    let runs = 0
    const declare = (): Resources => ({
      mail: resource({ id: t.id() })
        .actions({ send: action({ run: () => (runs++, gate.promise) }) })
        .public(),
    })
    const [one, other] = await nodesOf(2, await make(), declare)
    const first = ask(one!, 'POST', '/mail/send', { 'idempotency-key': 'k', body: {} })
    await expect.poll(() => runs).toBe(1)
    expect((await ask(other!, 'POST', '/mail/send', { 'idempotency-key': 'k', body: {} })).status).toBe(409)
    gate.resolve('sent')
    expect((await first).body).toBe('sent')
    expect((await ask(other!, 'POST', '/mail/send', { 'idempotency-key': 'k', body: {} })).body).toBe('sent')
    expect(runs).toBe(1)
  })

  test('a job runs on one node, and nobody takes it over while that node lives', async () => {
    const gate = Promise.withResolvers<string>()
    let runs = 0
    const declare = (): Resources => ({
      work: resource({ id: t.id() })
        .actions({ long: job(() => (runs++, gate.promise)) })
        .public(),
    })
    const makeStore = await make()
    const [one] = await nodesOf(1, makeStore, declare)
    const { result } = await one!.run('work', 'long')
    await expect.poll(() => runs).toBe(1)
    // A node that starts looks for jobs of dead ones.
    await nodesOf(2, makeStore, declare)
    gate.resolve('done')
    expect(await result).toBe('done')
    expect(runs).toBe(1)
  })

  test('what a hook for commits writes is written once, in order', async () => {
    const declare = (): Resources => ({
      sent: resource({ id: t.id(), text: t.text() }).public(),
      note: resource({ id: t.id(), text: t.text() })
        .public()
        .onCommit('mail', async (event, db) => {
          for (const { after } of event?.changes ?? []) await db.create('sent', { text: after!.text })
        }),
    })
    const nodes = await nodesOf(3, await make(), declare)
    const texts = Array.from({ length: 12 }, (_, i) => `n${i}`)
    for (const [i, text] of texts.entries()) await nodes[i % 3]!.safe.create('note', { text })
    const sent = async (): Promise<unknown[]> =>
      (await nodes[0]!.list('sent')).map(row => (row as { text: string }).text)
    await expect.poll(async () => (await sent()).length).toBeGreaterThanOrEqual(texts.length)
    // The other nodes get the chance to do it again.
    await Promise.all(nodes.map(node => node.safe.create('note', { text: 'last' })))
    await expect.poll(async () => (await sent()).length).toBeGreaterThanOrEqual(texts.length + 3)
    expect(await sent()).toEqual([...texts, 'last', 'last', 'last'])
  })

  test('subscribers hear what other nodes commit, in order, and resume on any of them', async () => {
    const [one, other] = await nodesOf(2, await make(), note)
    const stop = new AbortController()
    onTestFinished(() => stop.abort())
    const seen: string[] = []
    const following = (async () => {
      for await (const { rows } of other!.live('note', { signal: stop.signal }))
        seen.splice(0, Infinity, ...rows.map(row => (row as { text: string }).text))
    })().catch(() => undefined)
    await one!.safe.create('note', { text: 'a' })
    // Until it has begun, it would be told of everything at once.
    await expect.poll(() => seen).toEqual(['a'])
    // Several commits that come at once.
    await Promise.all(['b', 'c', 'd'].map(text => one!.safe.create('note', { text })))
    await expect.poll(() => seen).toEqual(['a', 'b', 'c', 'd'])
    stop.abort()
    await following
  })

  test('who has the position of a write reads it on any node', async () => {
    const nodes = await nodesOf(3, await make(), note)
    for (let i = 0; i < 9; i++) {
      const made = await ask(nodes[i % 3]!, 'POST', '/note', { prefer: 'position', body: { text: `n${i}` } })
      const min = made.headers.get('position')!
      const list = await ask(nodes[(i + 1) % 3]!, 'GET', `/note?sort=-id&limit=1`, { 'min-position': min })
      expect([list.status, list.body]).toMatchObject([200, [{ text: `n${i}` }]])
    }
  })

  test('writes to one list of a handled resource do not overlap', async () => {
    let inside = 0
    let most = 0
    const declare = (): Resources => ({
      ...note(),
      lamp: handled({
        '/lamps/<int:key>': {
          get: () => ({ on: true }),
          patch: async () => {
            most = Math.max(most, ++inside)
            await new Promise(resolve => void setImmediate(resolve))
            inside--
          },
        },
      }),
    })
    const nodes = await nodesOf(2, await make(), declare)
    const all = Array.from({ length: 8 }, (_, i) =>
      ask(nodes[i % 2]!, 'PATCH', `/lamps/${i % 3}`, { body: { on: false } }),
    )
    for (const { status } of await Promise.all(all)) expect(status).toBeLessThan(300)
    expect(most).toBe(1)
  })
})
