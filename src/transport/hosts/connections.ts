import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { Server } from 'node:http'
import { isIP, type Socket } from 'node:net'
import { networkOf } from '../../auth/login/attempts.ts'
import type { Limits } from '../../protocol/limits.ts'
import { networksOf } from '../http/request/client-address.ts'

/**
 * Limits how many connections a server has, altogether and per address (for IPv6, per /64). Further ones are closed without an
 * answer, because an answer would cost what the limit saves. This machine and trusted proxies speak for many clients, so they
 * are not limited.
 */
export function boundConnections(
  server: Server,
  limits: Pick<Limits, 'connections' | 'connectionsPerAddress'>,
  proxies: readonly string[] = [],
): void {
  server.maxConnections = limits.connections
  const most = limits.connectionsPerAddress
  const free = networksOf(proxies)
  free.addSubnet('127.0.0.0', 8, 'ipv4')
  free.addAddress('::1', 'ipv6')
  const open = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket
    if (remoteAddress === undefined) return
    const network = networkOf(remoteAddress)
    if (free.check(network, 'ipv4') || (isIP(remoteAddress) === 6 && free.check(remoteAddress, 'ipv6'))) return
    const count = open.get(network) ?? 0
    if (count >= most) return void socket.destroy()
    open.set(network, count + 1)
    socket.once('close', () => {
      const left = getOrThrow(open, network) - 1
      if (left > 0) open.set(network, left)
      else open.delete(network)
    })
  })
}
