import type { VNode } from 'preact'
import { askSessions, endSession, type ListedSession } from '../server/inner.ts'
import { Badge, Button, Empty } from '../ui/controls.tsx'
import { Who } from '../ui/who.tsx'
import { complain, say } from '../ui/toast.tsx'
import { usePolled } from '../ui/use-polled.ts'
import { agoWords, durationWords } from '../ui/words.ts'
import { TableHead } from '../ui/table-head.tsx'

/** Who is logged in. A session that is ended here is refused from its next request on, and its connections are closed. */
export function Sessions(): VNode {
  const { value: sessions, again } = usePolled(askSessions, 3_000)
  if (!sessions) return <p class="muted">Loading …</p>
  if (sessions.length === 0) return <Empty title="Nobody is logged in">A login begins a session.</Empty>
  const isScoped = sessions.some(({ scope }) => scope !== '')
  const end = ({ id, user, label }: ListedSession): void => {
    endSession(id).then(() => {
      say(`The session of ${label || user} is over`)
      again()
    }, complain)
  }
  return (
    <div class="scroll box" tabIndex={0} role="group" aria-label="Sessions">
      <table class="sessions">
        <TableHead
          names={['Who', ...(isScoped ? ['Scopes'] : []), 'Connected from', 'Refreshed', 'Ends in']}
          action="End"
        />
        <tbody>
          {sessions.map(one => (
            <tr key={one.id}>
              <th scope="row">
                <Who id={one.user} label={one.label} />
              </th>
              {isScoped && (
                <td>
                  {one.scope
                    .split(' ')
                    .filter(Boolean)
                    .map(word => (
                      <Badge key={word}>{word}</Badge>
                    ))}
                </td>
              )}
              <td>{one.connections.join(', ') || <span class="muted">–</span>}</td>
              <td class="muted" title={new Date(one.refreshed).toLocaleString()}>
                {agoWords(one.refreshed)}
              </td>
              <td class="muted">{durationWords((one.expires - Date.now()) / 1_000)}</td>
              <td class="right">
                <Button kind="danger" label={`End the session of ${one.label || one.user}`} onClick={() => end(one)}>
                  End
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
