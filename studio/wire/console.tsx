import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { token } from '../server/client.ts'
import { description } from '../server/description.ts'
import { keepFrame } from '../server/frames.ts'
import { recordedFetch, RecordedSocket } from '../server/recorded.ts'
import { base } from '../server/settings.ts'
import { Button } from '../ui/controls.tsx'
import { complain } from '../ui/toast.tsx'

type DialectName = 'restuary.1' | 'envelope' | 'socketio' | 'sse'

interface Sample {
  readonly title: string
  readonly text: string
}

interface Dialect {
  readonly name: DialectName
  readonly title: string
  /** Messages to begin with, for a resource. */
  readonly samples: (name: string, path: string) => readonly Sample[]
}

const dialects: readonly Dialect[] = [
  {
    name: 'restuary.1',
    title: 'restuary.1',
    samples: (_, path) => [
      { title: 'subscribe', text: `{"id":1,"op":"subscribe","uri":"${path}?limit=10"}` },
      { title: 'list', text: `{"id":2,"op":"list","uri":"${path}","params":{"limit":2}}` },
      { title: 'patch', text: `{"id":3,"op":"patch","uri":"${path}/1","data":{}}` },
      { title: 'unsubscribe', text: '{"id":4,"op":"unsubscribe","sub":1}' },
      { title: 'ping', text: '{"id":5,"op":"ping"}' },
    ],
  },
  {
    name: 'envelope',
    title: 'channels-api envelope',
    samples: name => [
      { title: 'list', text: `{"stream":"${name}","payload":{"action":"list","request_id":"1","data":{}}}` },
      { title: 'retrieve', text: `{"stream":"${name}","payload":{"action":"retrieve","pk":1,"request_id":"2"}}` },
      {
        title: 'subscribe',
        text: `{"stream":"${name}","payload":{"action":"subscribe","data":{"action":"update"},"request_id":"3"}}`,
      },
    ],
  },
  {
    name: 'socketio',
    title: 'Socket.IO',
    samples: (_, path) => [
      { title: 'subscribe', text: `42["subscribe","${path}"]` },
      { title: 'patch', text: `42["patch",{"uri":"${path}/1","patch":{}}]` },
      { title: 'unsubscribe', text: `42["unsubscribe","${path}"]` },
    ],
  },
  { name: 'sse', title: 'Server-Sent Events', samples: (_, path) => [{ title: 'follow', text: `${path}?limit=10` }] },
]

/** A connection of its own in any dialect, and messages to send on it. Its frames are in the list below. */
export function Console(): VNode {
  const { resources } = description.value!
  const [name, setName] = useState<DialectName>('restuary.1')
  const dialect = dialects.find(one => one.name === name)!
  const first = resources[0]
  const samples = first ? dialect.samples(first.name, first.path) : []
  const [text, setText] = useState(samples[0]?.text ?? '')
  const [isOpen, setOpen] = useState(false)
  const connection = useRef<Connection | null>(null)
  const close = (): void => {
    connection.current?.close()
    connection.current = null
    setOpen(false)
  }
  useEffect(() => close, [])
  const send = async (): Promise<void> => {
    connection.current ??= await connect(name, () => {
      connection.current = null
      setOpen(false)
    })
    setOpen(true)
    connection.current.send(text)
  }
  const choose = (next: DialectName): void => {
    close()
    setName(next)
    const [sample] = first ? dialects.find(one => one.name === next)!.samples(first.name, first.path) : []
    setText(sample?.text ?? '')
  }
  return (
    <form
      class="toolbar send"
      aria-label="Console"
      onSubmit={event => {
        event.preventDefault()
        send().catch((error: unknown) => {
          close()
          complain(error)
        })
      }}
    >
      <select aria-label="Dialect" value={name} onChange={event => choose(event.currentTarget.value as DialectName)}>
        {dialects.map(one => (
          <option key={one.name} value={one.name}>
            {one.title}
          </option>
        ))}
      </select>
      <select
        aria-label="Sample"
        value=""
        onChange={event => {
          const chosen = samples[Number(event.currentTarget.value)]
          if (chosen) setText(chosen.text)
          event.currentTarget.value = ''
        }}
      >
        <option value="">Samples</option>
        {samples.map((one, i) => (
          <option key={one.title} value={i}>
            {one.title}
          </option>
        ))}
      </select>
      <input
        class="code"
        aria-label="Message to send"
        spellcheck={false}
        value={text}
        onInput={event => setText(event.currentTarget.value)}
      />
      <Button type="submit" kind="primary">
        Send
      </Button>
      {isOpen && (
        <Button icon="close" kind="quiet" onClick={close}>
          Disconnect
        </Button>
      )}
    </form>
  )
}

/** A connection on which texts can be sent. */
interface Connection {
  send(text: string): void
  close(): void
}

async function connect(name: DialectName, onEnd: () => void): Promise<Connection> {
  if (name === 'sse') return streams(onEnd)
  const url = base.replace(/^http/, 'ws')
  const query = name === 'socketio' ? '/socket.io/?EIO=4&transport=websocket' : ''
  const socket = new RecordedSocket(url + query, name === 'restuary.1' ? 'restuary.1' : [])
  const held = token()
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('close', () => reject(new Error(`The server does not speak ${name} here`)), { once: true })
    if (name !== 'socketio') return socket.addEventListener('open', () => resolve(), { once: true })
    // The handshake of Socket.IO, and the answer to its pings (protocol 5 over Engine.IO 4).
    socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
      if (data.startsWith('0')) socket.send(`40${held ? JSON.stringify({ token: held }) : ''}`)
      else if (data.startsWith('40')) resolve()
      else if (data.startsWith('44')) reject(new Error(data.slice(2)))
      else if (data === '2') socket.send('3')
    })
  })
  socket.addEventListener('close', onEnd)
  if (name === 'restuary.1' && held) socket.send(JSON.stringify({ op: 'auth', id: 'auth', token: held }))
  return socket
}

/** Follows URIs as streams, one at a time. */
function streams(onEnd: () => void): Connection {
  let aborting = new AbortController()
  let n = 0
  const follow = async (path: string, { signal }: AbortController): Promise<void> => {
    const of = ++n
    const held = token()
    const response = await recordedFetch(base + path, {
      signal,
      headers: { accept: 'text/event-stream', ...(held && { authorization: `Bearer ${held}` }) },
    })
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let waiting = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return onEnd()
      const events = (waiting + value).split('\n\n')
      waiting = events.pop()!
      for (const text of events) {
        const head = /^event: (.*)$/m.exec(text)?.[1] ?? 'event'
        keepFrame({ carrier: 'sse', direction: 'in', of, head, text })
      }
    }
  }
  return {
    send(path) {
      aborting.abort()
      aborting = new AbortController()
      follow(path, aborting).catch((error: unknown) => {
        if ((error as Error).name !== 'AbortError') complain(error)
      })
    },
    close: () => aborting.abort(),
  }
}
