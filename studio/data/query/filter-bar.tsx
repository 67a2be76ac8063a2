import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { FieldInfo } from '../../server/fields.ts'
import { Button } from '../../ui/controls.tsx'
import { operatorsOf, operatorWords, type Condition } from './conditions.ts'
import { FieldInput } from '../row/field-input.tsx'

/** The conditions of a table: those there are, and a form for one more. */
export function FilterBar({
  fields,
  conditions,
  problem,
  onChange,
}: {
  readonly fields: readonly FieldInfo[]
  readonly conditions: readonly Condition[]
  readonly problem: string | null
  readonly onChange: (conditions: readonly Condition[]) => void
}): VNode {
  const [isOpen, setOpen] = useState(false)
  const usable = fields.filter(one => operatorsOf(one).length > 0)
  return (
    <div class="filter-bar">
      {conditions.map((one, i) => (
        <span key={`${one.field} ${one.operator} ${one.text}`} class="chip">
          <b>{one.field}</b> {operatorWords[one.operator] ?? one.operator}{' '}
          {one.operator === 'null' && one.text !== 'false' ? '' : <em dir="auto">{one.text}</em>}
          <Button
            icon="close"
            kind="quiet"
            label={`Remove the condition on ${one.field}`}
            onClick={() => onChange(conditions.toSpliced(i, 1))}
          />
        </span>
      ))}
      {isOpen ? (
        <ConditionForm
          fields={usable}
          onAdd={one => {
            setOpen(false)
            onChange([...conditions, one])
          }}
          onCancel={() => setOpen(false)}
        />
      ) : (
        usable.length > 0 && (
          <Button icon="filter" kind="quiet" onClick={() => setOpen(true)}>
            Filter
          </Button>
        )
      )}
      {problem && (
        <span class="bad" role="alert">
          {problem}
        </span>
      )}
    </div>
  )
}

function ConditionForm({
  fields,
  onAdd,
  onCancel,
}: {
  readonly fields: readonly FieldInfo[]
  readonly onAdd: (condition: Condition) => void
  readonly onCancel: () => void
}): VNode {
  const [name, setName] = useState((fields.find(one => !one.isId) ?? fields[0]!).name)
  const field = fields.find(one => one.name === name)!
  const operators = operatorsOf(field)
  const [chosen, setChosen] = useState('')
  const fitting = field.kind === 'text' && operators.includes('icontains') ? 'icontains' : operators[0]!
  const operator = operators.includes(chosen) ? chosen : fitting
  const [text, setText] = useState('')
  return (
    <form
      class="condition"
      onSubmit={event => {
        event.preventDefault()
        onAdd({ field: name, operator, text: operator === 'null' ? text || 'true' : text })
      }}
      onKeyDown={event => {
        if (event.key === 'Escape') onCancel()
      }}
    >
      <select aria-label="Field" value={name} onChange={event => setName(event.currentTarget.value)}>
        {fields.map(one => (
          <option key={one.name} value={one.name}>
            {one.name}
          </option>
        ))}
      </select>
      <select aria-label="Operator" value={operator} onChange={event => setChosen(event.currentTarget.value)}>
        {operators.map(one => (
          <option key={one} value={one}>
            {operatorWords[one]}
          </option>
        ))}
      </select>
      {operator === 'null' ? (
        <select aria-label="Value" value={text || 'true'} onChange={event => setText(event.currentTarget.value)}>
          <option value="true">yes</option>
          <option value="false">no</option>
        </select>
      ) : operator === 'in' ? (
        <input
          aria-label="Value"
          placeholder="a, b, c"
          value={text}
          onInput={event => setText(event.currentTarget.value)}
        />
      ) : (
        <FieldInput
          key={`${name} ${operator}`}
          field={{ ...field, name: 'Value', nullable: false }}
          text={text}
          onText={setText}
          autofocus
        />
      )}
      <Button kind="primary" type="submit">
        Add
      </Button>
      <Button icon="close" kind="quiet" label="Leave the filter as it is" onClick={onCancel} />
    </form>
  )
}
