import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { InnerModel } from '../server/inner.ts'
import { Badge } from '../ui/controls.tsx'
import { Budgets } from './budgets.tsx'
import { countWords } from '../ui/words.ts'
import { SearchBox } from '../ui/search-box.tsx'

/** What a single request or connection may ask for. */
export function Limits({ model: { limits, defaultLimits } }: { readonly model: InnerModel }): VNode {
  const [wanted, setWanted] = useState('')
  const found = Object.entries(limits).filter(([name]) => name.toLowerCase().includes(wanted.toLowerCase()))
  return (
    <>
      <Budgets />
      <div class="toolbar">
        <SearchBox label="Find a limit" text={wanted} onText={setWanted} />
        <span class="muted">
          Set others with <code>{'api(…, { limits: { body: 5_000_000 } })'}</code>
        </span>
      </div>
      <div class="scroll box">
        <table>
          <thead>
            <tr>
              <th scope="col">Limit</th>
              <th scope="col" class="right">
                Value
              </th>
              <th scope="col" class="right">
                Default
              </th>
            </tr>
          </thead>
          <tbody>
            {found.map(([name, value]) => (
              <tr key={name}>
                <th scope="row">
                  <code>{name}</code> {value !== defaultLimits[name] && <Badge tone="warn">changed</Badge>}
                </th>
                <td class="right">{countWords(value)}</td>
                <td class="right muted">{countWords(defaultLimits[name] ?? value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}
