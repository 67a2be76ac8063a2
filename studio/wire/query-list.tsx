import type { VNode } from 'preact'
import { askSubscriptions } from '../server/inner.ts'
import { Badge, Empty } from '../ui/controls.tsx'
import { TableHead } from '../ui/table-head.tsx'
import { usePolled } from '../ui/use-polled.ts'

const upkeepWords: Readonly<Record<string, string>> = {
  rows: 'A changed row alone shows what it means.',
  maintained: 'Maintained from what commits change; no query runs again.',
  requeried: 'The query runs again after commits that may affect it.',
}

/** All queries that somebody follows, and what each costs. */
export function QueryList(): VNode {
  const { value: queries } = usePolled(askSubscriptions, 2_000)
  if (!queries) return <p class="muted">Loading …</p>
  if (queries.length === 0)
    return <Empty title="Nobody follows anything">Open a table in another window, and its queries appear here.</Empty>
  return (
    <div class="scroll">
      <table class="queries">
        <TableHead names={['Resource', 'Query', 'Followers', 'Upkeep', 'Found by', 'Cost']} />
        <tbody>
          {queries.map((one, i) => (
            <tr key={i}>
              <th scope="row">{one.resource}</th>
              <td>
                <code>{one.query || 'all rows'}</code>
                {one.limit !== null && <span class="muted"> limit {one.limit}</span>}
              </td>
              <td class="right">{one.subscriptions}</td>
              <td title={one.reason ?? upkeepWords[one.upkeep]}>
                <Badge tone={one.upkeep === 'requeried' ? 'warn' : 'good'}>{one.upkeep}</Badge>
              </td>
              <td>
                <code>{one.foundBy.join(', ') || 'every change'}</code>
              </td>
              <td class="right">{one.cost === null ? '–' : `${one.cost.toFixed(2)} ms`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
