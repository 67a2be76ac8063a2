import type { VNode } from 'preact'
import type { WireFrame } from '../server/frames.ts'
import { replay } from '../server/replay.ts'
import { base } from '../server/settings.ts'
import { Button } from '../ui/controls.tsx'
import { copyText, JsonView } from '../ui/json.tsx'
import { complain, say } from '../ui/toast.tsx'

/** A frame with what can be done with it: sent again, or taken along as a command or as code. */
export function FrameDetail({ frame, onClose }: { readonly frame: WireFrame; readonly onClose: () => void }): VNode {
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
        {canReplay(frame) && (
          <Button kind="quiet" icon="play" onClick={() => void replay(frame).then(() => say('Sent again'), complain)}>
            Send again
          </Button>
        )}
        {commandsOf(frame).map(([title, text]) => (
          <Button key={title} kind="quiet" label={`Copy as ${title}`} onClick={() => copied(text)}>
            {title}
          </Button>
        ))}
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

/** Whether a frame is something that this page said, and could say again. */
const canReplay = ({ carrier, direction, head, text }: WireFrame): boolean =>
  direction === 'out' && (carrier === 'http' ? text !== '(bytes)' : head !== 'open')

/** The frame as others would send it. Tokens are left out, so that it can be passed on. */
function commandsOf({ carrier, direction, head, text }: WireFrame): [string, string][] {
  if (direction === 'in' || head === 'open') return []
  if (carrier === 'ws') {
    if (!text.startsWith('{"')) return []
    const socket = base.replace(/^http/, 'ws')
    return [
      ['wscat', `wscat -c ${quoted(socket)} -s restuary.1 -x ${quoted(text)}`],
      ['client', clientCode(text)],
    ].filter((one): one is [string, string] => one[1] !== '')
  }
  const [method = 'GET', path = ''] = head.split(/ (.*)/)
  const hasBody = text !== '' && text !== '(bytes)'
  const url = new URL(path, base).href
  const body = hasBody ? ` -H 'content-type: application/json' -d ${quoted(text)}` : ''
  const own = path.slice(new URL(base).pathname.replace(/\/$/, '').length)
  return [
    ['curl', `curl -g ${method === 'GET' ? '' : `-X ${method} `}${quoted(url)}${body}`],
    ['client', `await api.$request('${method}', ${JSON.stringify(own)}${hasBody ? `, { data: ${text} }` : ''})`],
  ]
}

const methods: Readonly<Record<string, string>> = {
  list: 'GET',
  get: 'GET',
  create: 'POST',
  replace: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
}

/** What a message of restuary.1 is with the client; empty if it has no name there. */
function clientCode(text: string): string {
  const { op, uri, data, params } = JSON.parse(text) as Record<string, unknown>
  const given = params ? JSON.stringify(params) : ''
  if (op === 'subscribe') {
    const name = String(uri).split(/[/?]/)[1] ?? ''
    return `api[${JSON.stringify(name)}].live(${given}).subscribe(({ rows }) => console.log(rows))`
  }
  const method = methods[String(op)]
  if (method === undefined) return ''
  return `await api.$request('${method}', ${JSON.stringify(uri)}${data === undefined ? '' : `, { data: ${JSON.stringify(data)} }`})`
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
