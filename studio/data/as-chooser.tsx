import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { inner } from '../server/inner.ts'
import { route, setQuery } from '../shell/route.ts'
import { Icon } from '../shell/icons.tsx'

/** Chooses a user. The rows that this user may not see are grey then, and say why. */
export function AsChooser(): VNode | null {
  const as = route.value.query.get('as') ?? ''
  const [text, setText] = useState(as)
  if (!inner.value?.may.lookAs) return null
  return (
    <form
      class={`as-chooser${as === '' ? '' : ' chosen'}`}
      onSubmit={event => {
        event.preventDefault()
        setQuery({ as: text.trim() || null })
      }}
    >
      <Icon name="lock" />
      <input
        aria-label={`Show what a ${inner.value.users} may see, by its id`}
        title={`The id of a ${inner.value.users}, or nobody: rows that it may not see are grey`}
        placeholder="as user"
        value={text}
        onInput={event => setText(event.currentTarget.value)}
        onBlur={() => setQuery({ as: text.trim() || null })}
      />
    </form>
  )
}
