// The primary server is lost, and its replica had not got the last commits: that is told, never silent.
import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'
import { postgres } from '../../src/store/postgres/index.ts'
import {
  haltPostgres,
  hasPostgres,
  postgresFolder,
  promoteStandby,
  startPostgres,
  startStandby,
  stopPostgres,
} from '../../src/testing/postgres/postgres-server.ts'
import { runsWith } from '../system-programs.ts'
import { ask, nodesOf, type Resources } from './nodes.ts'

const SOCKET = '.s.PGSQL.5432'

/** A place to connect to that leads to one server first and to another one later, as the address of a cluster does. */
async function movableAddress(first: string): Promise<{ url: string; moveTo: (folder: string) => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'restuary-address-'))
  let target = first
  const open = new Set<Socket>()
  const server = createServer(client => {
    const upstream = createConnection(join(target, SOCKET))
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
      one.pipe(other)
    }
  }).listen(join(folder, SOCKET))
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const one of open) one.destroy()
    rmSync(folder, { recursive: true, force: true })
  })
  const moveTo = (folder: string): void => {
    target = folder
    for (const one of open) one.destroy()
  }
  return { url: `postgresql:///postgres?host=${folder}&user=postgres`, moveTo }
}

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('a failover to a replica', () => {
  test('that lost commits begins a term: what was lost is valid no more, and what was kept still is', async () => {
    const primary = postgresFolder()
    onTestFinished(() => stopPostgres(primary))
    await startPostgres(primary)
    const { url, moveTo } = await movableAddress(primary)
    const declare = (): Resources => ({ note: resource({ id: t.id(), text: t.text() }).public() })
    const [app] = await nodesOf(1, () => postgres(url, { readers: 2, poll: 50 }), declare, {
      http: { log: () => {}, changes: () => true },
    })
    const write = async (text: string): Promise<string> => {
      const made = await ask(app!, 'POST', '/note', { prefer: 'position', body: { text } })
      expect(made.status).toBe(201)
      return made.headers.get('position')!
    }
    const kept = await write('kept')
    const { headers } = await ask(app!, 'GET', '/note/1')
    const replica = await startStandby(primary)
    onTestFinished(() => stopPostgres(replica))
    // From now on, nothing gets through to it.
    haltPostgres(replica)
    const seen: string[] = []
    const stop = new AbortController()
    onTestFinished(() => stop.abort())
    const follow = async (): Promise<void> => {
      for await (const { rows } of app!.live('note', { signal: stop.signal }))
        seen.splice(0, Infinity, ...rows.map(row => (row as { text: string }).text))
    }
    void follow().catch(() => undefined)
    const lost = await write('lost')
    await expect.poll(() => seen).toEqual(['kept', 'lost'])
    const lostTag = (await ask(app!, 'GET', '/note/2')).headers.get('etag')!

    haltPostgres(primary)
    await promoteStandby(replica)
    moveTo(replica)

    const list = async (): Promise<unknown> => (await ask(app!, 'GET', '/note')).body
    await expect.poll(list).toMatchObject([{ text: 'kept' }])
    // Whoever follows is shown the state that is left.
    await expect.poll(() => seen).toEqual(['kept'])
    // Another row may get the id and the place in the log of the lost one. It is another one all the same.
    await expect.poll(() => write('new').catch(() => null)).not.toBeNull()
    const again = await ask(app!, 'GET', '/note/1', { 'if-none-match': headers.get('etag') })
    expect(again.status).toBe(304)
    const { body } = await ask(app!, 'GET', '/note?sort=-id&limit=1')
    const [{ id }] = body as [{ id: number }]
    const row = await ask(app!, 'GET', `/note/${id}`, { 'if-none-match': lostTag })
    expect(row.status).toBe(200)
    expect((await ask(app!, 'PATCH', `/note/${id}`, { 'if-match': lostTag, body: { text: 'x' } })).status).toBe(412)
    expect(app!.store.terms.seqOf(kept)).not.toBeNull()
    expect(app!.store.terms.seqOf(lost)).toBeNull()
    const resumed = await ask(app!, 'GET', `/changes?since=${lost}`)
    expect(resumed.status).toBe(410)
  })
})
