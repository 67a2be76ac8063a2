import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { api } from '../server/client.ts'
import { clearFrames, frames, framesVersion, type WireFrame } from '../server/frames.ts'
import { cutConnections } from '../server/recorded.ts'
import { Badge, Button } from '../ui/controls.tsx'
import { byteWords, lineOf } from '../ui/words.ts'
import { Console } from './console.tsx'
import { FrameDetail } from './frame-detail.tsx'
import { SearchBox } from '../ui/search-box.tsx'

/** How many frames are listed. */
const LISTED = 300

/** Every frame of this page's own connections, the newest first. */
export function FrameList(): VNode {
  const [wanted, setWanted] = useState('')
  const [carrier, setCarrier] = useState<'all' | WireFrame['carrier']>('all')
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
      <Console />
      <div class="toolbar">
        <SearchBox label="Search frames" text={wanted} onText={setWanted} />
        <select
          aria-label="Carrier"
          value={carrier}
          onChange={event => setCarrier(event.currentTarget.value as typeof carrier)}
        >
          <option value="all">All carriers</option>
          <option value="ws">WebSocket</option>
          <option value="http">HTTP</option>
          <option value="sse">Server-Sent Events</option>
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
                <Badge tone={one.carrier === 'http' ? 'plain' : 'accent'}>{one.carrier}</Badge>
                <b>{one.head}</b>
                <Position text={one.text} />
                <span class="frame-text">{lineOf(one.text, 160)}</span>
                {one.took !== null && <span class="took">{one.took.toFixed(one.took < 10 ? 1 : 0)} ms</span>}
                <span class="muted">{byteWords(one.text.length)}</span>
              </button>
            </li>
          ))}
        </ol>
        {chosen && <FrameDetail frame={chosen} onClose={() => setChosen(null)} />}
      </div>
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
