import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Looks in the time that a connection may take nothing. */
const LOOKS = 3

/**
 * Cuts connections that take nothing of what was written to them for about `stall` milliseconds: whoever asks and never
 * reads would else hold its answers in memory for good. Returns how to stop.
 */
export function cutStalled(server: Server, stall: number): () => void {
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
