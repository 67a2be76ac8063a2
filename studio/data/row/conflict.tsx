import type { VNode } from 'preact'
import type { Row } from '../../server/client.ts'
import { Button } from '../../ui/controls.tsx'
import { lineOf } from '../../ui/words.ts'
import { TableHead } from '../../ui/table-head.tsx'

/** Somebody else changed the row meanwhile: what it was, what it is, and what was to be written. */
export function Conflict({
  base,
  current,
  mine,
  onTheirs,
  onMine,
}: {
  readonly base: Row
  readonly current: Row
  readonly mine: Row
  readonly onTheirs: () => void
  readonly onMine: () => void
}): VNode {
  const differs = (name: string): boolean => JSON.stringify(base[name]) !== JSON.stringify(current[name])
  const names = [...new Set([...Object.keys(current).filter(differs), ...Object.keys(mine)])]
  return (
    <section class="conflict" aria-label="Conflict">
      <p class="notice warn" role="alert">
        Somebody changed this row while you did. Nothing was written.
      </p>
      <table>
        <TableHead names={['Field', 'Was', 'Is now', 'Yours']} />
        <tbody>
          {names.map(name => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{lineOf(base[name], 80)}</td>
              <td class={differs(name) ? 'theirs' : ''}>{lineOf(current[name], 80)}</td>
              <td class={name in mine ? 'mine' : 'muted'}>{name in mine ? lineOf(mine[name], 80) : '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div class="form-buttons">
        <Button onClick={onTheirs}>Take theirs</Button>
        <Button kind="primary" onClick={onMine}>
          Write mine over it
        </Button>
      </div>
    </section>
  )
}
