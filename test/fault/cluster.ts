// Nodes over one PostgreSQL database with NATS, each a process, behind a proxy; and what can go wrong with them.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  crashPostgres,
  postgresFolder,
  startPostgres,
  stopPostgres,
} from '../../src/testing/postgres/postgres-server.ts'
import { freePort } from '../free-port.ts'
import { seeded } from '../rules/seeded.ts'
import type { Target } from './live.ts'
import type { Planted } from './oracle-planted.ts'

export interface ClusterOptions {
  readonly nodes: number
  /** Decides which faults come in which order. */
  readonly seed: number
  readonly planted?: readonly Planted[]
}

/** A cluster, and how often each fault has happened. */
export interface Cluster extends Target {
  readonly struck: ReadonlyMap<string, number>
}

const NATS = ['/usr/sbin/nats-server', '/usr/local/bin/nats-server', '/usr/bin/nats-server']

/** The program of the NATS server; undefined if it is not installed. */
export const natsProgram = (): string | undefined => NATS.find(existsSync)

/** A NATS server that can be stopped and started on the same port. */
export class NatsServer {
  readonly port: number
  #child: ChildProcess | null = null

  private constructor(port: number) {
    this.port = port
  }

  static async start(): Promise<NatsServer> {
    const server = new NatsServer(await freePort())
    await server.start()
    return server
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    const child = spawn(natsProgram()!, ['-a', '127.0.0.1', '-p', `${this.port}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#child = child
    const ready = Promise.withResolvers<void>()
    createInterface(child.stderr).on('line', line => line.includes('Server is ready') && ready.resolve())
    child.once('exit', code => ready.reject(new Error(`nats-server ended with ${code}`)))
    ready.promise.catch(() => {})
    await ready.promise
  }

  async stop(): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  /** Stops its processor, as a network partition does, for some milliseconds. */
  async hang(milliseconds: number): Promise<void> {
    this.#child?.kill('SIGSTOP')
    await sleep(milliseconds)
    this.#child?.kill('SIGCONT')
  }
}

interface Node {
  readonly child: ChildProcess
  readonly port: number
}

export async function startCluster({ nodes: count, seed, planted = [] }: ClusterOptions): Promise<Cluster> {
  const folder = postgresFolder()
  const database = await startPostgres(folder)
  const bus = await NatsServer.start()
  const args = [join(import.meta.dirname, 'nodes-server.ts'), database, 'cluster', bus.url, JSON.stringify(planted)]
  const nodes: Node[] = await Promise.all(Array.from({ length: count }, () => startNode(args)))
  const proxy = await startProxy(() => nodes.map(node => node.port))
  const random = seeded(seed)
  const struck = new Map<string, number>()
  const any = (): number => Math.floor(random() * nodes.length)
  const faults: Readonly<Record<string, () => Promise<void>>> = {
    'a node is killed': async () => {
      const at = any()
      nodes[at]!.child.kill('SIGKILL')
      nodes[at] = await startNode(args)
    },
    'PostgreSQL crashes': () => crashPostgres(folder),
    'NATS stops for a while': async () => {
      await bus.stop()
      await sleep(1_000 + 1_000 * random())
      await bus.start()
    },
    'NATS hangs': () => bus.hang(500 + 1_500 * random()),
    'a node hangs': async () => {
      const { child } = nodes[any()]!
      child.kill('SIGSTOP')
      await sleep(200 + 2_000 * random())
      child.kill('SIGCONT')
    },
    'a subscriber does not read': async () => {
      const socket = createConnection(nodes[any()]!.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write('GET /item HTTP/1.1\r\nhost: x\r\nx-user: 9\r\naccept: text/event-stream\r\n\r\n')
      socket.pause()
      setTimeout(() => socket.destroy(), 5_000).unref()
    },
  }
  const names = Object.keys(faults)
  let turn = 0
  return {
    struck,
    port: () => proxy.port,
    strike: async () => {
      // Each fault comes once before chance decides.
      const name = turn < names.length ? names[turn]! : names[Math.floor(random() * names.length)]!
      turn++
      struck.set(name, (struck.get(name) ?? 0) + 1)
      await faults[name]!()
    },
    close: async () => {
      proxy.close()
      for (const { child } of nodes) child.kill('SIGKILL')
      await bus.stop()
      stopPostgres(folder)
    },
  }
}

async function startNode(args: readonly string[]): Promise<Node> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = once(child, 'exit').then(([code]) => Promise.reject(new Error(`a node ended with ${code as number}`)))
  gone.catch(() => {})
  const [url] = (await Promise.race([once(createInterface(child.stdout), 'line'), gone])) as [string]
  return { child, port: Number(new URL(url).port) }
}

/** Passes connections on, each to the next node that takes it. */
async function startProxy(ports: () => readonly number[]): Promise<{ port: number; close: () => void }> {
  let next = 0
  const open = new Set<Socket>()
  const server = createServer(client => {
    const all = ports()
    const upstream = createConnection(all[next++ % all.length]!, '127.0.0.1')
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close()
      for (const one of open) one.destroy()
    },
  }
}
