import { WebSocket } from 'ws'
import { Listening } from './live-ears.ts'

/** Follows the whole stream of items on the envelope, and then reads all rows. There are no positions. */
export class EnvelopeEar extends Listening {
  #socket: WebSocket | null = null

  protected connect(): void {
    const socket = new WebSocket(`ws://127.0.0.1:${this.port()}/`, { headers: this.headers, perMessageDeflate: false })
    this.#socket = socket
    const send = (payload: object): void => socket.send(JSON.stringify({ stream: 'item', payload }))
    socket.on('error', () => {})
    socket.on('close', () => this.again())
    socket.on('open', () => {
      for (const action of ['create', 'update', 'delete'])
        send({ action: 'subscribe', data: { action }, request_id: action })
      send({ action: 'list', data: {}, request_id: 'list' })
    })
    socket.on('message', data => {
      const { payload } = JSON.parse((data as Buffer).toString())
      if (payload.response_status >= 400) return socket.terminate()
      if (payload.request_id === 'list') return this.hear({ kind: 'read', rows: payload.data }, null)
      if (payload.pk === undefined) return
      const kinds = { create: 'enter', update: 'change', delete: 'leave' } as const
      const kind = kinds[payload.action as keyof typeof kinds]
      const event = { kind, id: payload.pk, seq: null, data: kind === 'leave' ? null : payload.data }
      this.note({ kind: 'pushed', event })
    })
  }

  cut(): void {
    this.#socket?.terminate()
  }
}
