import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Server } from 'socket.io'
import { io } from 'socket.io-client'
import { textFrame } from '../websocket/connection.ts'
import { bufferedBytes, CHECKED_WITH, idleStream, isFramed, queueFrames, type EngineConnection } from './engine-io.ts'

/** The version of a library as another one finds it. */
function installed(library: string, from: string): { readonly version: string; readonly path: string } {
  const path = createRequire(from).resolve(library)
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      if (name === library) return { version, path }
    } catch {
      // the next folder above may have it
    }
  }
}

test('the versions are those that were looked at', () => {
  const socketIo = installed('socket.io', import.meta.url)
  const engine = installed('engine.io', socketIo.path)
  const ws = installed('ws', engine.path)
  expect({ 'engine.io': engine.version, ws: ws.version }, 'look at engine-io.ts').toEqual(CHECKED_WITH)
})

/** A connection on the server, and what its client receives. */
async function connect(transport: 'websocket' | 'polling'): Promise<{ conn: EngineConnection; heard: unknown[] }> {
  const http = createServer()
  const server = new Server(http, { serveClient: false, perMessageDeflate: false })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const client = io(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, {
    transports: [transport],
    forceNew: true,
    reconnection: false,
  })
  onTestFinished(async () => {
    client.disconnect()
    await server.close()
  })
  const heard: unknown[] = []
  client.on('told', what => heard.push(what))
  const [[socket]] = await Promise.all([once(server, 'connection'), once(client as never, 'connect')])
  return { conn: socket.conn as EngineConnection, heard }
}

const packet = (what: number): string => `2["told",${what}]`

test('frames are written below the libraries where nothing waits, and in their place where something does', async () => {
  const { conn, heard } = await connect('websocket')
  await expect.poll(() => conn.writeBuffer.length).toBe(0)
  expect(isFramed(conn)).toBe(true)
  const stream = idleStream(conn)!
  expect([typeof stream.write, typeof stream.writableLength]).toEqual(['function', 'number'])
  stream.write(textFrame(`4${packet(1)}`))
  // The library's own packet is handed on at once, the next one has to wait until that was taken.
  conn.write(packet(2))
  conn.write(packet(3))
  queueFrames(conn, textFrame(`4${packet(4)}`))
  expect(idleStream(conn)).toBeNull()
  expect(bufferedBytes(conn)).toBeGreaterThanOrEqual(textFrame(`4${packet(4)}`).length + packet(3).length)
  await expect.poll(() => heard).toEqual([1, 2, 3, 4])
  expect([idleStream(conn) === stream, bufferedBytes(conn)]).toEqual([true, 0])
})

test('polling has no frames', async () => {
  const { conn } = await connect('polling')
  expect([isFramed(conn), bufferedBytes(conn)]).toEqual([false, 0])
})
