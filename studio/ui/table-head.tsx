import type { VNode } from 'preact'

/** The names of columns. `action` names a last column of buttons, for screen readers only. */
export function TableHead({ names, action }: { readonly names: readonly string[]; readonly action?: string }): VNode {
  return (
    <thead>
      <tr>
        {names.map(name => (
          <th key={name} scope="col">
            {name}
          </th>
        ))}
        {action && (
          <th scope="col">
            <span class="hidden-text">{action}</span>
          </th>
        )}
      </tr>
    </thead>
  )
}
