// Runs in browsers, as text that is served. See scripts/browser.ts.
import { byId, h, jsonView, show } from './element.ts'
import { page, baseOf } from './schema.ts'

const mostFrames = 300
let stop: (() => void) | null = null

/** Follows a URI in the panel below. */
export function followLive(uri: string): void {
  const input = byId('live-uri') as HTMLInputElement
  input.value = uri
  start()
}

/** Gives the panel its life. `example` is a URI of this API, for who does not know what to write. */
export function setUpLive(example: string): void {
  ;(byId('live-uri') as HTMLInputElement).placeholder = example
  byId('live-form').addEventListener('submit', event => {
    event.preventDefault()
    if (stop) end('stopped')
    else start()
  })
  byId('live-toggle').addEventListener('click', () => byId('live').classList.toggle('open'))
  byId('live-clear').addEventListener('click', () => show(byId('frames')))
}

function start(): void {
  stop?.()
  byId('live').classList.add('open')
  const input = byId('live-uri') as HTMLInputElement
  // Who writes nothing follows what is proposed.
  const uri = input.value.trim() || input.placeholder
  input.value = uri
  const carrier = (byId('live-carrier') as HTMLSelectElement).value
  byId('live-go').textContent = 'Stop'
  say('connecting …')
  stop = carrier === 'ws' ? overWebSocket(uri) : overEvents(uri)
}

function end(why: string): void {
  stop?.()
  stop = null
  byId('live-go').textContent = 'Follow'
  say(why)
}

function say(text: string): void {
  byId('live-state').textContent = text
}

/** Shows a frame, the latest first; old ones go. */
function frame(name: string, data: unknown, position: string): void {
  const frames = byId('frames')
  const time = new Date().toISOString().slice(11, 23)
  frames.prepend(
    h(
      'li',
      { class: `frame ${/^[a-z]+$/.test(name) ? name : ''}` },
      h('div', { class: 'frame-head' }, h('b', {}, name), h('span', {}, position), h('time', {}, time)),
      data === undefined ? null : jsonView(data),
    ),
  )
  while (frames.childElementCount > mostFrames) frames.lastElementChild!.remove()
}

function bearer(): Record<string, string> {
  if (page.token === '') return {}
  return { authorization: /^\w+ /.test(page.token) ? page.token : `Bearer ${page.token}` }
}

/** Server-Sent Events by `fetch`, which can send a token. */
function overEvents(uri: string): () => void {
  const abort = new AbortController()
  const headers = { accept: 'text/event-stream', ...bearer() }
  const path = uri.startsWith('/') ? uri : `/${uri}`
  const read = async (): Promise<void> => {
    const response = await fetch(baseOf() + path, { headers, signal: abort.signal })
    if (!response.ok || !response.body) {
      frame(`refused ${response.status}`, parsed(await response.text()), '')
      return end(`refused: ${response.status}`)
    }
    say('connected by Server-Sent Events')
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return end('the server has ended it')
      text += value
      const blocks = text.split('\n\n')
      text = blocks.pop()!
      blocks.forEach(readEvent)
    }
  }
  read().catch((error: unknown) => {
    if (!abort.signal.aborted) end(`cut off: ${String(error)}`)
  })
  return () => abort.abort()
}

function readEvent(block: string): void {
  const fields: Record<string, string> = {}
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 1).replace(/^ /, '')
  }
  if (fields['data'] !== undefined) frame(fields['event'] ?? 'message', parsed(fields['data']), fields['id'] ?? '')
}

/** The native frames of the subprotocol restuary.1. */
function overWebSocket(uri: string): () => void {
  const socket = new WebSocket(`${baseOf().replace(/^http/, 'ws')}/`, 'restuary.1')
  let closed = false
  const subscribe = (): void => socket.send(JSON.stringify({ op: 'subscribe', id: 1, uri }))
  socket.addEventListener('open', () => {
    say('connected by WebSocket')
    if (page.token) socket.send(JSON.stringify({ op: 'auth', id: 0, token: page.token.replace(/^Bearer /i, '') }))
    subscribe()
  })
  socket.addEventListener('message', event => {
    const message = parsed(String(event.data)) as Record<string, unknown>
    const name = typeof message['op'] === 'string' ? message['op'] : 'error' in message ? 'refused' : 'answer'
    frame(name, message, typeof message['position'] === 'string' ? message['position'] : '')
  })
  socket.addEventListener('close', event => {
    if (!closed) end(`closed: ${event.code} ${event.reason}`)
  })
  return () => {
    closed = true
    socket.close()
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
