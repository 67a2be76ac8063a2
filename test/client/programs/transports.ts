// The ways of live queries that the random programs go.
import { io } from 'socket.io-client'
import type { ClientOptions } from '../../../src/client/index.ts'
import type { Network } from './network.ts'

export const transports: Readonly<Record<string, (network: Network) => ClientOptions>> = {
  'restuary.1': () => ({}),
  'Server-Sent Events': () => ({ transport: 'sse' }),
  'Socket.IO': network => ({
    transport: 'socketio',
    io: (url, options) => {
      const socket = io(url, {
        ...options,
        transports: ['websocket'],
        reconnectionDelay: 20,
        reconnectionDelayMax: 100,
      })
      const manager = socket.io
      // While the network is down, a connection ends as soon as it is open. It is not reported as closed while it opens.
      manager.on('open', () => setTimeout(() => network.isDown && manager.engine.close()))
      network.onCut(() => manager._readyState === 'open' && manager.engine.close())
      return socket
    },
  }),
}
