import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { attachFaces, type Faces, type SocketApi } from '../../src/transport/hosts/faces.ts'
import { handler, nodeServer } from '../../src/transport/hosts/node.ts'

/** An Api on a port, sockets included. */
export interface SocketServer {
  /** `127.0.0.1:49152` */
  readonly authority: string
  readonly faces: Faces
  /** Resolves when all subscribers have been told about everything that is committed. */
  told(): Promise<void>
  close(): Promise<void>
}

/** Serves an Api on any free port of this machine, until it is closed. */
export async function serveSockets(
  app: SocketApi & { ready(): Promise<unknown>; close(): Promise<void> },
): Promise<SocketServer> {
  await app.ready()
  const server = nodeServer(handler(app.engine, app.http), app.engine.limits)
  const faces = attachFaces(server, app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    authority: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    faces,
    told: async () => app.http.live?.advance(),
    close: async () => {
      await faces.close()
      server.closeAllConnections()
      server.close()
      await app.close()
    },
  }
}
