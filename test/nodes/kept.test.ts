// What a node keeps for itself follows what the others commit, and ids are nobody's alone (docs/guide/many-nodes.md).
import { describe, expect, onTestFinished, test } from 'vitest'
import { handled } from '../../src/model/declare/handled.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'
import { ask, databases, nodesOf, type Resources } from './nodes.ts'

const note = (): Resources => ({ note: resource({ id: t.id(), text: t.text() }).public() })

describe.each(databases)('several nodes on %s', (_, make) => {
  test('a row and a list that one node has kept are read anew when another has changed them', async () => {
    const [one, other] = await nodesOf(2, await make(), note)
    await one!.safe.create('note', { text: 'first' })
    for (let i = 0; i < 3; i++) {
      // The second time a node has them at hand.
      for (let turn = 0; turn < 2; turn++) {
        await ask(other!, 'GET', '/note/1')
        await ask(other!, 'GET', '/note')
      }
      const body = { text: `n${i}` }
      const changed = await ask(one!, 'PATCH', '/note/1', { prefer: 'position', body })
      const min = { 'min-position': changed.headers.get('position')! }
      expect((await ask(other!, 'GET', '/note/1', min)).body).toMatchObject(body)
      expect((await ask(other!, 'GET', '/note', min)).body).toMatchObject([body])
    }
    expect((await ask(one!, 'DELETE', '/note/1')).status).toBe(204)
    await expect.poll(async () => (await ask(other!, 'GET', '/note/1')).status).toBe(404)
    expect((await ask(other!, 'GET', '/note')).body).toEqual([])
  })

  test('what one node publishes at a URI is told to those who follow it on another', async () => {
    const declare = (): Resources => ({
      ...note(),
      lamp: handled({ '/lamps/<int:key>': { get: () => ({ on: false }) } }),
    })
    const [one, other] = await nodesOf(2, await make(), declare)
    const stop = new AbortController()
    onTestFinished(() => stop.abort())
    const { body } = await other!.fetch(
      new Request('http://host/lamps/1', { headers: { accept: 'text/event-stream' }, signal: stop.signal }),
    )
    const events = body!.getReader()
    const decoder = new TextDecoder()
    let text = ''
    const hear = async (part: string): Promise<void> => {
      while (!text.includes(part)) text += decoder.decode((await events.read()).value, { stream: true })
    }
    await hear('"on":false')
    await one!.publish('/lamps/1', { patch: { on: true } })
    await hear('"on":true')
  })

  test('ids that nodes give at the same time are different', async () => {
    const nodes = await nodesOf(3, await make(), note)
    const made = await Promise.all(
      Array.from({ length: 30 }, (_, i) => ask(nodes[i % 3]!, 'POST', '/note', { body: { text: 'a' } })),
    )
    expect(new Set(made.map(({ body }) => (body as { id: number }).id)).size).toBe(30)
  })
})
