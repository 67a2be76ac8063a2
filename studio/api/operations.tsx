import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { description } from '../server/description.ts'
import type { OperationInfo } from '../server/fields.ts'
import { settings } from '../server/settings.ts'
import { route, to } from '../shell/route.ts'
import { Badge, Empty } from '../ui/controls.tsx'
import { RequestForm } from './request-form.tsx'
import { SearchBox } from '../ui/search-box.tsx'

/** Every operation of the API, to read about and to try. */
export function Operations(): VNode {
  const { operations, document } = description.value!
  const [wanted, setWanted] = useState('')
  const tag = route.value.path[1] ?? null
  const fits = ({ path, method, summary }: OperationInfo): boolean =>
    `${method} ${path} ${summary}`.toLowerCase().includes(wanted.toLowerCase())
  const tags = [...new Set(operations.map(one => one.tag))]
  const shownTags = tag !== null && tags.includes(tag) && wanted === '' ? [tag] : tags
  return (
    <div class="page operations">
      <header class="page-head">
        <h1>Operations</h1>
        <span class="space" />
        <SearchBox label="Search operations" text={wanted} onText={setWanted} />
        {settings.docs && (
          <a class="button quiet" href={settings.docs}>
            The plain reference
          </a>
        )}
      </header>
      <nav class="tag-list" aria-label="Groups of operations">
        <a href={to(['operations'])} aria-current={tag === null ? 'page' : undefined}>
          All
        </a>
        {tags.map(one => (
          <a key={one} href={to(['operations', one])} aria-current={one === tag ? 'page' : undefined}>
            {one}
          </a>
        ))}
      </nav>
      {shownTags.map(one => {
        const some = operations.filter(each => each.tag === one && fits(each))
        const direct = some.filter(({ operation }) => operation['x-through'] === undefined)
        const through = some.filter(({ operation }) => operation['x-through'] !== undefined)
        if (some.length === 0) return null
        return (
          <section key={one}>
            <h2>{one}</h2>
            {direct.map(each => (
              <Operation key={`${each.method} ${each.path}`} info={each} />
            ))}
            {through.length > 0 && (
              <details class="through" open={wanted !== ''}>
                <summary>Through relations ({through.length})</summary>
                {through.map(each => (
                  <Operation key={`${each.method} ${each.path}`} info={each} />
                ))}
              </details>
            )}
          </section>
        )
      })}
      {operations.every(one => !fits(one)) && (
        <Empty title={`Nothing about “${wanted}”`}>{String(document['info']?.title ?? '')}</Empty>
      )}
    </div>
  )
}

function Operation({ info }: { readonly info: OperationInfo }): VNode {
  const [isOpen, setOpen] = useState(false)
  const { method, path, summary, operation } = info
  const security = (operation['security'] ?? []) as readonly object[]
  const isLocked = security.length > 0 && !security.some(one => Object.keys(one).length === 0)
  return (
    <details class="operation" open={isOpen} onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>
        <Badge tone={`method ${method.toLowerCase()}`}>{method}</Badge>
        <code>{path}</code>
        <span class="muted">{summary}</span>
        {isLocked && <Badge>log in</Badge>}
      </summary>
      {isOpen && <RequestForm info={info} />}
    </details>
  )
}
