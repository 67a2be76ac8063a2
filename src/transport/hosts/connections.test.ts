import { EventEmitter } from 'node:events'
import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { boundConnections } from './connections.ts'

/** How many of so many connections from an address are let in. */
function admitted(address: string, many: number, proxies?: readonly string[]): number {
  const server = createServer()
  boundConnections(server, { connections: 100, connectionsPerAddress: 3 }, proxies)
  let refused = 0
  for (let i = 0; i < many; i++) {
    const socket = Object.assign(new EventEmitter(), {
      remoteAddress: address.replace('#', String(i)),
      destroy: () => refused++,
    })
    server.emit('connection', socket as never)
  }
  return many - refused
}

test.each([
  ['203.0.113.7', 3],
  ['2001:db8:0:1::#', 3],
  ['2001:db8:0:#::1', 5],
  ['::ffff:203.0.113.7', 3],
  ['127.0.0.1', 5],
  ['::1', 5],
  ['::ffff:127.0.0.1', 5],
  ['10.1.2.3', 5],
])('of five connections from %s, %i are let in', (address, wanted) =>
  expect(admitted(address, 5, ['10.0.0.0/8'])).toBe(wanted),
)

test('a connection that ends makes room', () => {
  const server = createServer()
  boundConnections(server, { connections: 100, connectionsPerAddress: 1 })
  const come = (): { socket: EventEmitter; isIn: () => boolean } => {
    let refused = false
    const socket = Object.assign(new EventEmitter(), { remoteAddress: '203.0.113.7', destroy: () => (refused = true) })
    server.emit('connection', socket as never)
    return { socket, isIn: () => !refused }
  }
  const first = come()
  expect([first.isIn(), come().isIn()]).toEqual([true, false])
  first.socket.emit('close')
  expect(come().isIn()).toBe(true)
})
