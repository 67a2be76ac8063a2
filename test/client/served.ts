// A server for the tests of the client, and clients that end with the test.
import { io } from 'socket.io-client'
import { onTestFinished } from 'vitest'
import { client, type Client, type ClientOptions } from '../../src/client/index.ts'
import type { Api } from '../../src/index.ts'
import { served } from '../speakers.ts'

/** Serves an API for the rest of the test. Gives its URL. */
export async function urlOf(app: Api): Promise<string> {
  return `http://127.0.0.1:${await served(app)}`
}

const sockets = new WeakMap<object, Set<WebSocket>>()

/** A client for the rest of the test. */
export function clientAt<A>(url: string, options: ClientOptions = {}): Client<A> {
  const open = new Set<WebSocket>()
  class Recorded extends WebSocket {
    constructor(...given: ConstructorParameters<typeof WebSocket>) {
      super(...given)
      open.add(this)
      this.addEventListener('close', () => open.delete(this))
    }
  }
  const made = client<A>(url, { WebSocket: Recorded, ...options })
  sockets.set(made, open)
  onTestFinished(() => (made as { $close(): void }).$close())
  return made
}

/** Cuts the connections of a client. */
export function cut(made: object): void {
  for (const socket of sockets.get(made) ?? []) socket.close()
}

/** A client over Socket.IO, and what cuts its connection. */
export function overSocketIo(): { readonly options: ClientOptions; cut(): void } {
  const open = new Set<ReturnType<typeof io>>()
  const connect = (url: string, options: object): ReturnType<typeof io> => {
    const socket = io(url, { ...options, transports: ['websocket'], reconnectionDelay: 50, reconnectionDelayMax: 100 })
    open.add(socket)
    return socket
  }
  return {
    options: { transport: 'socketio', io: connect },
    cut: () => open.forEach(socket => socket.io.engine.close()),
  }
}

/** A client over Server-Sent Events, and what cuts its streams. */
export function overStreams(): { readonly options: ClientOptions; cut(): void } {
  const open = new Set<AbortController>()
  const send: typeof fetch = (url, init) => {
    const cutting = new AbortController()
    open.add(cutting)
    const signals = [cutting.signal, ...(init?.signal ? [init.signal] : [])]
    return fetch(url, { ...init, signal: AbortSignal.any(signals) })
  }
  return {
    options: { transport: 'sse', fetch: send },
    cut: () => {
      open.forEach(one => one.abort())
      open.clear()
    },
  }
}
