// What is left of a node that has died, and nodes that start anew with another declaration (docs/guide/many-nodes.md).
import { describe, expect, test } from 'vitest'
import { action } from '../../src/model/declare/action.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'
import { ask, databases, nodesOf, type Resources } from './nodes.ts'

describe.each(databases)('several nodes on %s', (_, make) => {
  test('do not know what became of an action with a key whose node has died', async () => {
    const clock = { now: Date.now() }
    const gate = Promise.withResolvers<string>()
    let runs = 0
    const declare = (): Resources => ({
      mail: resource({ id: t.id() })
        .actions({ send: action({ run: () => (runs++, gate.promise) }) })
        .public(),
    })
    const makeStore = await make()
    const options = { clock: () => clock.now }
    const [one] = await nodesOf(1, makeStore, declare, options)
    const first = ask(one!, 'POST', '/mail/send', { 'idempotency-key': 'k', body: {} })
    await expect.poll(() => runs).toBe(1)
    // Its lease is over.
    clock.now += 60_000
    const [other] = await nodesOf(1, makeStore, declare, options)
    const again = await ask(other!, 'POST', '/mail/send', { 'idempotency-key': 'k', body: {} })
    expect([again.status, again.body]).toMatchObject([503, { error: 'outcome_unknown' }])
    expect(runs).toBe(1)
    gate.resolve('sent')
    await first
  })

  test('that start at the same time with a new field migrate once, and keep the rows', async () => {
    const makeStore = await make()
    const before = (): Resources => ({ note: resource({ id: t.id(), text: t.text() }).public() })
    const after = (): Resources => ({
      note: resource({ id: t.id(), text: t.text(), stars: t.integer().default(3) }).public(),
    })
    const [old] = await nodesOf(1, makeStore, before)
    for (const text of ['a', 'b']) await old!.safe.create('note', { text })
    await old!.close()
    const lines: string[] = []
    const nodes = await nodesOf(3, makeStore, after, { report: line => lines.push(line) })
    expect(lines.filter(line => line.includes('stars'))).toHaveLength(1)
    for (const [i, node] of nodes.entries()) {
      expect((await ask(node, 'POST', '/note', { body: { text: `n${i}`, stars: i } })).status).toBe(201)
      expect((await ask(node, 'GET', '/note?limit=2')).body).toMatchObject([
        { text: 'a', stars: 3 },
        { text: 'b', stars: 3 },
      ])
    }
  })
})
