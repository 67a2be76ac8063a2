import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { AccessTab } from '../data/row/access-tab.tsx'
import type { Id } from '../server/client.ts'
import { description, type ResourceInfo } from '../server/description.ts'
import { idOf } from '../server/ids.ts'
import { inner } from '../server/inner.ts'
import { route, to } from '../shell/route.ts'
import { Button, Empty } from '../ui/controls.tsx'
import { Rule } from './rule.tsx'
import { RoleMatrix } from './role-matrix.tsx'

/** Who may do what: the rules of a resource in words, what they mean for users, and why one of them may not. */
export function AccessPage(): VNode {
  const { resources } = description.value!
  const resource = resources.find(one => one.name === route.value.path[1]) ?? resources[0]
  if (!inner.value || !resource)
    return (
      <div class="page">
        <header class="page-head">
          <h1>Access</h1>
        </header>
        <Empty title="This is not for you">A rule of the studio decides who sees the rules of the API.</Empty>
      </div>
    )
  const known = inner.value.resources.find(({ name }) => name === resource.name)
  return (
    <div class="page access-page">
      <header class="page-head">
        <h1>Access</h1>
      </header>
      <nav class="tag-list" aria-label="Resources">
        {resources.map(({ name }) => (
          <a key={name} href={to(['access', name])} aria-current={name === resource.name ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <h2>The rules of {resource.name}</h2>
      <dl class="rules box">
        {Object.entries(known?.rules ?? {}).map(([operation, rule]) => (
          <div key={operation}>
            <dt>{operation}</dt>
            <dd>
              <Rule text={rule} />
            </dd>
          </div>
        ))}
        {Object.entries(known?.fieldRules ?? {}).flatMap(([field, of]) =>
          Object.entries(of).map(([operation, rule]) => (
            <div key={`${field} ${operation}`}>
              <dt>
                {operation} {field}
              </dt>
              <dd>
                <Rule text={rule} />
              </dd>
            </div>
          )),
        )}
      </dl>
      {inner.value.may.lookAs && (
        <>
          <h2>On how many rows</h2>
          <RoleMatrix key={resource.name} resource={resource} />
        </>
      )}
      <WhyNot key={resource.name} resource={resource} />
    </div>
  )
}

/** Asks for a row, and explains what somebody may do with it. */
function WhyNot({ resource }: { readonly resource: ResourceInfo }): VNode {
  const [text, setText] = useState('')
  const [asked, setAsked] = useState<Id | null>(null)
  return (
    <>
      <h2>Why not?</h2>
      <form
        class="toolbar"
        onSubmit={event => {
          event.preventDefault()
          setAsked(idOf(text.trim()))
        }}
      >
        <input
          aria-label={`Id of a ${resource.name}`}
          placeholder={`id of a ${resource.name}`}
          value={text}
          onInput={event => setText(event.currentTarget.value)}
        />
        <Button type="submit" disabled={text.trim() === ''}>
          Explain
        </Button>
      </form>
      {asked !== null && <AccessTab key={String(asked)} resource={resource} id={asked} />}
    </>
  )
}
