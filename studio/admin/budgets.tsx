import type { VNode } from 'preact'
import { askBudgets, type RateBudgets } from '../server/inner.ts'
import { TableHead } from '../ui/table-head.tsx'
import { usePolled } from '../ui/use-polled.ts'
import { countWords, durationWords } from '../ui/words.ts'

/** Who has spent how much of each rate limit, and when it is back. */
export function Budgets(): VNode | null {
  const { value } = usePolled(askBudgets, 1_000)
  if (!value) return null
  const { policies, budgets, isListed, at } = value
  if (policies.length === 0)
    return (
      <p class="muted">
        No rate limit is declared. Declare one with <code>{"api(…, { rateLimit: '100/60s' })"}</code>
      </p>
    )
  return (
    <>
      <h2>Rate limits</h2>
      {!isListed && <p class="muted">The place where budgets are kept does not list them.</p>}
      <div class="scroll box">
        <table class="budgets">
          <TableHead names={['Limit', 'Who', 'Spent', 'More in', 'Full in']} />
          <tbody>
            {policies.map(policy => {
              const spent = budgets.filter(one => one.policy === policy.name)
              const name = (
                <th scope="rowgroup" rowSpan={Math.max(1, spent.length)}>
                  <code>{policy.name}</code>{' '}
                  <span class="muted">
                    {countWords(policy.quota)} in {durationWords(policy.window / 1_000)}, {policy.by}
                    {policy.resources.length > 0 && ` (${policy.resources.join(', ')})`}
                  </span>
                </th>
              )
              if (spent.length === 0)
                return (
                  <tr key={policy.name}>
                    {name}
                    <td class="muted" colSpan={4}>
                      nothing is spent
                    </td>
                  </tr>
                )
              return spent.map((one, i) => (
                <tr key={`${one.policy} ${one.kind} ${one.account}`}>
                  {i === 0 && name}
                  <td dir="auto">{whoWords(one)}</td>
                  <td class="right">
                    {countWords(policy.quota - one.remaining)} of {countWords(policy.quota)}
                  </td>
                  <td class="right">{one.more === null ? '–' : durationWords(one.more)}</td>
                  <td class="right">{durationWords(Math.ceil((one.whole - at) / 1_000))}</td>
                </tr>
              ))
            })}
          </tbody>
        </table>
      </div>
      <h2>Limits of a request or connection</h2>
    </>
  )
}

function whoWords({ kind, account }: RateBudgets['budgets'][number]): string {
  if (kind === '') return 'everyone together'
  return kind === 'address' ? account || 'without an address' : `user ${account}`
}
