// The files of examples/nodes fit together, and the server that they start does what they expect of it.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { hasPostgres, startPostgres } from '../src/testing/postgres/postgres-server.ts'
import { natsProgram, NatsServer } from './fault/cluster.ts'
import { freePort } from './free-port.ts'
import { runsWith } from './system-programs.ts'

const folder = join(import.meta.dirname, '../examples/nodes')
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')

const dockerfile = read('Dockerfile')
const [deployment, service, budget] = parseAllDocuments(read('kubernetes.yaml')).map((one): any => one.toJS())
const compose: any = parse(read('compose.yaml'))
const unit = read('todo@.service')
const container = deployment.spec.template.spec.containers[0]

/** The variables that the server reads, PORT among them, which `serve` reads. */
const variables = ['PORT', 'NODE_ENV', ...read('server.ts').matchAll(/\b(DATABASE_URL|NATS_URL|HOST|LEAD)\b/g)].map(
  String,
)
const known = new Set(variables.map(one => one.split(',')[0]!))

describe('files for deploying', () => {
  test('set no variable that the server does not read', () => {
    const set = [
      ...Object.keys(compose.services.app.environment as object),
      ...(container.env as { name: string }[]).map(({ name }) => name),
      .../^ENV (.*)$/m
        .exec(dockerfile)![1]!
        .split(' ')
        .map(one => one.split('=')[0]!),
      .../^Environment=(.*)$/m
        .exec(unit)![1]!
        .split(' ')
        .map(one => one.split('=')[0]!),
    ]
    expect(set.filter(name => !known.has(name))).toEqual([])
  })

  test('name the same port, and labels that fit', () => {
    const port = Number(/^EXPOSE (\d+)$/m.exec(dockerfile)![1])
    expect(/PORT=(\d+)/.exec(dockerfile)![1]).toBe(String(port))
    expect(container.ports).toEqual([{ name: 'http', containerPort: port }])
    expect(read('Caddyfile')).toContain(`dynamic a app ${port} {`)
    expect(service.spec.ports[0].targetPort).toBe('http')
    const { labels } = deployment.spec.template.metadata
    for (const selector of [
      deployment.spec.selector.matchLabels,
      service.spec.selector,
      budget.spec.selector.matchLabels,
    ])
      expect(selector).toEqual(labels)
  })

  test('run three nodes without root, and let them finish', () => {
    expect([compose.services.app.deploy.replicas, deployment.spec.replicas]).toEqual([3, 3])
    expect(dockerfile).toMatch(/^USER node$/m)
    expect(deployment.spec.template.spec.securityContext.runAsNonRoot).toBe(true)
    // LEAD, and the ten seconds of `serve`.
    for (const seconds of [
      Number.parseInt(compose.services.app.stop_grace_period as string, 10),
      deployment.spec.template.spec.terminationGracePeriodSeconds as number,
      Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)![1]),
    ])
      expect(seconds).toBeGreaterThan(15)
    const images = Object.values(compose.services as Record<string, { image?: string }>).map(({ image }) => image)
    for (const image of images) if (image) expect(image).toMatch(/:\d/)
  })
})

interface Started {
  readonly child: ChildProcess
  readonly port: number
  readonly env: NodeJS.ProcessEnv
}

async function startServer(environment: Record<string, string>): Promise<Started> {
  const port = await freePort()
  const env = { ...process.env, LEAD: '0', PORT: String(port), ...environment }
  const child = spawn(process.execPath, [join(folder, 'server.ts')], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ready = Promise.withResolvers<void>()
  createInterface(child.stderr).on('line', line => line.startsWith('Restuary serves') && ready.resolve())
  child.once('exit', code => ready.reject(new Error(`the server ended with ${code}`)))
  await ready.promise
  return { child, port, env }
}

const hasBoth = hasPostgres() && natsProgram() !== undefined
describe.runIf(runsWith('PostgreSQL or nats-server', hasBoth, 'postgresql nats-server'))('the server', () => {
  test('shows what was written at another node, passes its health check, and ends at SIGTERM', async () => {
    const nats = await NatsServer.start()
    onTestFinished(() => nats.stop())
    const environment = { DATABASE_URL: await startPostgres(inject('postgresFolder')), NATS_URL: nats.url }
    const [one, other] = await Promise.all([startServer(environment), startServer(environment)])
    const made = await fetch(`http://127.0.0.1:${one.port}/todo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"text":"a"}',
    })
    expect(made.status).toBe(201)
    expect(await (await fetch(`http://127.0.0.1:${other.port}/todo`)).json()).toMatchObject([{ text: 'a' }])
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      const { path } = container[probe].httpGet as { path: string }
      expect((await fetch(`http://127.0.0.1:${one.port}${path}`)).status).toBe(200)
    }
    const [program, ...args] = JSON.parse(/CMD (\[.*\])$/m.exec(dockerfile)![1]!) as string[]
    expect(program).toBe('node')
    const check = async (): Promise<number> => {
      const child = spawn(process.execPath, args, { env: one.env, stdio: 'ignore' })
      return ((await once(child, 'exit')) as [number])[0]
    }
    expect(await check()).toBe(0)
    one.child.kill('SIGTERM')
    expect(await once(one.child, 'exit')).toEqual([0, null])
    expect(await check()).toBe(1)
  })
})
