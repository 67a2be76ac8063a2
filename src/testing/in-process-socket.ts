import type { FrameSocket, SocketEvents } from '../transport/websocket/connection.ts'
import { textsIn } from '../transport/websocket/connection.ts'
import { Inbox } from './inbox.ts'

const silent: SocketEvents = {
  onText: () => {},
  onBinary: () => {},
  onPing: () => {},
  onClose: () => {},
  onDrain: () => {},
}

/** The server's end of a WebSocket whose client is in the same process, and takes everything at once. */
export class InProcessSocket implements FrameSocket {
  readonly subprotocol: string | null
  readonly heard: Inbox<string> = new Inbox()
  readonly buffered = 0
  isOpen = true
  events: SocketEvents = silent

  constructor(subprotocol: string | null) {
    this.subprotocol = subprotocol
  }

  write(bytes: Uint8Array): void {
    for (const text of textsIn(bytes)) this.heard.push(text)
  }

  close(reason: string, detail: string = reason): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.heard.end(new Error(`the connection was closed: ${detail}`))
    this.events.onClose()
  }

  pong(): void {}

  terminate(): void {
    this.close('terminated')
  }

  pause(): void {}

  resume(): void {}
}
