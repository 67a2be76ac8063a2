import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** How often connections are inspected within `stall`. */
const LOOKS = 3

/**
 * Closes HTTP connections whose client has taken nothing of what was written to it for about `stall` milliseconds. Otherwise a
 * client that sends requests and never reads would keep its answers in memory for good. Returns a function that stops it.
 * WebSockets are watched by their mailbox (live/subscriptions/backpressure.ts).
 */
export function cutSlowReaders(server: Server, stall: number): () => void {
  const open = new Map<Socket, { taken: number; looks: number }>()
  const connected = (socket: Socket): void => {
    open.set(socket, { taken: 0, looks: 0 })
    socket.once('close', () => open.delete(socket))
  }
  const look = (): void => {
    for (const [socket, seen] of open) {
      const waiting = socket.writableLength
      const taken = socket.bytesWritten - waiting
      seen.looks = waiting > 0 && taken === seen.taken ? seen.looks + 1 : 0
      seen.taken = taken
      if (seen.looks > LOOKS) socket.destroy()
    }
  }
  const timer = setInterval(look, stall / LOOKS)
  timer.unref()
  server.on('connection', connected).once('close', () => clearInterval(timer))
  return () => {
    clearInterval(timer)
    server.off('connection', connected)
  }
}
