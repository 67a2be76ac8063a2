import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { send } from '../server/client.ts'
import { Empty } from '../ui/controls.tsx'
import { usePolled } from '../ui/use-polled.ts'
import { SearchBox } from '../ui/search-box.tsx'

interface Family {
  readonly name: string
  readonly help: string
  readonly samples: readonly { readonly labels: string; readonly value: string }[]
}

/** What `/metrics` tells Prometheus, as tables. */
export function Metrics(): VNode {
  const { value } = usePolled(readMetrics, 5_000)
  const [wanted, setWanted] = useState('')
  if (value === null) return <p class="muted">Loading …</p>
  if (typeof value === 'string') return <Empty title="No metrics">{value}</Empty>
  const found = value.filter(({ name, help }) => `${name} ${help}`.toLowerCase().includes(wanted.toLowerCase()))
  return (
    <>
      <div class="toolbar">
        <SearchBox label="Find a metric" text={wanted} onText={setWanted} />
      </div>
      {found.map(({ name, help, samples }) => (
        <details key={name} class="box metric" open={samples.length < 4}>
          <summary>
            <code>{name}</code> <span class="muted">{help}</span>
          </summary>
          <table>
            <tbody>
              {samples.map(({ labels, value: text }) => (
                <tr key={labels}>
                  <td>
                    <code>{labels}</code>
                  </td>
                  <td class="right">{text}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      ))}
    </>
  )
}

/** The metrics, or why there are none. */
async function readMetrics(): Promise<readonly Family[] | string> {
  const response = await send('GET', '/metrics', { headers: { accept: 'text/plain' } })
  if (!response.ok) return `/metrics answers ${response.status}: it is for others.`
  return familiesIn(await response.text())
}

/** Reads the text format of Prometheus. Of histograms the counts and sums are enough. */
function familiesIn(text: string): Family[] {
  return text
    .split(/^# HELP /m)
    .slice(1)
    .map(part => {
      const [head = '', ...lines] = part.split('\n')
      const [name = '', help = ''] = head.split(/ (.*)/)
      const samples = lines
        .filter(line => line !== '' && !line.startsWith('#') && !line.includes('_bucket{'))
        .map(line => {
          const at = line.lastIndexOf(' ')
          return { labels: line.slice(0, at).replace(name, '') || 'now', value: line.slice(at + 1) }
        })
      return { name, help, samples }
    })
    .filter(({ samples }) => samples.length > 0)
}
