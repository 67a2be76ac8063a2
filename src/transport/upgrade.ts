import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { NodeHandler } from './node.ts'

/** A face that takes connections over from node:http. */
export interface SocketFace {
  /** Whether a request with this target is for it. */
  owns(target: string): boolean
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Takes its plain requests, if it has any. */
  request?: NodeHandler
  /** Tells all clients, and disconnects them. */
  close(): Promise<void>
}

/** The listener of a server whose faces take requests of their own before the HTTP face. */
export function withFaces(faces: readonly SocketFace[], listener: NodeHandler): NodeHandler {
  const taking = faces.filter(face => face.request)
  if (taking.length === 0) return listener
  return (request, response) => {
    const face = taking.find(one => one.owns(request.url!))
    if (face) face.request!(request, response)
    else listener(request, response)
  }
}

/** Hands the upgrades of a server to the first face that owns their target; others are refused (RFC 9110 §7.8). */
export function takeUpgrades(server: Server, faces: readonly SocketFace[]): void {
  server.on('upgrade', (request, socket, head) => {
    const face = faces.find(one => one.owns(request.url!))
    if (face) return face.upgrade(request, socket, head)
    socket.on('error', () => {})
    socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
  })
}
