import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { api, memory, resource, t } from '../../index.ts'
import { handler, nodeServer } from './node.ts'

test.each([
  ['is no HTTP', 'nonsense\r\n\r\n'],
  ['asks for a tunnel', 'CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n'],
])('a connection that %s gets a problem and is closed, even if the client keeps its half open', async (_, text) => {
  const app = api({ note: resource({ id: t.id(), text: t.text() }).public() }, { store: memory() })
  const server = nodeServer(handler(app.engine, app.http), app.engine.limits)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect({ port: (server.address() as AddressInfo).port, allowHalfOpen: true })
  onTestFinished(async () => {
    client.destroy()
    server.close()
    await app.close()
  })
  const [served] = await Promise.all([once(server, 'connection'), once(client, 'connect')])
  let heard = ''
  client.setEncoding('utf8').on('data', chunk => (heard += chunk))
  client.write(text)
  await once(served[0], 'close')
  expect(heard).toMatch(/^HTTP\/1.1 4\d\d .*"error":/s)
})
