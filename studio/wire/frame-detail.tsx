import type { VNode } from 'preact'
import type { WireFrame } from '../server/frames.ts'
import { replay } from '../server/replay.ts'
import { Button } from '../ui/controls.tsx'
import { copyText, JsonView } from '../ui/json.tsx'
import { complain, say } from '../ui/toast.tsx'
import { commandsOf } from './frame-commands.ts'

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
