import { keepFrame } from './frames.ts'
import { settings } from './settings.ts'

const sockets = new Set<RecordedSocket>()
let last = 0
let heldUntil = 0

/** A WebSocket whose messages are kept as frames, in both directions. */
export class RecordedSocket extends WebSocket {
  /** Its number among the connections of the page. */
  readonly n: number = ++last

  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols)
    sockets.add(this)
    keepFrame({ carrier: 'ws', direction: 'out', of: this.n, head: 'open', text: [url, protocols].flat().join(' ') })
    this.addEventListener('message', ({ data }: MessageEvent<unknown>) => this.#keep('in', String(data)))
    this.addEventListener('close', ({ code, reason }) => {
      sockets.delete(this)
      keepFrame({ carrier: 'ws', direction: 'in', of: this.n, head: `close ${code}`, text: reason })
    })
    if (performance.now() < heldUntil) setTimeout(() => this.close())
  }

  override send(data: string): void {
    this.#keep('out', data)
    super.send(data)
  }

  #keep(direction: 'in' | 'out', text: string): void {
    keepFrame({ carrier: 'ws', direction, of: this.n, head: wordOf(text), text })
  }
}

/** What a message is. Only its ends are read, because a page may get thousands a second, and some are long. */
function wordOf(text: string): string {
  const ends = text.length > 2_000 ? text.slice(0, 1_000) + text.slice(-1_000) : text
  return /"op":"(\w+)"/.exec(ends)?.[1] ?? /"status":(\d+)/.exec(ends)?.[1] ?? 'message'
}

/** Cuts all connections, and lets none come back for some milliseconds. */
export function cutConnections(milliseconds: number): void {
  heldUntil = performance.now() + milliseconds
  for (const socket of sockets) socket.close()
}

/** The open socket with a number, else the newest that is open and speaks a subprotocol. */
export function openSocket(n: number, protocol: string): WebSocket | undefined {
  const open = [...sockets].filter(socket => socket.readyState === WebSocket.OPEN)
  return open.find(one => one.n === n) ?? open.findLast(one => one.protocol === protocol)
}

/** A `fetch` whose requests and answers are kept as frames, but for those in which the studio asks about the server. */
export const recordedFetch: typeof fetch = async (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input, location.href)
  if (url.pathname.startsWith(`${settings.studio}/`)) return fetch(input, init)
  const of = ++last
  const head = `${init?.method ?? 'GET'} ${url.pathname + readable(url.search)}`
  const sent = typeof init?.body === 'string' ? init.body : init?.body ? '(bytes)' : ''
  keepFrame({ carrier: 'http', direction: 'out', of, head, text: sent })
  const response = await fetch(input, init).catch((error: unknown) => {
    keepFrame({ carrier: 'http', direction: 'in', of, head: 'no answer', text: String(error) })
    throw error
  })
  const fields = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n')
  const type = response.headers.get('content-type') ?? ''
  const body = /json|text\/plain/.test(type) ? await response.clone().text() : ''
  keepFrame({
    carrier: 'http',
    direction: 'in',
    of,
    head: `${response.status} ${response.statusText}`,
    text: `${fields}\n\n${body}`,
  })
  return response
}

/** A query for people to read, which still means the same: what would end a value, or be taken for a space, stays as it is. */
function readable(query: string): string {
  try {
    return query
      .split(/(%(?:2[356B]|0[9AD])|\+)/i)
      .map((part, i) => (i % 2 ? part : decodeURIComponent(part)))
      .join('')
  } catch {
    return query
  }
}
