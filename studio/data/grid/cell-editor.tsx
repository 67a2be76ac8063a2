import type { VNode } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { table, type Id, type Row } from '../../server/client.ts'
import type { ResourceInfo } from '../../server/description.ts'
import type { FieldInfo } from '../../server/fields.ts'
import { complain } from '../../ui/toast.tsx'
import { FieldInput, textOf, valueOf } from '../row/field-input.tsx'

/** Changes one value where it stands. Enter writes it, Escape leaves it alone. */
export function CellEditor({
  resource,
  field,
  row,
  onDone,
}: {
  readonly resource: ResourceInfo
  readonly field: FieldInfo
  readonly row: Row
  readonly onDone: () => void
}): VNode {
  const [text, setText] = useState(() => textOf(field, row[field.name]))
  const isOver = useRef(false)
  const finish = (writes: boolean): void => {
    if (isOver.current) return
    isOver.current = true
    onDone()
    if (!writes || text === textOf(field, row[field.name])) return
    try {
      table(resource.name)
        .patch(row[resource.id] as Id, { [field.name]: valueOf(field, text) })
        .catch(complain)
    } catch (error) {
      complain(new Error(`${field.name} ${(error as Error).message}`))
    }
  }
  return (
    <span
      class="cell-editor"
      onKeyDown={event => {
        event.stopPropagation()
        if (event.key === 'Enter' && !event.shiftKey) finish(true)
        else if (event.key === 'Escape') finish(false)
        else return
        event.preventDefault()
      }}
      onFocusOut={() => finish(true)}
    >
      <FieldInput field={field} text={text} onText={setText} autofocus />
    </span>
  )
}
