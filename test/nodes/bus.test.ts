// Nodes hear of each other over a bus, which only hints: whatever it does, everything is right.
import { connect } from '@nats-io/transport-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Api } from '../../src/api.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'
import { serve } from '../../src/serve.ts'
import type { Bus } from '../../src/store/bus/bus.ts'
import { nats } from '../../src/store/bus/nats.ts'
import { hasPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { natsProgram, NatsServer } from '../fault/cluster.ts'
import { runsWith } from '../system-programs.ts'
import { nodesOf, sharedSchema, type Resources } from './nodes.ts'

/** Milliseconds between two looks at the log, so many that only a bus can be the reason if somebody hears of something. */
const NEVER = 600_000

const note = (): Resources => ({ note: resource({ id: t.id(), text: t.text() }).public() })

/** The texts of all notes, as somebody hears of them who follows them. */
async function follow(app: Api): Promise<string[]> {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const seen: string[] = []
  const first = Promise.withResolvers<void>()
  const run = async (): Promise<void> => {
    for await (const { rows } of app.live('note', { signal: stop.signal })) {
      seen.splice(0, Infinity, ...rows.map(row => (row as { text: string }).text))
      first.resolve()
    }
  }
  run().catch(() => undefined)
  await first.promise
  return seen
}

const write = (app: Api, text: string): Promise<unknown> => app.safe.create('note', { text })

async function natsServer(): Promise<NatsServer> {
  const server = await NatsServer.start()
  onTestFinished(() => server.stop())
  return server
}

const isConnected = async (bus: Bus, wanted = true): Promise<void> => {
  await expect.poll(() => bus.isConnected).toBe(wanted)
}

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('NOTIFY of PostgreSQL', () => {
  test('tells other nodes of commits at once', async () => {
    const [one, other] = await nodesOf(2, await sharedSchema({ poll: NEVER }), note)
    await expect.poll(() => one!.store.impaired ?? other!.store.impaired).toBeNull()
    const seen = await follow(other!)
    for (const text of ['a', 'b', 'c']) await write(one!, text)
    await expect.poll(() => seen).toEqual(['a', 'b', 'c'])
  })
})

describe('nats()', () => {
  test.each([[''], [[]], ['nats://a,,nats://b']])('refuses %j as servers', servers =>
    expect(() => nats(servers)).toThrow('name at least one server'),
  )
})

const hasBoth = hasPostgres() && natsProgram() !== undefined
describe.runIf(runsWith('PostgreSQL or nats-server', hasBoth, 'postgresql nats-server'))('a bus over NATS', () => {
  /** Two nodes with a bus each, connected. */
  async function nodesWith(server: NatsServer, poll: number): Promise<{ nodes: Api[]; buses: Bus[] }> {
    const buses = [nats(server.url), nats([server.url])]
    const make = await sharedSchema({ poll })
    const nodes = await Promise.all(buses.map(async bus => (await nodesOf(1, () => make({ bus }), note))[0]!))
    await Promise.all(buses.map(bus => isConnected(bus)))
    return { nodes, buses }
  }

  test('tells other nodes of commits at once', async () => {
    const { nodes } = await nodesWith(await natsServer(), NEVER)
    const seen = await follow(nodes[1]!)
    for (const text of ['a', 'b', 'c']) await write(nodes[0]!, text)
    await expect.poll(() => seen).toEqual(['a', 'b', 'c'])
  })

  test('does no harm, whatever it says', async () => {
    const server = await natsServer()
    const { nodes } = await nodesWith(server, 50)
    const seen = await follow(nodes[1]!)
    const stranger = await connect({ servers: server.url })
    onTestFinished(() => stranger.close())
    const subject = Promise.withResolvers<string>()
    stranger.subscribe('restuary.>', { callback: (_, message) => subject.resolve(message.subject) })
    await stranger.flush()
    await write(nodes[0]!, 'first')
    const told = await subject.promise
    const { epoch } = nodes[0]!.store.terms
    const texts = [
      '',
      'x',
      '{}',
      '\0',
      'abcdef.9007199254740993',
      'zzzzzz.1',
      `${epoch}.99999999`,
      `${epoch}.-1`,
      `${epoch}.0`,
      'é'.repeat(9_000),
    ]
    for (let i = 0; i < 3; i++) for (const text of texts) stranger.publish(told, text)
    await stranger.flush()
    for (const text of ['a', 'b', 'c']) await write(nodes[0]!, text)
    await expect.poll(() => seen).toEqual(['first', 'a', 'b', 'c'])
    for (const { store } of nodes) expect(store.terms.epoch).toBe(epoch)
    expect(await nodes[1]!.list('note')).toHaveLength(4)
  })

  test('may be away: changes are seen later, health says so, and it comes back', async () => {
    const server = await natsServer()
    const { nodes, buses } = await nodesWith(server, 50)
    const seen = await follow(nodes[1]!)
    const { url, close } = await serve(nodes[1]!, { port: 0, report: () => {} })
    onTestFinished(close)
    const health = async (): Promise<unknown> => (await fetch(`${url}/health/ready`)).json()
    expect(await health()).toEqual({ status: 'ok' })
    await server.stop()
    await isConnected(buses[1]!, false)
    expect(await health()).toEqual({ status: 'impaired', detail: expect.stringContaining('nats') as string })
    await write(nodes[0]!, 'a')
    await expect.poll(() => seen).toEqual(['a'])
    await server.start()
    await Promise.all(buses.map(bus => isConnected(bus)))
    expect(await health()).toEqual({ status: 'ok' })
    await write(nodes[0]!, 'b')
    await expect.poll(() => seen).toEqual(['a', 'b'])
  })

  test('need not be there when a node starts', async () => {
    const bus = nats('nats://127.0.0.1:1')
    const [node] = await nodesOf(1, await sharedSchema({ bus, poll: 50 }), note)
    expect(node!.store.impaired).toContain('nats')
    await write(node!, 'a')
    expect(await node!.list('note')).toHaveLength(1)
  })
})
