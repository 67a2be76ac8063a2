import type { VNode } from 'preact'
import { description } from '../server/description.ts'
import { route, to } from '../shell/route.ts'
import { Empty, Tabs } from '../ui/controls.tsx'
import { Diagram } from './diagram.tsx'
import { FieldList } from './field-list.tsx'

type View = 'diagram' | 'fields'

/** The model of the API: drawn, or in words. */
export function ModelPage(): VNode {
  const view: View = route.value.path[1] === 'fields' ? 'fields' : 'diagram'
  return (
    <div class={view === 'diagram' ? 'page diagram-page' : 'page'}>
      <header class="page-head">
        <h1>Model</h1>
        <span class="space" />
        <Tabs<View>
          label="How it is shown"
          all={[
            { name: 'diagram', title: 'Diagram' },
            { name: 'fields', title: 'Fields' },
          ]}
          chosen={view}
          onChoose={name => (location.hash = to(name === 'fields' ? ['model', name] : ['model']))}
        />
      </header>
      {description.value!.resources.length === 0 ? (
        <Empty title="No resources">Declare one, and it appears here.</Empty>
      ) : view === 'diagram' ? (
        <Diagram />
      ) : (
        <FieldList />
      )}
    </div>
  )
}
