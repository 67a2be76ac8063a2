import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { askSubscriptions, type SubscribedQuery } from '../server/inner.ts'
import { Badge, Empty } from '../ui/controls.tsx'

const upkeepWords: Readonly<Record<string, string>> = {
  rows: 'A changed row alone shows what it means.',
  maintained: 'Maintained from what commits change; no query runs again.',
  requeried: 'The query runs again after commits that may affect it.',
}

/** All queries that somebody follows, and what each costs. */
export function QueryList(): VNode {
  const [queries, setQueries] = useState<readonly SubscribedQuery[] | null>(null)
  useEffect(() => {
    const look = (): void => void askSubscriptions().then(setQueries, () => {})
    look()
    const timer = setInterval(look, 2_000)
    return () => clearInterval(timer)
  }, [])
  if (!queries) return <p class="muted">Loading …</p>
  if (queries.length === 0)
    return <Empty title="Nobody follows anything">Open a table in another window, and its queries appear here.</Empty>
  return (
    <div class="scroll">
      <table class="queries">
        <thead>
          <tr>
            <th scope="col">Resource</th>
            <th scope="col">Query</th>
            <th scope="col">Followers</th>
            <th scope="col">Upkeep</th>
            <th scope="col">Found by</th>
            <th scope="col">Cost</th>
          </tr>
        </thead>
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
