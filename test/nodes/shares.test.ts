// What nodes of one database spend, keep and count together, and what each has for itself (docs/guide/many-nodes.md).
import { describe, expect, test } from 'vitest'
import { entering, LEASE } from '../../src/engine/files/ledger.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'
import type { FileStore } from '../../src/store/files.ts'
import { wait } from '../../src/store/work.ts'
import { ask, databases, nodesOf, type Resources } from './nodes.ts'

/** Files that all nodes reach, and their keys. */
function sharedFiles(): FileStore & { readonly bytes: Map<string, Buffer> } {
  const bytes = new Map<string, Buffer>()
  return {
    bytes,
    write: async (key, chunks) => {
      const all: Uint8Array[] = []
      for await (const chunk of chunks) all.push(chunk)
      bytes.set(key, Buffer.concat(all))
    },
    read: async (key, start, end) => {
      const found = bytes.get(key)
      return found === undefined ? null : oneOf(found.subarray(start, end + 1))
    },
    remove: async key => void bytes.delete(key),
  }
}

async function* oneOf(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk
}

const photo = (): Resources => ({ photo: resource({ id: t.id(), name: t.text(), picture: t.file() }).public() })

describe.each(databases)('several nodes on %s', (kind, make) => {
  test('a budget is spent by all nodes together where a server has it, and by each process over a file', async () => {
    const limited = (): Resources => ({
      note: resource({ id: t.id() }, { rateLimit: { quota: 3, window: 3_600, by: 'everyone' } }).public(),
    })
    const [one, other] = await nodesOf(2, await make(), limited)
    const statuses: number[] = []
    for (const node of [one!, other!, one!, other!, one!, other!])
      statuses.push((await ask(node, 'GET', '/note')).status)
    expect(statuses).toEqual(kind === 'SQLite' ? [200, 200, 200, 200, 200, 200] : [200, 200, 200, 429, 429, 429])
    const { status, headers, body } = await ask(other!, 'GET', '/note')
    if (kind === 'SQLite') expect((await ask(one!, 'GET', '/note')).status).toBe(429)
    expect([status, body]).toMatchObject([429, { 'violated-policies': ['note'] }])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(1_000)
  })

  test('a file that one node has received is served, replaced and removed by another', async () => {
    const files = sharedFiles()
    const [one, other] = await nodesOf(2, await make(), photo, { files })
    await one!.safe.create('photo', { name: 'a' })
    const put = (node: typeof one, text: string): Promise<Response> =>
      node!.fetch(
        new Request('http://host/photo/1/picture', {
          method: 'PUT',
          body: text,
          headers: { 'content-type': 'text/plain' },
        }),
      )
    expect((await put(one, 'first')).status).toBe(201)
    expect(await (await other!.fetch(new Request('http://host/photo/1/picture'))).text()).toBe('first')
    expect((await put(other, 'second')).status).toBe(200)
    expect(await (await one!.fetch(new Request('http://host/photo/1/picture'))).text()).toBe('second')
    // The bytes that no row has any more go, whichever node is first.
    await expect.poll(() => [...files.bytes.values()].map(String)).toEqual(['second'])
    expect((await ask(one!, 'DELETE', '/photo/1')).status).toBe(204)
    await expect.poll(() => files.bytes.size).toBe(0)
  })

  test('what a dead node was receiving is removed by the others when its time is over, and not before', async () => {
    const files = sharedFiles()
    const nodes = await nodesOf(2, await make(), photo, { files })
    const [one] = nodes
    const [dead, running] = ['d', 'e'].map(digit => digit.repeat(32)) as [string, string]
    const ledger = one!.engine.model.resources.get('_file')!
    for (const key of [dead, running]) files.bytes.set(key, Buffer.from(key))
    await one!.store.write(tx =>
      wait(tx.apply([entering(ledger, dead, Date.now() - 1), entering(ledger, running, Date.now() + LEASE)], [])),
    )
    await expect.poll(() => [...files.bytes.keys()]).toEqual([running])
    const where = { kind: 'constant', value: true } as const
    for (const node of nodes) {
      const entries = async (): Promise<unknown[]> =>
        (
          await node.store.read(snapshot =>
            wait(
              snapshot.select(node.engine.model.resources.get('_file')!, {
                where,
                sort: [],
                limit: 10,
                offset: 0,
                cursor: null,
              }),
            ),
          )
        ).map(([id]) => id)
      await expect.poll(entries).toEqual([running])
    }
  })

  test('metrics are those of the node that is asked', async () => {
    const note = (): Resources => ({ note: resource({ id: t.id() }).public() })
    const nodes = await nodesOf(2, await make(), note, { http: { metrics: true, log: () => {} } })
    for (const node of [nodes[0]!, nodes[0]!, nodes[1]!]) await ask(node, 'GET', '/note')
    const counts = await Promise.all(
      nodes.map(async node => {
        const text = await (await node.fetch(new Request('http://host/metrics'))).text()
        return /^restuary_http_requests_total\{method="GET",route="\/note",status="200"\} (\d+)$/m.exec(text)?.[1]
      }),
    )
    expect(counts).toEqual(['2', '1'])
  })
})
