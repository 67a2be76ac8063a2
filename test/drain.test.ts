import { expect, onTestFinished, test } from 'vitest'
import { api } from '../src/api.ts'
import type { Principal } from '../src/engine/call/call.ts'
import { resource } from '../src/model/declare/resource.ts'
import { t } from '../src/schema/builder.ts'
import { serve, type ServeOptions } from '../src/serve.ts'
import { memory } from '../src/store/memory.ts'
import type { Store } from '../src/store/store.ts'
import { NativeClient } from '../src/testing/native-client.ts'

const note = resource({ id: t.id(), text: t.text() })

async function start(options: ServeOptions = {}, store: Store = memory()) {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>()
  const { promise: allowed, resolve: allow } = Promise.withResolvers<Principal>()
  const app = api(
    { note },
    {
      store,
      authenticate: credentials => {
        if (credentials.header('authorization') !== 'slow') return { id: 1 }
        arrive()
        return allowed
      },
      http: { log: () => {} },
    },
  )
  const served = await serve(app, { port: 0, signals: false, report: () => {}, ...options })
  onTestFinished(() => served.close())
  const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(served.url + path, init)
  return { served, ask, arrived, letIn: () => allow({ id: 1 }) }
}

test('a process that runs is live and ready', async () => {
  const { ask } = await start()
  for (const path of ['/health', '/health/live', '/health/ready']) {
    const answer = await ask(path)
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok' }])
    expect(answer.headers.get('cache-control')).toBe('no-store')
  }
})

test('without its store it is live, not ready', async () => {
  const inner = memory()
  let broken = false
  const store = new Proxy(inner, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target)
      if (name === 'read' && broken) {
        return () => {
          throw new Error('gone')
        }
      }
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  const { ask } = await start({}, store)
  broken = true
  expect((await ask('/health/live')).status).toBe(200)
  const ready = await ask('/health/ready')
  expect([ready.status, await ready.json()]).toEqual([503, { status: 'unavailable' }])
})

test('closing: readiness ends at once, requests are still answered, running ones finish', async () => {
  const { served, ask, arrived, letIn } = await start({ lead: 300 })
  const slow = ask('/note', {
    method: 'POST',
    headers: { authorization: 'slow', 'content-type': 'application/json' },
    body: '{"text":"late"}',
  })
  await arrived
  const closed = served.close()
  const ready = await ask('/health/ready')
  expect([ready.status, await ready.json()]).toEqual([503, { status: 'draining' }])
  const meanwhile = await ask('/note')
  expect(meanwhile.status).toBe(200)
  expect(meanwhile.headers.get('connection')).toBe('close')
  letIn()
  expect((await slow).status).toBe(201)
  await closed
  await expect(ask('/note')).rejects.toThrow()
})

test('closing: WebSocket clients are told, and do not delay the end', async () => {
  const { served } = await start()
  const clients = await Promise.all(['/', '/'].map(path => NativeClient.open(served.url.replace('http', 'ws') + path)))
  await served.close()
  for (const client of clients) expect((await client.whenClosed()).code).toBe(1012)
})
