import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { act, actions, api, mount, resource, t } from '../src/index.ts'

const version = (prefix: string, says: string) =>
  api(
    {
      todo: resource({ id: t.id(), text: t.text() }),
      hello: actions('Hello', null, { get: act(null, ({ ctx }) => ({ says, self: ctx.url('hello') })) }),
    },
    { http: { prefix } },
  )

test('versions side by side: each has its own rows and links, and answers only below its prefix', async () => {
  const [one, two, rest] = [version('/v1', 'one'), version('/v1/beta', 'two'), version('', 'rest')]
  const mounted = mount(one, two, rest)
  const ask = async (path: string, init?: RequestInit): Promise<[number, any]> => {
    const response = await mounted.fetch(new Request(`http://x${path}`, init))
    return [response.status, await response.json()]
  }
  expect(await ask('/v1/hello')).toEqual([200, { says: 'one', self: '/v1/hello' }])
  expect(await ask('/v1/beta/hello')).toEqual([200, { says: 'two', self: '/v1/beta/hello' }])
  expect(await ask('/hello?x')).toEqual([200, { says: 'rest', self: '/hello' }])
  expect((await ask('/v10/hello'))[0]).toBe(404)
  const made = await mounted.fetch(
    new Request('http://x/v1/todo', {
      method: 'POST',
      body: '{"text":"a"}',
      headers: { 'content-type': 'application/json' },
    }),
  )
  expect([made.status, made.headers.get('location')]).toEqual([201, '/v1/todo/1'])
  expect(await ask('/v1/beta/todo')).toEqual([200, []])
  expect(two.match('/v1/beta/todo/1')).toMatchObject({ target: 'todo', id: 1 })
  expect(() => mount(one, version('/v1/', 'again'))).toThrow(/"\/v1\/"/)

  const server = createServer(mounted.handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  expect(await (await fetch(`http://127.0.0.1:${port}/v1/beta/hello`)).json()).toMatchObject({ says: 'two' })
  server.close()
  await Promise.all([one.close(), two.close(), rest.close()])
})
