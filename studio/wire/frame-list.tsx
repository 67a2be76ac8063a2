import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { api } from '../server/client.ts'
import { clearFrames, frames, framesVersion, type WireFrame } from '../server/frames.ts'
import { cutConnections, sendOnSocket } from '../server/recorded.ts'
import { base } from '../server/settings.ts'
import { Badge, Button } from '../ui/controls.tsx'
import { copyText, JsonView } from '../ui/json.tsx'
import { say } from '../ui/toast.tsx'
import { byteWords, lineOf } from '../ui/words.ts'

/** How many frames are listed. */
const LISTED = 300

/** Every frame of this page's own connections, the newest first. */
export function FrameList(): VNode {
  const [wanted, setWanted] = useState('')
  const [carrier, setCarrier] = useState<'all' | 'ws' | 'http'>('all')
  const [held, setHeld] = useState<readonly WireFrame[] | null>(null)
  const [chosen, setChosen] = useState<WireFrame | null>(null)
  void framesVersion.value
  const all = held ?? frames()
  const found: WireFrame[] = []
  for (let i = all.length - 1; i >= 0 && found.length < LISTED; i--) {
    const one = all[i]!
    if (carrier !== 'all' && one.carrier !== carrier) continue
    if (wanted !== '' && !`${one.head} ${one.text}`.toLowerCase().includes(wanted.toLowerCase())) continue
    found.push(one)
  }
  return (
    <>
      <div class="toolbar">
        <input
          type="search"
          placeholder="Search frames"
          aria-label="Search frames"
          value={wanted}
          onInput={event => setWanted(event.currentTarget.value)}
        />
        <select
          aria-label="Carrier"
          value={carrier}
          onChange={event => setCarrier(event.currentTarget.value as typeof carrier)}
        >
          <option value="all">WebSocket and HTTP</option>
          <option value="ws">WebSocket</option>
          <option value="http">HTTP</option>
        </select>
        <Button
          icon={held ? 'play' : 'pause'}
          pressed={held !== null}
          onClick={() => setHeld(held ? null : [...frames()])}
        >
          {held ? 'Go on' : 'Pause'}
        </Button>
        <Button icon="trash" kind="quiet" onClick={clearFrames}>
          Clear
        </Button>
        <span class="space" />
        <ConnectionState />
        <Button icon="cut" kind="danger" onClick={() => cutConnections(3_000)}>
          Cut for 3 s
        </Button>
      </div>
      <div class="frames-view">
        <ol class="frames" aria-label="Frames">
          {found.map(one => (
            <li key={one.n}>
              <button
                type="button"
                class={`frame ${one.direction}${chosen?.n === one.n ? ' here' : ''}`}
                aria-current={chosen?.n === one.n}
                onClick={() => setChosen(one)}
              >
                <span class="arrow" title={one.direction === 'out' ? 'sent' : 'received'}>
                  {one.direction === 'out' ? '↑' : '↓'}
                </span>
                <span class="muted when">{(one.at / 1_000).toFixed(3)}</span>
                <Badge tone={one.carrier === 'ws' ? 'accent' : 'plain'}>{one.carrier}</Badge>
                <b>{one.head}</b>
                <Position text={one.text} />
                <span class="frame-text">{lineOf(one.text, 160)}</span>
                <span class="muted">{byteWords(one.text.length)}</span>
              </button>
            </li>
          ))}
        </ol>
        {chosen && <FrameDetail frame={chosen} onClose={() => setChosen(null)} />}
      </div>
      <SendForm />
    </>
  )
}

function ConnectionState(): VNode {
  const [state, setState] = useState(api.value.$status.state)
  useEffect(() => api.value.$status.subscribe(setState), [api.value])
  return <span class={`connection ${state.connection}`}>{state.connection}</span>
}

/** The position that a frame carries. Only its beginning and its end are looked at. */
function Position({ text }: { readonly text: string }): VNode | null {
  const found = /"position":"([^"]+)"/.exec(text.length > 4_000 ? text.slice(0, 2_000) + text.slice(-2_000) : text)
  return found ? <code class="muted">{found[1]}</code> : null
}

function FrameDetail({ frame, onClose }: { readonly frame: WireFrame; readonly onClose: () => void }): VNode {
  const copied = (text: string): void => void copyText(text).then(() => say('Copied'))
  let parsed: unknown
  try {
    parsed = JSON.parse(frame.text)
  } catch {
    parsed = frame.text
  }
  return (
    <aside class="frame-detail" aria-label="The frame">
      <div class="toolbar">
        <b>{frame.head}</b>
        <span class="muted">
          {frame.direction === 'out' ? 'sent' : 'received'} on {frame.carrier} {frame.of}
        </span>
        <span class="space" />
        {frame.carrier === 'ws' && frame.direction === 'out' && frame.text.startsWith('{') && (
          <>
            <Button
              kind="quiet"
              onClick={() => (sendOnSocket(frame.text) ? say('Sent again') : say('There is no open connection', true))}
            >
              Send again
            </Button>
            <Button kind="quiet" onClick={() => copied(wscatOf(frame.text))}>
              wscat
            </Button>
          </>
        )}
        {frame.carrier === 'http' && frame.direction === 'out' && (
          <Button kind="quiet" onClick={() => copied(curlOf(frame))}>
            curl
          </Button>
        )}
        <Button icon="copy" kind="quiet" label="Copy" onClick={() => copied(frame.text)} />
        <Button icon="close" kind="quiet" label="Close the frame" onClick={onClose} />
      </div>
      {typeof parsed === 'string' ? (
        <pre class="code" tabIndex={0}>
          {parsed.slice(0, 100_000)}
        </pre>
      ) : (
        <JsonView value={parsed} />
      )}
    </aside>
  )
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
const wscatOf = (text: string): string =>
  `wscat -c ${quoted(base.replace(/^http/, 'ws'))} -s restuary.1 -x ${quoted(text)}`

function curlOf({ head, text }: WireFrame): string {
  const [method = 'GET', path = ''] = head.split(/ (.*)/)
  const body = text && text !== '(bytes)' ? ` -H 'content-type: application/json' -d ${quoted(text)}` : ''
  return `curl -g ${method === 'GET' ? '' : `-X ${method} `}${quoted(new URL(path, base).href)}${body}`
}

/** Sends any message on the connection of this page. */
function SendForm(): VNode {
  const [text, setText] = useState('{"op":"ping","id":"studio"}')
  return (
    <form
      class="toolbar send"
      onSubmit={event => {
        event.preventDefault()
        if (!sendOnSocket(text)) say('There is no open connection: open a table first', true)
      }}
    >
      <input
        class="code"
        aria-label="Message to send"
        spellcheck={false}
        value={text}
        onInput={event => setText(event.currentTarget.value)}
      />
      <Button type="submit">Send</Button>
    </form>
  )
}
