// Requests that do not arrive as they should, from a client that writes its own bytes.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { api } from '../../api.ts'
import { resource } from '../../model/declare/resource.ts'
import { t } from '../../schema/builder.ts'
import { handler, nodeServer } from './node.ts'

/** Sends bytes, and gives what comes back until the server closes the connection. */
async function exchange(bytes: string, requestTimeout?: number): Promise<string> {
  const app = api({ note: resource({ id: t.id(), text: t.text() }).public() }, { http: { log: () => {} } })
  await app.ready()
  const server = nodeServer(handler(app.engine, app.http), app.engine.limits, requestTimeout).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    await app.close()
  })
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  let told = ''
  socket.setEncoding('latin1').on('data', (part: string) => (told += part))
  socket.write(bytes)
  await once(socket, 'close')
  expect(await app.list('note')).toEqual([])
  return told
}

test.each([
  ['names no host', 'GET /note HTTP/1.1\r\nconnection: close\r\n\r\n', '400'],
  ['names two hosts', 'GET /note HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n', '400'],
  ['is of a version without hosts', 'GET /note HTTP/1.0\r\n\r\n', '200'],
])('a request that %s is answered', async (_, bytes, status) => {
  const told = await exchange(bytes)
  expect(told.split(' ')[1]).toBe(status)
  if (status !== '200') expect(told).toMatch(/content-type: application\/problem\+json.*[Hh]ost/s)
})

test('a body that does not arrive in time is refused, and its connection closed', async () => {
  const head = 'POST /note HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n'
  const told = await exchange(`${head}{"text":`, 200)
  expect(told).toMatch(/^HTTP\/1\.1 400 .*application\/problem\+json.*did not arrive in time/s)
})
