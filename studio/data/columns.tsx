import type { VNode } from 'preact'
import type { ResourceInfo } from '../server/description.ts'
import type { FieldInfo } from '../server/fields.ts'
import { route, setQuery } from '../shell/route.ts'
import { Icon } from '../shell/icons.tsx'

/** The columns named in the address of the page, else all that rows show. */
export function chosenColumns({ fields }: ResourceInfo, text: string | null): readonly FieldInfo[] {
  const shown = fields.filter(one => one.isShown)
  const names = text?.split(',')
  return names ? shown.filter(one => one.isId || names.includes(one.name)) : shown
}

/** Chooses columns. */
export function ColumnChooser({ resource }: { readonly resource: ResourceInfo }): VNode {
  const chosen = new Set(chosenColumns(resource, route.value.query.get('columns')).map(({ name }) => name))
  const shown = resource.fields.filter(one => one.isShown)
  const choose = (name: string): void => {
    const next = shown
      .filter(one => (one.name === name ? !chosen.has(name) : chosen.has(one.name)))
      .map(one => one.name)
    setQuery({ columns: next.length === shown.length ? null : next.join(',') }, true)
  }
  return (
    <details class="menu">
      <summary class="button quiet bare" aria-label="Columns" title="Columns">
        <Icon name="columns" />
      </summary>
      <div class="menu-items">
        {shown.map(field => (
          <label key={field.name}>
            <input
              type="checkbox"
              checked={chosen.has(field.name)}
              disabled={field.isId}
              onChange={() => choose(field.name)}
            />
            {field.name}
          </label>
        ))}
      </div>
    </details>
  )
}
