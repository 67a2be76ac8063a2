import { io, type Socket } from 'socket.io-client'
import { seqOf } from './call.ts'
import { Listening } from './live-ears.ts'
import type { HeardEvent } from './live-history.ts'
import type { ItemRow } from './live-state.ts'

/** Follows a list on Socket.IO with options, so that it gets positions and can resume. */
export class SocketIoEar extends Listening {
  #socket: Socket | null = null
  #rows = new Map<number, ItemRow>()

  protected connect(): void {
    const socket = io(`http://127.0.0.1:${this.port()}`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      extraHeaders: this.headers,
    })
    this.#socket = socket
    const since = this.last
    let isBegun = since === null
    let open: HeardEvent[] = []
    /** Before the first event, and before the answer if there is none: it continues. */
    const begin = (): void => {
      if (!isBegun) this.hear({ kind: 'resumed', position: seqOf(since!) }, since)
      isBegun = true
    }
    const take = (event: HeardEvent, position: string | undefined): void => {
      begin()
      open.push(event)
      if (event.data) this.#rows.set(event.id, event.data)
      else this.#rows.delete(event.id)
      if (position === undefined) return
      this.hear({ kind: 'commit', position: seqOf(position), events: open }, position)
      open = []
    }
    socket.on('state', ({ resource, position }) => {
      isBegun = true
      this.#rows = new Map(resource.map((row: ItemRow) => [row.id, row]))
      this.hear({ kind: 'snapshot', position: seqOf(position), rows: resource }, position)
    })
    socket.on('create', ({ id, resource, position }) => {
      take({ kind: 'enter', id, seq: null, data: resource }, position)
    })
    socket.on('patch', ({ id, patch, position }) => {
      take({ kind: 'change', id, seq: null, data: { ...this.#rows.get(id), ...patch } }, position)
    })
    for (const event of ['leave', 'delete'])
      socket.on(event, ({ id, position }) => take({ kind: 'leave', id, seq: null, data: null }, position))
    socket.on('connect', () => {
      socket.emit('subscribe', this.view.uri, since === null ? {} : { since }, ({ status }: { status: number }) => {
        if (status === 200) begin()
        else socket.disconnect()
      })
    })
    socket.on('disconnect', () => this.again())
    socket.on('connect_error', () => this.again())
  }

  cut(): void {
    this.#socket?.io.engine.close()
  }
}
